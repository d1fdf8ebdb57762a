"""Experiments about the instrument itself: they read clocks and take minutes."""

import os
import sys
from pathlib import Path

PACKAGES = str(Path(__file__).parents[1] / "workflow")
sys.path.insert(0, PACKAGES)
os.environ["PYTHONPATH"] = PACKAGES  # for the commands that a benchmark starts
