"""The distribution's source: what the machine is configured with, and what is made of it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from threads_or_processes.common.files import sha256_file
from threads_or_processes.interpreters.apt import (
    Archive,
    Distribution,
    NoSourcePackageError,
    configured_archives,
    deb822_archives,
    distribution_from,
    fetch_source,
    one_line_archives,
    own_archive,
    private_configuration,
    private_sources,
    wanted_versions,
)
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.request import Build

from tests.conftest import there
from tests.interpreters.builders import STANDARD, script

DEBIAN = Distribution("debian", "bookworm")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

DEB822 = f"""
Types: deb
# a remark
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {KEYRING}

Types: deb deb-src
URIs: https://third.example/apt
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

ONE_LINE = f"""
# deb http://commented.example/debian bookworm main
deb http://mirror.example/ubuntu noble main restricted # a remark
deb [ arch=amd64 signed-by={KEYRING} ] http://other.example/debian bookworm main
deb-src http://sources.example/debian bookworm main
"""


def test_deb822_stanzas_are_read_and_disabled_ones_are_not() -> None:
    own, third = deb822_archives(DEB822)
    assert own == Archive(
        "http://mirror.example/debian", ("bookworm", "bookworm-updates"), ("main",), KEYRING
    )
    assert third.uri == "https://third.example/apt"
    assert "BEGIN PGP" in third.signed_by


def test_one_line_sources_are_read_with_their_options() -> None:
    assert one_line_archives(ONE_LINE) == (
        Archive("http://mirror.example/ubuntu", ("noble",), ("main", "restricted"), ""),
        Archive("http://other.example/debian", ("bookworm",), ("main",), KEYRING),
    )


def test_both_styles_are_found_where_apt_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d" / "old.list.disabled").write_text("deb http://x.example y main")
    assert len(configured_archives(tmp_path)) == 4


def test_the_own_archive_is_chosen_among_third_parties() -> None:
    third, own = reversed(deb822_archives(DEB822))
    assert own_archive([third, own], DEBIAN) is own
    assert own_archive([third], DEBIAN) is None


@pytest.mark.parametrize(
    ("suites", "components"), [(("bookworm-security",), ("main",)), (("bookworm",), ("stable",))]
)
def test_other_suites_and_components_are_not_the_own_archive(
    suites: tuple[str, ...], components: tuple[str, ...]
) -> None:
    assert own_archive([Archive("http://x.example", suites, components, "")], DEBIAN) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ID": "debian", "VERSION_CODENAME": "bookworm"}, DEBIAN),
        ({"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_CODENAME": "noble"}, ("ubuntu", "noble")),
        (
            {
                "ID": "linuxmint",
                "ID_LIKE": "ubuntu debian",
                "VERSION_CODENAME": "wilma",
                "UBUNTU_CODENAME": "noble",
            },
            ("ubuntu", "noble"),
        ),
        ({"ID": "fedora"}, None),
        ({}, None),
    ],
)
def test_the_family_and_its_codename(
    fields: dict[str, str], expected: Distribution | tuple[str, str] | None
) -> None:
    wanted = Distribution(*expected) if isinstance(expected, tuple) else expected
    assert distribution_from(fields) == wanted


def test_private_sources_are_checked_against_the_keyring_and_never_simply_trusted() -> None:
    archive = Archive("http://mirror.example/debian", ("bookworm",), ("main",), KEYRING)
    lines = private_sources(archive, DEBIAN, KEYRING).splitlines()
    assert lines == [
        "Types: deb-src",
        "URIs: http://mirror.example/debian",
        "Suites: sid testing stable bookworm",
        "Components: main",
        f"Signed-By: {KEYRING}",
    ]


def test_apt_writes_nowhere_but_in_its_private_folder_and_runs_no_hook() -> None:
    text = private_configuration(Path("/private"))
    for setting in ("Dir::Etc::sourcelist", "Dir::State::lists", "Dir::Cache"):
        assert f'{setting} "/private/' in text
    assert "#clear APT::Update::Post-Invoke-Success;" in text
    assert "trusted" not in text.lower()


SHOWSRC = """Package: python3.13
Version: 3.13.5-2+deb13u5
Package: python3.13
Version: 3.13.15-1
Package: python3.13
Version: 3.13.15-2
Package: python3.13
Version: 3.13.9~rc1-1
Package: python3.13
Version: 3.13.9-1
"""


def test_the_newest_version_comes_first_by_number_and_a_candidate_before_its_release() -> None:
    versions = wanted_versions(SHOWSRC, Build("3.13", free_threaded=False))
    assert versions == ("3.13.15-1", "3.13.9-1", "3.13.9~rc1-1", "3.13.5-2+deb13u5")


def test_an_exact_version_takes_only_itself() -> None:
    assert wanted_versions(SHOWSRC, Build("3.13.5", free_threaded=False)) == ("3.13.5-2+deb13u5",)
    assert wanted_versions(SHOWSRC, Build("3.13.1", free_threaded=False)) == ()


OS_RELEASE = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
FAKE_APT_GET = """
case "$*" in
    *update*) exit 100 ;;
    *=3.13.15-1*) echo "E: 404 Not Found" >&2; exit 100 ;;
    *=3.13.9-1*) {fetch} ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def fake_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH for `apt-get`; the mirror lists 3.13.15 and 3.13.9."""
    folder = tmp_path / "bin"
    script(folder / "apt-cache", f"cat <<'END'\n{SHOWSRC}\nEND")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    archive = Archive("http://mirror.example/debian", ("bookworm",), ("main",), KEYRING)
    monkeypatch.setattr(
        "threads_or_processes.interpreters.apt.configured_archives", lambda: (archive,)
    )
    monkeypatch.setattr(
        "threads_or_processes.interpreters.apt.installed_keyring", lambda _: KEYRING
    )
    return folder


