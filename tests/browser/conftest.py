"""One demo and one browser for all tests of this folder; every visitor is asked at the end what went wrong before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.demo import Demo, running
from tests.browser.town import Town, living
from tests.browser.visitor import Place, Visitor
from tests.conftest import ROOT, find_chromium
from tests.ports import free_port
from tests.waiting import PATIENCE_S

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Give the running demo county."""
    assert (ROOT / "web/dist/index.html").is_file(), "the pages are not built: run `make web`"
    with running(tmp_path_factory.mktemp("demo"), free_port(), free_port()) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Debian's Chromium."""
    # What a test waits for is a condition, not a time: only a test that fails waits so long.
    expect.set_options(timeout=PATIENCE_S * 1000)
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


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Give a town whose buses do as the tests of a module say, each with buses of its own."""
    assert (ROOT / "web/dist/index.html").is_file(), "the pages are not built: run `make web`"
    with living(tmp_path_factory.mktemp("town"), free_port(), free_port()) as found:
        yield found


@pytest.fixture
def call(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Give a maker of visitors to any place, who leave when the test ends."""
    made: list[Visitor] = []

    def make(place: Place, *words: Any) -> Visitor:  # noqa: ANN401 - a visitor's own words
        made.append(Visitor(browser, place, *words))
        return made[-1]

    yield make
    for visitor in made:
        visitor.leave()
