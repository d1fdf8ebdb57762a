"""The workload of a task function; a user's own is read by the pipeline without importing it.

The user's file may need libraries that only the interpreters under test have.
"""

import ast
import difflib
import inspect
import keyword
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.texts import shortened
from threads_or_processes.trial.workloads import all_workloads
from threads_or_processes.trial.workloads.registry import RESOURCE, SETUP, TEARDOWN, Workload

# The file's folder comes before the libraries on the path, so a file there would hide its module.
TAKEN_NAMES = sys.stdlib_module_names | {
    *(
        "threads_or_processes",
        "multiprocess",
        "_multiprocess",
        "dill",
        "joblib",
        "psutil",
        "numpy",
        "PIL",
    )
}
PLAIN_TYPES = (bool, int, float, str)
SETUP_NOTE = (
    "Its file sets each worker up before the first task, outside the timed region. Where workers "
    "are new each time (cold timing, raw threads), the set-up is part of their start."
)
LIKE_THIS = "def {name}(task, size): ..."

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def workload_of(function: str) -> Workload:
    """The workload with this task function: a built-in one's name, or a user's `file.py:name`."""
    if ":" in function:
        return read_user_function(UserFunction(function))
    return all_workloads()[function]


def place_of(function: str) -> str:
    """Where a person finds a function that `workload_of` knows: its file and line if it is own."""
    if ":" in function:
        return f"{function}, line {UserFunction(function).definition().lineno}"
    return function


@dataclass(frozen=True)
class UserFunction:
    """Where a task function is: `file.py:name`, the file as seen from the working directory.

    `key` is what a message calls the config key that named it.
    """

    written: str
    key: str = "workloads"

    @property
    def file(self) -> Path:
        """The file's absolute path."""
        return Path(self._parts[0]).resolve()

    @property
    def name(self) -> str:
        """The function's name."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        file, _, name = self.written.rpartition(":")
        return file, name

    def error(self, what: str, hint: str, line: int | None = None) -> UserError:
        """What is wrong with it, for the one who wrote it."""
        place = self._parts[0] + (f", line {line}" if line else "")
        return UserError(what, where=f"config key {self.key}: {place}", hint=hint)

    def definition(self) -> Definition:
        """Its `def` at the top level of the file; `UserError` if there is none."""
        tree = self._parsed()
        found = self.definitions(tree)
        if self.name in found:
            return found[self.name]
        raise self._missing(tree, [*found])

    def definitions(self, tree: ast.Module | None = None) -> dict[str, Definition]:
        """Every `def` at the top level of the file; the last of a name is what an import gives."""
        body = (tree or self._parsed()).body
        return {node.name: node for node in body if isinstance(node, Definition)}

    def _parsed(self) -> ast.Module:
        try:
            return ast.parse(self.file.read_bytes())
        except OSError as error:
            raise self.error(
                f"{self._parts[0]} can't be read: {error.strerror}",
                "write its path as seen from the folder that you run snakemake in, "
                f"which is {Path.cwd()}",
            ) from None
        except SyntaxError as error:
            version = ".".join(map(str, sys.version_info[:2]))
            raise self.error(
                f"{self._parts[0]} is no Python that {version}, which runs the pipeline, can read: "
                f"{error.msg}",
                "fix it there",
                error.lineno,
            ) from None

    def _missing(self, tree: ast.Module, names: list[str]) -> UserError:
        inside = [n for n in ast.walk(tree) if isinstance(n, Definition) and n.name == self.name]
        if inside:
            return self.error(
                f"{self.name} is defined inside something else",
                "move its def to the top level of the file, where other processes can import it",
                inside[0].lineno,
            )
        close = difflib.get_close_matches(self.name, names, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        return self.error(
            f"there is no `def {self.name}` in {self._parts[0]}",
            f"{guess}functions there: {', '.join(names) or 'none'}; "
            f"write {LIKE_THIS.format(name=self.name)}",
        )


def read_user_function(function: UserFunction) -> Workload:
    """The workload of a user's function, its file unread by any import.

    Its parameters are the function's, its title is the first line of the docstring. A function that
    is `async def` is offered to models of coroutines; others run it with `asyncio.run`. Raises
    `UserError` that names config key, file and line for a function that can't be measured.
    """
    _check_names(function)
    definition, setup = function.definition(), _check_setup(function)

    def stand_in(task: Any, **arguments: Any) -> Any:
        raise NotImplementedError

    stand_in.__signature__ = _signature(function, definition)  # type: ignore[attr-defined]
    title = (ast.get_docstring(definition) or function.name).partition("\n")[0].strip(" .")
    return Workload(
        name=function.name,
        function=stand_in,
        title=shortened(title),
        kind="",
        unit="task",
        why=SETUP_NOTE if setup else "",
        expected="",
        coroutine=stand_in if isinstance(definition, ast.AsyncFunctionDef) else None,
        file=function.file,
    )


def sources_of_user_file(file: Path) -> list[Path]:
    """The file, and whatever it imports from its own folder as far as import statements tell."""
    found: set[Path] = set()
    ahead = [file]
    while ahead:
        source = ahead.pop()
        if source not in found:
            found.add(source)
            ahead += [path for name in _imports_of(source) for path in _files_of(file.parent, name)]
    return sorted(found)


def _imports_of(source: Path) -> Iterator[str]:
    """Top-level names of the modules that a file imports, but for relative imports."""
    try:
        tree = ast.parse(source.read_bytes())
    except SyntaxError:  # the import will tell
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _files_of(folder: Path, module: str) -> list[Path]:
    """The files of a module or package that lies in a folder; none for one that doesn't."""
    if module in TAKEN_NAMES:
        return []
    file = folder / f"{module}.py"
    return [file] if file.is_file() else list((folder / module).rglob("*.py"))


