"""What every test may ask for, and the rule that a test which lacks its tool is skipped here and fails in CI."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests import ports

ROOT = Path(__file__).parents[1]
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Give the browser's path: SIXFIXED_CHROMIUM, else the first on the PATH."""
    return os.environ.get("SIXFIXED_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)


def find_mosquitto() -> str | None:
    """Give the broker's path; Debian puts it where a user's PATH doesn't look."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


# The machine's speed decides nothing. In CI each run tries the same examples; `make soak` tries many others.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

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


# What takes longest begins first, so that no worker is left with it in the end.
_FIRST = (
    "tests/faults/test_processes.py",
    "tests/browser",
    "tests/unit/demo/test_driven_day.py",
    "tests/faults",
    "tests/sim/test_protocol.py",
    "tests/bench",
    "tests/sim",
    "tests/integration/mqtt",
)
# Tests that share what is dear to make stay together on one worker: the demo, a broker, a world of two sides.
_TOGETHER = ("tests/browser", "tests/integration/mqtt/test_rights.py", "tests/contract/test_rights.py")


def _place(path: str, places: Sequence[str]) -> int:
    return next((n for n, place in enumerate(places) if f"{path}/".startswith(f"{place}/")), len(places))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and leave the soak out unless it is named."""
    if "soak" not in config.option.markexpr:
        out = [item for item in items if item.get_closest_marker("soak")]
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=out)
    items.sort(key=lambda item: _place(item.path.relative_to(ROOT).as_posix(), _FIRST))


class _Together(LoadScopeScheduling):
    """Hands out tests one by one, but for those that stay together (decision 0110)."""

    def _split_scope(self, nodeid: str) -> str:
        together = _place(nodeid.partition("::")[0], _TOGETHER)
        return _TOGETHER[together] if together < len(_TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:  # noqa: ANN401 - the plug-in's own
    """Hand out the tests, several workers at a time."""
    return _Together(config, log)


@pytest.fixture
def chromium_path() -> str:
    """Give the browser's path to a test marked `browser`."""
    path = find_chromium()
    assert path, "mark the test with `browser`"
    return path


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Give a maker of TCP ports that are free on loopback, each another."""
    return ports.free_port