def test_a_version_that_the_mirror_lists_but_lacks_is_passed_over(
    tmp_path: Path, fake_apt: Path, processes: Processes
) -> None:
    script(fake_apt / "apt-get", FAKE_APT_GET.format(fetch="echo source > python.orig.tar.xz"))
    path, version = fetch_source(STANDARD, tmp_path, os_release=OS_RELEASE, processes=processes)
    assert version == "3.13.9-1"
    assert path == tmp_path / "python.orig.tar.xz"
    assert path.read_text() == "source\n"


KEY = (
    "Key-Type: eddsa\nKey-Curve: ed25519\nName-Real: A Developer\nExpire-Date: 0\n%no-protection\n"
)


@pytest.fixture
def pool(tmp_path: Path, fake_apt: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror's pool of packages that no list names, and the key of the developer who signs.

    The pool is read by apt's own helper and checked by the real gpgv.
    """
    for tool in ("gpg", "gpgv", "/usr/lib/apt/apt-helper"):
        there(shutil.which(tool), f"no {tool} (Debian: apt-get install gnupg)")
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    subprocess.run(["gpg", "--batch", "--gen-key"], input=KEY, text=True, check=True)
    keyring = tmp_path / "keyring.gpg"
    subprocess.run(["gpg", "--output", str(keyring), "--export"], check=True)
    monkeypatch.setattr("threads_or_processes.interpreters.unlisted._KEYRING", str(keyring))
    folder = tmp_path / "pool"
    folder.mkdir()
    uri = f"copy:{folder}/python3.13_3.13.15.orig.tar.xz"
    script(
        fake_apt / "apt-get",
        f"""case "$*" in *--print-uris*) echo "'{uri}' name 1 SHA256:1" ;; *) exit 100 ;; esac""",
    )
    return folder


def signed(pool: Path, version: str, *, sha256: str | None = None) -> None:
    """Put a package into the pool; `sha256` is what its description says of the tarball."""
    tarball = pool / f"python3.13_{version}.orig.tar.xz"
    tarball.write_text(f"source of {version}")
    description = pool / f"python3.13_{version}-1.dsc"
    digest = sha256 or sha256_file(tarball)
    text = f"Checksums-Sha256:\n {digest} {tarball.stat().st_size} {tarball.name}\n"
    command = ["gpg", "--clearsign", "--output", str(description)]
    subprocess.run(command, input=text, text=True, check=True)


def test_a_version_that_the_mirror_holds_and_no_list_names_is_found(
    tmp_path: Path, pool: Path, processes: Processes
) -> None:
    signed(pool, "3.13.7")
    signed(pool, "3.13.14")
    path, version = fetch_source(STANDARD, tmp_path, os_release=OS_RELEASE, processes=processes)
    assert (version, path.read_text()) == ("3.13.14-1", "source of 3.13.14")
    exactly = Build("3.13.7", free_threaded=False)
    assert fetch_source(exactly, tmp_path, os_release=OS_RELEASE, processes=processes)[1] == (
        "3.13.7-1"
    )


def test_what_no_developer_signed_is_not_taken(
    tmp_path: Path, pool: Path, processes: Processes
) -> None:
    signed(pool, "3.13.14")
    signed(pool, "3.13.12", sha256="0" * 64)
    description = pool / "python3.13_3.13.14-1.dsc"
    description.write_text(description.read_text().replace("Sha256:\n ", "Sha256:\n  "))
    with pytest.raises(NoSourcePackageError, match="could be fetched"):
        fetch_source(STANDARD, tmp_path, os_release=OS_RELEASE, processes=processes)
    signed(pool, "3.13.11")
    assert fetch_source(STANDARD, tmp_path, os_release=OS_RELEASE, processes=processes)[1] == (
        "3.13.11-1"
    )


def test_when_nothing_can_be_fetched_apts_own_words_say_why(
    tmp_path: Path, fake_apt: Path, processes: Processes
) -> None:
    said = "W: a warning\nE: no route to the mirror\nE: Failed to fetch some archives."
    script(fake_apt / "apt-get", f"echo '{said}' >&2; exit 100")
    with pytest.raises(NoSourcePackageError, match=r"\(apt-get: E: no route to the mirror\)$"):
        fetch_source(STANDARD, tmp_path, os_release=OS_RELEASE, processes=processes)


def test_without_a_network_the_message_says_so(
    tmp_path: Path, fake_apt: Path, processes: Processes
) -> None:
    said = "W: Failed to fetch http://mirror.example/x  Could not resolve 'mirror.example'"
    script(fake_apt / "apt-get", f'echo "{said}" >&2')
    script(fake_apt / "apt-cache", "exit 100")
    with pytest.raises(NoSourcePackageError, match="Could not resolve"):
        fetch_source(STANDARD, tmp_path, os_release=OS_RELEASE, processes=processes)


def test_a_line_that_no_suite_has_is_said(
    tmp_path: Path, fake_apt: Path, processes: Processes
) -> None:
    script(fake_apt / "apt-get", "exit 0")
    with pytest.raises(NoSourcePackageError, match=r"no source package python3\.99"):
        fetch_source(
            Build("3.99", free_threaded=False), tmp_path, os_release=OS_RELEASE, processes=processes
        )


def test_an_unknown_distribution_cannot_supply(tmp_path: Path, processes: Processes) -> None:
    with pytest.raises(NoSourcePackageError, match="only Debian's and Ubuntu's"):
        fetch_source(STANDARD, tmp_path, os_release={"ID": "fedora"}, processes=processes)
