"""Small wheels and source releases made by hand, so that tests of requirements need no network."""

import base64
import hashlib
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

#: A module that doesn't declare that it can do without the GIL.
GIL_NEEDING_MODULE = """
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "oldmodule"};
PyMODINIT_FUNC PyInit_oldmodule(void) { return PyModule_Create(&definition); }
"""


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    modules: dict[str, str] | None = None,
    extensions: Sequence[Path] = (),
    needs: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """Write `folder/<name>-<version>-<tag>.whl`, by default with an empty module of that name.

    `extensions`: files of compiled modules.
    """
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if modules is None:
        modules = {} if extensions else {name: ""}
    texts = {f"{module}.py": text for module, text in modules.items()}
    texts[f"{info}/METADATA"] = metadata + (f"Requires-Dist: {needs}\n" if needs else "")
    texts[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
    files = {file.name: file.read_bytes() for file in extensions}
    files |= {path: text.encode() for path, text in texts.items()}
    rows = [f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in files.items()]
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, data in files.items():
            # A fixed time in it: the same content has the same bytes at any time.
            archive.writestr(zipfile.ZipInfo(inside), data)
    return path


def gil_needing_module(python: str | Path, folder: Path) -> Path:
    """Compile `oldmodule` for a build into a folder; its file."""
    asked = "from sysconfig import *; print(get_path('include'), get_config_var('EXT_SUFFIX'))"
    include, suffix = subprocess.check_output([python, "-c", asked], text=True).split()
    (folder / "oldmodule.c").write_text(GIL_NEEDING_MODULE, encoding="utf-8")
    made = folder / f"oldmodule{suffix}"
    subprocess.run(
        ["cc", "-shared", "-fPIC", f"-I{include}", "-o", made, folder / "oldmodule.c"], check=True
    )
    return made


def source_release(folder: Path, name: str, version: str) -> Path:
    """Write `folder/<name>-<version>.tar.gz`: a source release whose facts need no build."""
    metadata = f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n"
    project = f'[project]\nname = "{name}"\nversion = "{version}"\n'
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for inside, text in {"PKG-INFO": metadata, "pyproject.toml": project}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{inside}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def locked(*wheels: Path) -> str:
    """A lock of these wheels: versions and hashes."""
    lines = []
    for path in wheels:
        name, version, *_ = path.name.split("-")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{name}=={version} \\\n    --hash=sha256:{sha256}\n")
    return "".join(lines)


def _digest(data: bytes) -> str:
    raw = hashlib.sha256(data).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
