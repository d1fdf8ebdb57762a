"""The distribution's own source package of Python, through apt, leaving the system as it was.

apt runs with lists, caches and sources of its own in a folder that is deleted afterwards. The
sources are the machine's own mirror with newer suites, checked against the installed archive
keyring; all else (proxies, clocks) is the machine's apt configuration.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from threads_or_processes.interpreters.process import (
    CompletedCommand,
    Processes,
    network_environment,
)
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.unlisted import fetch_unlisted

# Newest first. A suite that the mirror does not have is passed over.
_SUITES = {
    "debian": ("sid", "testing", "stable"),
    "ubuntu": ("devel", "resolute", "questing", "plucky", "noble"),
}
_COMPONENTS = {"debian": ("main",), "ubuntu": ("main", "universe")}
_UPSTREAM = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:~?(a|b|rc)(\d+))?")
_FETCH_TIMEOUT_S = 300.0


class NoSourcePackageError(Exception):
    """The distribution has no source package that fits; the text is the reason."""


@dataclass(frozen=True)
class Archive:
    """One apt source: a mirror and what is taken from it."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str  # a keyring's path, a key itself, or empty

    def offers(self, suite: str) -> bool:
        """Whether the archive's own suite of that name is configured, with its main component."""
        return suite in self.suites and "main" in self.components


@dataclass(frozen=True)
class Distribution:
    """The family whose archive we use, and the codename of the release that runs."""

    family: str
    codename: str

    @property
    def keyring_name(self) -> str:
        """How the file name of the family's archive keyring starts."""
        return f"{self.family}-archive-keyring"


def distribution_from(os_release: Mapping[str, str]) -> Distribution | None:
    """The distribution, or None when it is neither Debian, Ubuntu, nor made from them."""
    likes = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    family = next((like for like in likes if like in _SUITES), None)
    names = ("UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME")
    codename = next((os_release[name] for name in names if name in os_release), None)
    return Distribution(family, codename) if family and codename else None


def one_line_archives(text: str) -> tuple[Archive, ...]:
    """Parse a `sources.list`: `deb [options] uri suite component...` (sources.list(5))."""
    pattern = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>.+)")
    archives = []
    for line in text.splitlines():
        match = pattern.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(
                option.split("=", 1) for option in (match["options"] or "").split() if "=" in option
            )
            suite, *components = match["rest"].split()
            archives.append(
                Archive(match["uri"], (suite,), tuple(components), options.get("signed-by", ""))
            )
    return tuple(archives)


def deb822_archives(text: str) -> tuple[Archive, ...]:
    """Parse a `.sources` file: stanzas of fields (deb822 style of sources.list(5))."""
    return tuple(
        Archive(uri, tuple(stanza["suites"].split()), components, stanza.get("signed-by", ""))
        for stanza in map(_fields, re.split(r"\n\s*\n", text))
        if "deb" in stanza.get("types", "").split()
        and stanza.get("enabled", "yes").lower() not in {"no", "false", "0"}
        for components in [tuple(stanza.get("components", "").split())]
        for uri in stanza["uris"].split()
    )


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def own_archive(archives: Iterable[Archive], distribution: Distribution) -> Archive | None:
    """The distribution's own archive among the configured ones: third parties' are not it."""
    running = {distribution.codename, *_SUITES[distribution.family]}
    for archive in archives:
        own_key = not archive.signed_by or distribution.keyring_name in archive.signed_by
        if own_key and any(archive.offers(suite) for suite in running):
            return archive
    return None


def private_sources(archive: Archive, distribution: Distribution, keyring: str) -> str:
    """A `.sources` file for the source packages of the newer suites, and of the running one."""
    suites = dict.fromkeys((*_SUITES[distribution.family], distribution.codename))
    return _stanza("deb-src", suites, archive, distribution, keyring)


def private_binaries(archive: Archive, distribution: Distribution, keyring: str) -> str:
    """A `.sources` file for the packages of the running suite."""
    return _stanza("deb", [distribution.codename], archive, distribution, keyring)


def _stanza(
    kind: str, suites: Iterable[str], archive: Archive, distribution: Distribution, keyring: str
) -> str:
    return (
        f"Types: {kind}\n"
        f"URIs: {archive.uri}\n"
        f"Suites: {' '.join(suites)}\n"
        f"Components: {' '.join(_COMPONENTS[distribution.family])}\n"
        f"Signed-By: {keyring}\n"
    )


def private_configuration(folder: Path) -> str:
    """apt.conf(5) that keeps everything apt writes in `folder`, and runs no hook of the system."""
    return (
        f'Dir::Etc::sourcelist "{folder}/private.sources";\n'
        'Dir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{folder}/lists";\n'
        f'Dir::Cache "{folder}/cache";\n'
        'Acquire::Retries "2";\n'
        'Acquire::http::Timeout "20";\n'
        "#clear APT::Update::Pre-Invoke;\n"
        "#clear APT::Update::Post-Invoke;\n"
        "#clear APT::Update::Post-Invoke-Success;\n"
    )


