"""Source packages that a Debian mirror still holds although its lists name newer ones only.

apt fetches only what the lists name, with the checksum that they give. Here the checksum is that of
the package's own description (.dsc), whose signature is checked against Debian's developers' keys.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from threads_or_processes.interpreters.process import CompletedCommand, Processes
from threads_or_processes.interpreters.request import Build

#: Runs a command of apt with its private configuration, in a folder for what it downloads.
Apt = Callable[[Sequence[str]], CompletedCommand]

_KEYRING = "usr/share/keyrings/debian-keyring.gpg"
_APT_HELPER = "/usr/lib/apt/apt-helper"
_CHECKSUM = re.compile(r"^ ([0-9a-f]{64}) \d+ (\S+\.orig\.tar\.\w+)$", re.MULTILINE)


def earlier_versions(listed: str, build: Build) -> Iterator[str]:
    """Versions of a lower patch level than the listed one that `build` accepts, newest first."""
    line, _, patch = (re.match(r"[\d.]+", listed) or [""])[0].rpartition(".")
    for earlier in range(int(patch) - 1, -1, -1):
        if build.accepts(version := f"{line}.{earlier}"):
            yield version


def fetch_unlisted(
    build: Build, listed: str, *, private: Path, apt: Apt, processes: Processes
) -> tuple[Path, str] | None:
    """The newest such tarball with its package version; None if there is none, or no key to check.

    `listed` is the package version that the lists name. `apt` runs in `download` of the `private`
    folder.
    """
    downloads = private / "download"
    package = f"python{build.line}"
    named = apt(
        [
            "apt-get",
            "source",
            "--download-only",
            "--tar-only",
            "--print-uris",
            f"{package}={listed}",
        ]
    )
    pool = re.search(rf"'(\S+)/{re.escape(package)}_[^/']+'", named.stdout)
    if not pool:
        return None
    for version in earlier_versions(listed, build):
        name = f"{package}_{version}-1.dsc"
        if not _download(apt, f"{pool[1]}/{name}"):
            continue
        for sha256, tarball in _signed_checksums(
            downloads / name, _keyring(private, apt, processes), processes
        ):
            if _download(apt, f"{pool[1]}/{tarball}", f"SHA256:{sha256}"):
                return downloads / tarball, f"{version}-1"
    return None


def _download(apt: Apt, uri: str, *checksum: str) -> bool:
    name = uri.rpartition("/")[2]
    return apt([_APT_HELPER, "download-file", uri, name, *checksum]).status == 0


def _signed_checksums(
    description: Path, keyring: Path | None, processes: Processes
) -> list[tuple[str, str]]:
    """SHA-256 and name of each upstream tarball in a description; none if its signature is bad."""
    if keyring is None or not shutil.which("gpgv"):
        return []
    signed = description.with_suffix(".signed")
    command = ["gpgv", "--keyring", str(keyring), "--output", str(signed), str(description)]
    if processes.run(command).status != 0:
        return []
    return _CHECKSUM.findall(signed.read_text(encoding="utf-8"))


def _keyring(private: Path, apt: Apt, processes: Processes) -> Path | None:
    """Debian's developers' keys: those installed, or from their package, which apt checks."""
    unpacked = private / "keyring"
    for root in (Path("/"), unpacked):
        if (root / _KEYRING).is_file():
            return root / _KEYRING
    sources = ["-o", f"Dir::Etc::sourcelist={private}/binaries.sources"]
    apt(["apt-get", *sources, "update"])
    apt(["apt-get", *sources, "download", "debian-keyring"])
    for package in (private / "download").glob("debian-keyring_*.deb"):
        processes.run(["dpkg-deb", "--extract", str(package), str(unpacked)])
    return unpacked / _KEYRING if (unpacked / _KEYRING).is_file() else None
