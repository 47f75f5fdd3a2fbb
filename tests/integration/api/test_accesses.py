"""A guardian reads who looked at the child or at its bus, and nothing of anybody else's."""

from __future__ import annotations

from typing import Any

from tests.builders.web import Web
from tests.builders.world import ALPHA, BRAVO
from tests.waiting import until

CHILD = f"/children/{ALPHA.id('child')}/accesses"


def told(web: Web, path: str = CHILD) -> list[tuple[str, str]]:
    items: list[dict[str, Any]] = web.browser("guardian-alpha").get(path).json["items"]
    return [(one["by"]["role"], one["what"]) for one in items]


def test_a_guardian_reads_who_looked(web: Web) -> None:
    assert web.browser("guardian-alpha").get("/children").status_code == 200
    for username, path in (
        ("school-alpha", f"/trips/{ALPHA.id('run')}/manifest"),
        ("operator-alpha", f"/trips/{ALPHA.id('run')}/track"),
        ("operator-bravo", f"/trips/{BRAVO.id('run')}/track"),
        ("neighbour-guardian-alpha", "/children"),
        ("admin", f"/riders/{ALPHA.id('child')}"),
    ):
        assert web.browser(username).get(path).status_code in (200, 401), path
    expected = [("admin", "read_rider"), ("operator", "read_track"), ("school", "read_manifest")]
    until(lambda: sorted(told(web)) == expected, f"the audit is written: {expected}")
    newest = web.browser("guardian-alpha").get(f"{CHILD}?limit=1").json
    rest = web.browser("guardian-alpha").get(f"{CHILD}?after={newest['next']}").json
    assert len(newest["items"]) == 1 and len(rest["items"]) == 2 and rest["next"] is None
    assert newest["items"][0]["by"]["name"].startswith("User ")
    assert web.browser("guardian-alpha").get(f"{CHILD}?after=x").status_code == 422
    assert web.browser("guardian-bravo").get(CHILD).status_code == 404


def test_what_is_older_than_a_month_is_not_told(web: Web) -> None:
    web.browser("school-alpha").get(f"/trips/{ALPHA.id('run')}/manifest")
    until(lambda: told(web) == [("school", "read_manifest")], "the audit is written")
    web.clock.advance(31 * 86_400.0)
    assert told(web) == []
