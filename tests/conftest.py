"""What every test may ask for, and the rule that a test which lacks its tool is skipped here and fails in CI."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Give the browser's path: SIXFIXED_CHROMIUM, else the first on the PATH."""
    return os.environ.get("SIXFIXED_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)


def find_mosquitto() -> str | None:
    """Give the broker's path; Debian puts it where a user's PATH doesn't look."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


_TOOLS: dict[str, tuple[Callable[[], str | None], str]] = {
    "browser": (find_chromium, "Chromium is not installed: apt install chromium"),
    "mosquitto": (find_mosquitto, "Mosquitto is not installed: apt install mosquitto"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool isn't here; in CI that is a failure, since nothing may be skipped unseen."""
    for marker, (find, missing) in _TOOLS.items():
        if item.get_closest_marker(marker) and find() is None:
            if os.environ.get("CI") == "true":
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)


@pytest.fixture
def chromium_path() -> str:
    """Give the browser's path to a test marked `browser`."""
    path = find_chromium()
    assert path, "mark the test with `browser`"
    return path


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Give a maker of TCP ports that were free on loopback a moment ago, each another."""
    given: set[int] = set()

    def make() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in given:
                given.add(port)
                return port

    return make
