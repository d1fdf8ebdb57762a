"""Starts a measured process, watches it, and outlives whatever becomes of it."""

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.records.trial import Supervised, TrialHealth
from threads_or_processes.trial.measured.probe_client import WORDS, Answer
from threads_or_processes.trial.measured.probe_client import WORDS, ProbeReading
