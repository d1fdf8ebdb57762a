"""Makers of what these tests need: identities, requests, and a toy source of Python.

The toy has a `configure`, a Makefile and the file that names the version, like CPython's; what it
"compiles" is a script that runs the python of the tests. So the whole source provider runs in
seconds. `gate` makes its compile stage wait until the file `gate/open` exists.
"""

import io
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from threads_or_processes.common.signing import identity_digest
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.recipe import LINKED_OBJECTS
from threads_or_processes.interpreters.request import Build
from threads_or_processes.records.interpreter import Identity, InterpreterRequest, ProviderName

STANDARD = Build("3.13", free_threaded=False)
FREE = Build("3.13", free_threaded=True)

_CONFIGURE = r"""#!/bin/sh
suffix=
for option in "$@"; do
    case "$option" in
        --prefix=*) prefix="${option#--prefix=}" ;;
        --disable-gil) suffix=t ;;
    esac
done
echo "checking for a toy... yes"
sed -e "s|@prefix@|$prefix|; s|@suffix@|$suffix|" Makefile.pre.in > Makefile
"""

_MAKEFILE = """
LIBRARY_OBJS=a.o b.o c.o d.o e.o f.o
{linked}=$(LIBRARY_OBJS)
all: linked
\techo $$$$ > {gate}/compiling@suffix@
\twhile [ ! -e {gate}/open ]; do sleep 0.05; done
\t{compile}
linked:
\t@echo linked: $({linked})
profile-gen-stamp profile-run-stamp:
\techo $@ >> {gate}/trained
\t$(MAKE) linked
altinstall:
\tmkdir -p @prefix@/bin
\tprintf '#!/bin/sh\\n%s\\n' '{run}' > @prefix@/bin/python3.13@suffix@
\tchmod +x @prefix@/bin/python3.13@suffix@
"""


def toy_source(
    folder: Path,
    *,
    version: str = "3.13.9",
    is_open: bool = True,
    compile_command: str = "true",
    run: str = f'exec {sys.executable} "$@"',
    linked: str = LINKED_OBJECTS,
) -> Path:
    """Write `folder/toy.tar.gz`; with `is_open` its compile stage does not wait."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_open:
        (folder / "open").touch()
    files = {
        "configure": _CONFIGURE,
        "Makefile.pre.in": _MAKEFILE.format(
            gate=folder, compile=compile_command, run=run.replace("$", "$$"), linked=linked
        ),
        "Include/patchlevel.h": f'#define PY_VERSION  "{version}"\n',
    }
    path = folder / "toy.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"Python-{version}/{name}")
            member.size, member.mode = len(text), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@contextmanager
def open_processes() -> Iterator[Processes]:
    """The door to other programs, closed at the end."""
    processes = Processes()
    try:
        yield processes
    finally:
        processes.close()


def request_value(**changes: Any) -> dict[str, Any]:
    """A request for the three arms, as the workflow writes it."""
    return {
        "arms": [
            {"name": "3.13", "version": "3.13", "free_threaded": False, "gil": True},
            {"name": "3.13t", "version": "3.13", "free_threaded": True, "gil": False},
            {"name": "3.13t-gil", "version": "3.13", "free_threaded": True, "gil": True},
        ],
        **changes,
    }


def asked(**changes: Any) -> InterpreterRequest:
    """The same request, decoded."""
    return msgspec.convert(request_value(**changes), InterpreterRequest)


_STANDARD_IDENTITY = Identity(
    schema_version=1,
    arm="3.13",
    provider=ProviderName.SOURCE,
    executable="/somewhere/bin/python",
    flags=[],
    executable_sha256="0" * 64,
    version="3.13.9",
    implementation="CPython",
    free_threaded_build=False,
    gil_enabled=True,
    compiler="GCC 12.2.0",
    config_args="CC=gcc --without-ensurepip --enable-optimizations",
    cflags="-DNDEBUG -O3 -Wall",
    optimisation="optimised",
    pgo=True,
    lto=False,
    debug=False,
    libraries={"dill": "0.4.1"},
    lock_sha256="1" * 64,
    identity_sha256="",
)


def identity(arm: str = "3.13", **changes: Any) -> Identity:
    """An identity that agrees with the others but for `changes`."""
    found: Identity = {**_STANDARD_IDENTITY, "arm": arm, **changes}  # type: ignore[typeddict-item]
    found["identity_sha256"] = identity_digest(found)
    return found
