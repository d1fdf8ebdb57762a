"""A copy of this project whose programs find on Linux only what macOS has too, as far as they ask.

A stand-in: no Mac was available. The operating system below, the standard library, Snakemake and
the other libraries stay those of Linux.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
CPU = "Apple M0, a stand-in"
_PARTS = ("Snakefile", "config.yaml", "CITATION.cff", "environment.yml", "workflow", "profiles")
# Python imports this when it starts: in Snakemake, in its jobs and in measured processes.
_HIDES = """
import builtins
import ctypes
import errno
import os
import resource
import sys
import types

import _socket

CALLS = {"prctl", "sched_getcpu"}
FOLDERS = ("/proc", "/sys", "/dev/shm")
NAMES = [name for name in dir(os) if name.startswith(("sched_s", "sched_getaff", "SCHED_BATCH"))]
NAMES += ["memfd_create", "pidfd_open", "eventfd", "pipe2", "posix_fadvise"]
for module, names in ((os, NAMES), (resource, ["RUSAGE_THREAD"]), (_socket, ["SO_PEERCRED"])):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


class Library(ctypes.CDLL):
    def __getattr__(self, name):
        if name in CALLS:
            raise AttributeError(name)
        return super().__getattr__(name)


ctypes.CDLL = Library


def check(path):
    if isinstance(path, (str, os.PathLike)):
        path = os.fspath(path)
        if isinstance(path, str) and path.startswith(FOLDERS):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def audit(event, arguments):
    if event in ("open", "os.listdir", "os.scandir"):
        check(arguments[0])


sys.addaudithook(audit)


def checked(call):
    def ask(path, *arguments, **named):
        check(path)
        return call(path, *arguments, **named)

    return ask


os.stat, os.lstat = checked(os.stat), checked(os.lstat)


class Sys(types.ModuleType):
    platform = "darwin"

    def __getattr__(self, name):
        return getattr(sys, name)

    def __setattr__(self, name, value):
        setattr(sys, name, value)


stand_in, find = Sys("sys"), builtins.__import__


def import_in_package(name, names=None, *rest, **named):
    package = str((names or {}).get("__package__"))
    if name == "sys" and package.startswith("threads_or_processes"):
        return stand_in
    return find(name, names, *rest, **named)


builtins.__import__ = import_in_package
"""


def copy_project(folder: Path) -> Path:
    """The copy, and a program `sysctl` in its folder `bin`."""
    for part in _PARTS:
        if (ROOT / part).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / "workflow/sitecustomize.py").write_text(_HIDES, encoding="utf-8")
    program = folder / "bin/sysctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$*" = "-n machdep.cpu.brand_string" ] && echo "{CPU}"\n')
    program.chmod(0o755)
    return folder
