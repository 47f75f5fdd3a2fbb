"""A person before the page: one browser context of their own, and everything in it that must not happen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.demo import Family
from tests.conftest import ROOT
from tests.waiting import PATIENCE_S, until

Language = Literal["zh", "en"]
Scheme = Literal["light", "dark"]
OUTPUT = ROOT / "tests" / "output" / "browser"
PHONE, DESK = (390, 844), (1440, 900)
LOCALES: dict[Language, str] = {"zh": "zh-CN", "en": "en-GB"}
USERNAME = {"zh": "用户名", "en": "User name"}
PASSWORD = {"zh": "密码", "en": "Password"}
SUBMIT = {"zh": "登录", "en": "Sign in"}
# A first visit asks who is signed in, and Chromium notes the answer "nobody" as an error.
NOBODY = "the server responded with a status of 401"


class Place(Protocol):
    """Where a visitor goes: the demo, or any other system."""

    @property
    def url(self) -> str:
        """Give the address of its pages."""


class Visitor:
    """One person's browser."""

    def __init__(
        self,
        browser: Browser,
        demo: Place,
        size: tuple[int, int] = PHONE,
        language: Language = "zh",
        scheme: Scheme = "light",
    ) -> None:
        self.demo, self.size, self.language = demo, size, language
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=LOCALES[language], color_scheme=scheme
        )
        self.context.set_default_timeout(PATIENCE_S * 1000)
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.forgiven: tuple[str, ...] = (NOBODY,)
        self.context.on("request", self._saw_request)
        self.page = self.open_tab()

    def open_tab(self) -> Page:
        """Open another page in the same browser."""
        page = self.context.new_page()
        page.on("console", self._saw_message)
        page.on("pageerror", lambda error: self.errors.append(f"thrown: {error}"))
        page.on("dialog", lambda dialog: self.errors.append(f"a dialog: {dialog.message}"))
        return page

    def _saw_request(self, request: Request) -> None:
        own = (self.demo.url, self.demo.url.replace("http", "ws", 1), "blob:", "data:")
        if not request.url.startswith(own):
            self.foreign.append(request.url)

    def _saw_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self.forgiven):
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def forgive(self, words: str) -> None:
        """Expect an error of the console that holds these words, as one does who cuts the line."""
        self.forgiven = (*self.forgiven, words)

    def log_in(self, family: Family) -> Page:
        """Log in as a guardian does, and wait for the first sentence."""
        page = self.enter(family.username, family.password)
        expect(self.at("sentence")).to_be_visible()
        return page

    def enter(self, username: str, password: str) -> Page:
        """Log in as anybody does."""
        page = self.page
        page.goto(self.demo.url)
        page.get_by_label(USERNAME[self.language], exact=True).fill(username)
        page.get_by_label(PASSWORD[self.language], exact=True).fill(password)
        page.get_by_role("button", name=SUBMIT[self.language], exact=True).click()
        return page

    def at(self, hook: str) -> Locator:
        """Find what carries this data-testid."""
        return self.page.get_by_test_id(hook)

    def marker(self) -> tuple[str | None, str | None]:
        """Give where the bus is drawn."""
        marker = self.at("bus-marker")
        return marker.get_attribute("data-lat"), marker.get_attribute("data-lon")

    def expect_map(self) -> None:
        """Wait until the map is drawn with the bus on it."""
        expect(self.page.locator("canvas[data-ready=true]")).to_be_attached()
        expect(self.at("bus-marker")).to_be_visible()

    def expect_moves(self, within_s: float = 2 * PATIENCE_S) -> None:
        """Wait until the bus is drawn elsewhere than now; it may stand at a school for some minutes of its clock first."""
        was = self.marker()
        until(lambda: self.marker() != was, "the bus moves on the map", within_s)

    def ask(self, method: str, path: str, body: object = None, csrf: str = "") -> tuple[int, Any]:
        """Ask the server with this browser's session; give the status and the JSON."""
        answer = self.context.request.fetch(
            f"{self.demo.url}/api/v1{path}",
            method=method,
            headers={"X-CSRF-Token": csrf, "Origin": self.demo.url},
            data=body,
            timeout=PATIENCE_S * 1000,
        )
        return answer.status, answer.json() if answer.body() else None

    def shoot(self, name: str) -> Path:
        """Keep a picture for a person to look at."""
        OUTPUT.mkdir(parents=True, exist_ok=True)
        path = OUTPUT / f"{name}-{self.size[0]}x{self.size[1]}-{self.language}.png"
        self.page.screenshot(path=path)
        return path

    def leave(self) -> None:
        """Close the browser, and fail for what must not have happened in it."""
        self.context.close()
        assert not self.foreign, f"requests to others: {self.foreign}"
        assert not self.errors, f"errors on the console: {self.errors}"


def navigations(page: Page) -> Callable[[], int]:
    """Count the documents that the page loads from now on."""
    count = 0

    def navigated(request: Request) -> None:
        nonlocal count
        count += request.is_navigation_request()

    page.on("request", navigated)
    return lambda: count
