"""Tests wait on conditions, not on time, and no page is given less time than a slow machine needs."""

import re
from pathlib import Path

from tests.conftest import ROOT
from tests.repo.repository import tracked

# The one place that waits on the clock, and benches, which measure it.
MAY_SLEEP = (Path("tests/waiting.py"), Path("tests/bench"))
SLEEP = re.compile(
    r"\btime\.sleep\(|\bfrom time import .*\bsleep\b|\bwait_for_timeout\(|\basyncio\.sleep\([^0)]"
)
SHORTEST_MS = 15_000
TIMEOUT = re.compile(r"\btimeout=([\d_]+)")


def sources(under: str) -> list[Path]:
    """List the Python files below a folder, but for this one, relative to the root."""
    here = Path(__file__).relative_to(ROOT)
    return [
        path for path in tracked() if path.suffix == ".py" and path.is_relative_to(under) and path != here
    ]


def test_no_test_sleeps() -> None:
    found = [
        f"{path}: {match[0]}"
        for path in sources("tests")
        if not any(path.is_relative_to(place) for place in MAY_SLEEP)
        for match in SLEEP.finditer((ROOT / path).read_text("utf-8"))
    ]
    assert not found, "wait on a condition instead: tests/waiting.until"


def test_no_page_is_given_less_than_fifteen_seconds() -> None:
    found = [
        f"{path}: {line.strip()}"
        for path in sources("tests/browser")
        for line in (ROOT / path).read_text("utf-8").splitlines()
        if ("expect(" in line or ".to_" in line or ".wait_for" in line)
        and any(int(number) < SHORTEST_MS for number in TIMEOUT.findall(line))
    ]
    assert not found, "leave the timeout out: tests/browser/conftest.py sets a generous one for all"


def test_the_default_for_pages_is_generous() -> None:
    said = (ROOT / "tests/browser/conftest.py").read_text("utf-8")
    assert "expect.set_options(timeout=PATIENCE_S * 1000)" in said
