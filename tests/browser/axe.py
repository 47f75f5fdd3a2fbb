"""Asks axe-core what of a page keeps people out."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.conftest import ROOT

SOURCE = ROOT / "web/node_modules/axe-core/axe.min.js"


def violations(page: Page) -> list[str]:
    """Give each violation as one line: the rule, what it asks and the first element that breaks it."""
    assert SOURCE.is_file(), (
        "axe-core is not there: run `make web`, which installs what the pages' tests need"
    )
    session = page.context.new_cdp_session(page)
    # The page's own policy forbids foreign code, and shall: the debugger is let in beside it.
    session.send("Runtime.evaluate", {"expression": SOURCE.read_text("utf-8")})
    answer = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v =>"
            " `${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    session.detach()
    assert "exceptionDetails" not in answer, answer
    found: list[str] = answer["result"]["value"]
    return found