def _check_names(function: UserFunction) -> None:
    """Refuse a file that can't be imported by its name, or would hide another module."""
    file = function.file
    if not file.stem.isidentifier() or keyword.iskeyword(file.stem):
        raise function.error(
            f"{file.name} can't be imported: {file.stem!r} is no name of a Python module",
            "rename the file, with letters, digits and _ only",
        )
    packages = [init.parent for init in file.parent.glob("*/__init__.py")]
    for module in sorted({file, *file.parent.glob("*.py"), *packages}):
        if module.stem in TAKEN_NAMES:
            hint = "rename the file"
            if module != file:
                hint = f"rename it, or move {file.name} to a folder of its own"
            raise function.error(f"{module.name} would hide the module {module.stem}", hint)


def _check_setup(function: UserFunction) -> bool:
    """Whether the file has a set-up or tear-down; refuses one that a worker couldn't call."""
    found = {
        name: definition
        for name, definition in function.definitions().items()
        if name in (SETUP, TEARDOWN)
    }
    if function.name in found:
        raise function.error(
            f"{function.name} is what each worker calls once, not a task",
            "give the task function another name",
            found[function.name].lineno,
        )
    own = {name.arg for name in _arguments(function.definition())[1:]} - {"size", RESOURCE}
    for name, definition in found.items():
        if isinstance(definition, ast.AsyncFunctionDef):
            raise function.error(
                f"{name} is `async def`, and a worker calls it outside of any event loop",
                "write it as a plain `def`",
                definition.lineno,
            )
        asked = [argument.arg for argument in _arguments(definition)]
        if name == SETUP and (unknown := [one for one in asked if one not in own]):
            raise function.error(
                f"{name} asks for {unknown[0]!r}, which is not a parameter of {function.name}",
                f"take parameters that {function.name} has, other than its first, size and "
                f"{RESOURCE}; or none",
                definition.lineno,
            )
        if name == TEARDOWN and len(asked) > 1:
            raise function.error(
                f"{name} asks for {len(asked)} arguments",
                f"take none, or one: what {SETUP} returned",
                definition.lineno,
            )
    return bool(found)


def _arguments(definition: Definition) -> list[ast.arg]:
    written = definition.args
    return [*written.posonlyargs, *written.args, *written.kwonlyargs]


def _signature(function: UserFunction, definition: Definition) -> inspect.Signature:
    """The parameters as a config may set them: the first is the task, the others have defaults."""
    written = definition.args
    names = [*written.posonlyargs, *written.args]
    if not names or names[0].arg == "size":
        raise function.error(
            f"{function.name} has no parameter for the number of its task",
            f"let it be the first: {LIKE_THIS.format(name=function.name)}",
            definition.lineno,
        )
    defaults = [None] * (len(names) - len(written.defaults)) + written.defaults
    pairs = [*zip(names, defaults, strict=True)][1:]
    pairs += zip(written.kwonlyargs, written.kw_defaults, strict=True)
    if SETUP in function.definitions():
        pairs = [pair for pair in pairs if pair[0].arg != RESOURCE]
    task = inspect.Parameter(names[0].arg, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Signature(
        [task, *(_parameter(function, name, default) for name, default in pairs)]
    )


def _parameter(
    function: UserFunction, name: ast.arg, default: ast.expr | None
) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    if name.arg == "size":  # the harness's, whatever its default
        return inspect.Parameter(name.arg, kind)
    if default is None:
        raise function.error(
            f"the parameter {name.arg!r} of {function.name} has no default",
            f"give it one, such as {name.arg}=1; the config may set another",
            name.lineno,
        )
    try:
        value = ast.literal_eval(default)
    except ValueError:
        value = None
    if not _is_plain(value):
        raise function.error(
            f"the default of {name.arg!r} of {function.name} is no plain value: "
            f"{ast.unparse(default)}",
            "write a number, text, True, False or a list of these in its place: the file is read "
            "before anything in it runs",
            default.lineno,
        )
    return inspect.Parameter(name.arg, kind, default=value)


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, PLAIN_TYPES)
