"""One demo and one browser for all tests of this folder; every visitor is asked at the end what went wrong before them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.demo import Demo, running
from tests.browser.visitor import Visitor
from tests.conftest import ROOT, find_chromium

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Give the running demo county."""
    assert (ROOT / "web/dist/index.html").is_file(), "the pages are not built: run `make web`"
    with running(tmp_path_factory.mktemp("demo"), *_ports()) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Debian's Chromium."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=find_chromium(), args=[*ARGUMENTS])
        yield found
        found.close()


@pytest.fixture
def visit(browser: Browser, demo: Demo) -> Iterator[Callable[..., Visitor]]:
    """Give a maker of visitors, who leave when the test ends."""
    made: list[Visitor] = []

    def make(*words: Any) -> Visitor:  # noqa: ANN401 - a visitor's own words
        made.append(Visitor(browser, demo, *words))
        return made[-1]

    yield make
    for visitor in made:
        visitor.leave()
