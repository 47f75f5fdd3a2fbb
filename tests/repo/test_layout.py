"""The top of the repository holds what STYLE allows, and nothing in it tells of where it was made."""

import re

from tests.conftest import ROOT
from tests.repo.repository import tracked, tracked_texts

ALLOWED = {
    *("server", "device_sim", "web", "migrations", "tests", "docs", "deploy", ".ci"),
    *("setup.cfg", "pyproject.toml", "Makefile", "README.md", "README.zh-CN.md", "LICENSE", ".gitignore"),
}
# Folders of one machine, and the registries and mirrors that packages came from.
LEAK = re.compile(
    r"/work/(?:main|shared)|/root/|/home/\w+/|file:///|registry\.npmjs|pypi\.org|pythonhosted|npmmirror|index-url",
)
EMPTY_WORDS = ("utils", "helpers", "common", "manager", "base")


def test_the_top_holds_nothing_else() -> None:
    assert {path.parts[0] for path in tracked()} <= ALLOWED


def test_no_path_of_a_machine_and_no_registry_is_named() -> None:
    here = "tests/repo/test_layout.py"
    found = [
        f"{path}: {match[0]}"
        for path, text in tracked_texts()
        if str(path) != here
        for match in LEAK.finditer(text)
    ]
    assert not found


def test_modules_are_named_after_what_they_hold() -> None:
    assert not [path for path in tracked() if path.suffix == ".py" and path.stem in EMPTY_WORDS]


def test_every_module_opens_with_a_sentence() -> None:
    for path in (
        path for path in tracked() if path.suffix == ".py" and path.parts[0] in ("server", "device_sim")
    ):
        assert re.match(r'r?"""\S', (ROOT / path).read_text("utf-8")), f"{path} says nothing about itself"


def test_scripts_may_be_run() -> None:
    for script in (
        ".ci/run",
        "deploy/make-venv",
        "deploy/with-node",
        "deploy/test-system",
        "deploy/make-lock",
    ):
        assert (ROOT / script).stat().st_mode & 0o111, f"{script} is not executable"
