"""The repository's own files, as git sees them, for the tests about it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT


def tracked() -> list[Path]:
    """Give every file that is committed or staged, relative to the root; skip where this is no clone."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (ROOT / (path := Path(name))).exists()]


def tracked_texts() -> Iterator[tuple[Path, str]]:
    """Give every tracked file that is UTF-8 text, with its text."""
    for path in tracked():
        try:
            yield path, (ROOT / path).read_text("utf-8")
        except UnicodeDecodeError:
            continue