def wanted_versions(showsrc: str, build: Build) -> tuple[str, ...]:
    """Package versions in `apt-cache showsrc` that `build` accepts, the newest Python first.

    One package version stands for each upstream version; the rest differ in packaging only.
    """
    by_upstream: dict[tuple[int, int, int, int, int], str] = {}
    for version in re.findall(r"^Version: (\S+)$", showsrc, re.MULTILINE):
        match = _UPSTREAM.match(version)
        if match and build.accepts(match[0]):
            pre_rank = ("a", "b", "rc", None).index(match[4])
            key = (int(match[1]), int(match[2]), int(match[3]), pre_rank, int(match[5] or 0))
            by_upstream.setdefault(key, version)
    return tuple(by_upstream[key] for key in sorted(by_upstream, reverse=True))


def configured_archives(etc_apt: Path = Path("/etc/apt")) -> tuple[Archive, ...]:
    """Every archive that the machine's apt is configured with."""
    parts = etc_apt / "sources.list.d"
    one_line = [etc_apt / "sources.list", *sorted(parts.glob("*.list"))]
    return (
        *(a for path in sorted(parts.glob("*.sources")) for a in deb822_archives(_text(path))),
        *(a for path in one_line if path.is_file() for a in one_line_archives(_text(path))),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def installed_keyring(
    distribution: Distribution, folder: Path = Path("/usr/share/keyrings")
) -> str | None:
    """The path of the distribution's archive keyring, or None."""
    found = sorted(folder.glob(f"{distribution.keyring_name}.*"))
    return str(found[0]) if found else None


def fetch_source(
    build: Build,
    folder: Path,
    *,
    os_release: Mapping[str, str],
    processes: Processes,
) -> tuple[Path, str]:
    """Put the newest source tarball of `build`'s line into `folder`: its path, package version.

    A version that the lists name but the mirror no longer (or not yet) holds is passed over. Last
    come versions that the mirror holds but the lists no longer name.
    Raises `NoSourcePackageError` with the reason.
    """
    distribution = distribution_from(os_release)
    if distribution is None or not shutil.which("apt-get"):
        raise NoSourcePackageError("only Debian's and Ubuntu's source packages are known here")
    archive = own_archive(configured_archives(), distribution)
    keyring = installed_keyring(distribution)
    if archive is None or keyring is None:
        raise NoSourcePackageError(
            f"no mirror of {distribution.family} with its keyring is configured"
        )
    with tempfile.TemporaryDirectory(prefix="python-source-") as name:
        private = Path(name)
        private.chmod(0o755)  # apt downloads as a user of its own, who must get in
        for part in ("lists/partial", "cache/archives/partial", "download"):
            (private / part).mkdir(parents=True)
        for name, text in (
            ("private.sources", private_sources(archive, distribution, keyring)),
            ("binaries.sources", private_binaries(archive, distribution, keyring)),
            ("apt.conf", private_configuration(private)),
        ):
            (private / name).write_text(text, encoding="utf-8")
        tarball, version = _fetch(build, private, processes)
        return Path(shutil.copy(tarball, folder)), version


def _fetch(build: Build, private: Path, processes: Processes) -> tuple[Path, str]:
    apt = partial(_apt, private, processes)
    package = f"python{build.line}"
    update = apt(["apt-get", "update"])
    listed = apt(["apt-cache", "showsrc", "--only-source", package]).stdout
    said = _complaint(update) or _complaint(update, "W: Failed to fetch")  # no network
    reason = f"the mirror's suites hold no source package {package} of version {build.version}" + (
        f" (apt-get update: {said})" if said else ""
    )
    for version in wanted_versions(listed, build):
        command = ["apt-get", "source", "--download-only", "--tar-only", f"{package}={version}"]
        answer = apt(command)
        names = sorted((private / "download").glob("*.orig.tar.*"))
        tarballs = [path for path in names if path.suffix != ".asc"]
        if answer.status == 0 and tarballs:
            return tarballs[0], version
        reason = f"no source package of {package} could be fetched (apt-get: {_complaint(answer)})"
    for newest in wanted_versions(listed, Build(build.line, build.free_threaded))[:1]:
        if found := fetch_unlisted(build, newest, private=private, apt=apt, processes=processes):
            return found
    raise NoSourcePackageError(reason)


def _complaint(answer: CompletedCommand, mark: str = "E:") -> str:
    """The first line with that mark among what apt said, of which most explains nothing."""
    return next((line for line in answer.stderr.splitlines() if line.startswith(mark)), "")


def _apt(private: Path, processes: Processes, command: Sequence[str]) -> CompletedCommand:
    return processes.run(
        [command[0], "-c", str(private / "apt.conf"), *command[1:]],
        cwd=private / "download",
        env=network_environment(),
        timeout_s=_FETCH_TIMEOUT_S,
    )
