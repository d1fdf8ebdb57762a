"""Small wheels and source releases made by hand, so that tests of requirements need no network."""

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    modules: dict[str, str] | None = None,
    needs: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """Write `folder/<name>-<version>-<tag>.whl`, by default with an empty module of that name."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {f"{module}.py": text for module, text in (modules or {name: ""}).items()}
    files[f"{info}/METADATA"] = metadata + (f"Requires-Dist: {needs}\n" if needs else "")
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
    rows = [f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items()]
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            # A fixed time in it: the same content has the same bytes at any time.
            archive.writestr(zipfile.ZipInfo(inside), text)
    return path


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


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
