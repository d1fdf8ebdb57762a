"""How CPython is compiled here: the options, the stages, and the key that names the result."""

from collections.abc import Sequence
from dataclasses import dataclass

from threads_or_processes.common.files import digest
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.toolchain import Compiler

# Debug symbols change no code, but cost a third of the compile time and most of the disk.
_OPT = "OPT=-O3 -Wall"

# What the optimiser learns from: the interpreter's core and the C code that the workloads call.
# Left out: tests that wait, need a network, or send themselves SIGINT (ignored in background
# jobs), and long ones, for a free-threaded build that counts its steps runs ten times slower.
TRAINING_TESTS = (
    *("array", "bisect", "builtin", "bz2", "call", "collections", "complex", "dataclasses"),
    *("defaultdict", "enumerate", "float", "fractions", "functools", "generators", "hashlib"),
    *("heapq", "int", "json", "list", "lzma", "math", "opcodes", "operator", "pickle", "re"),
    *("slice", "sort", "string", "strtod", "struct", "tuple", "unpack", "with", "zlib"),
)
# From Python 3.14 on, this case fails without the test modules, which are not compiled.
_FAILING_CASE = "test_margin_is_sufficient"


#: What a source's Makefile calls the objects of which the interpreter is linked, in their order.
LINKED_OBJECTS = "LINK_PYTHON_OBJS"
# The objects of the interpreter by the checksums of their names, which a number begins: an order of
# its own for each number, the same everywhere. Make expands it when it links.
_LINK_ORDER = (
    LINKED_OBJECTS + '=$(shell for object in $(LIBRARY_OBJS); do echo "'
    '$$(echo {compilation} $$object | cksum) $$object"; done | sort -n | '
    "awk '{{print $$3}}')"
)


@dataclass(frozen=True)
class Stage:
    """One step of a build: what the person reads, and the command run in the source tree."""

    title: str
    command: tuple[str, ...]


def configure_options(build: Build, *, optimised: bool, compiler: Compiler) -> tuple[str, ...]:
    """The options of `configure` but for the prefix; equal for both kinds but `--disable-gil`."""
    common = (
        f"CC={compiler.command}",
        _OPT,
        "--without-ensurepip",
        "--disable-test-modules",
    )
    has_failing_case = int(build.line.partition(".")[2]) >= 14
    task = ["-m", "test", "--pgo", *(("--ignore", _FAILING_CASE) if has_failing_case else ())]
    training = " ".join([*task, *(f"test_{test}" for test in TRAINING_TESTS)])
    return (
        *common,
        *(("--enable-optimizations", f"PROFILE_TASK={training}") if optimised else ()),
        *(("--disable-gil",) if build.free_threaded else ()),
    )


def stages(
    options: Sequence[str], *, optimised: bool, prefix: str, compilers: int, compilation: int = 1
) -> tuple[Stage, ...]:
    """The commands that turn an unpacked source tree into an interpreter under `prefix`.

    The Makefile's own profile-guided target is run in its three parts, so that each is seen. The
    first `compilation` has the Makefile's link order.
    """
    order = (_LINK_ORDER.format(compilation=compilation),) if compilation > 1 else ()
    make = ("make", *order, f"-j{compilers}")
    compile_stages = (
        (
            Stage("compile for training", (*make, "profile-gen-stamp")),
            Stage("train", ("make", *order, "profile-run-stamp")),
            Stage("compile again, with the profile", make),
        )
        if optimised
        else (Stage("compile", make),)
    )
    return (
        Stage("configure", ("./configure", f"--prefix={prefix}", *options)),
        *compile_stages,
        Stage("install", ("make", *order, "altinstall")),
    )


def content_key(
    tarball_sha256: str,
    options: Sequence[str],
    *,
    optimised: bool,
    compiler: Compiler,
    compilation: int = 1,
) -> str:
    """What decides the result of a build, as one SHA-256 (hex): the name of its cache entry."""
    steps = stages(options, optimised=optimised, prefix="", compilers=1, compilation=compilation)
    return digest(
        {
            "tarball": tarball_sha256,
            "stages": [[stage.title, *stage.command] for stage in steps],
            "compiler": compiler.version,
            "target": compiler.target,
        }
    )
