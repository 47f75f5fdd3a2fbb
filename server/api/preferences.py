"""What a guardian wants to be told of a child."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint
from server.domain.trip import NoticeKind
from server.service import policy, preferences
from server.service.shapes import Lead, Preference, Preferences

WAKE = "wake/ingest"


class Wanted(msgspec.Struct, frozen=True):
    """PUT /children/{id}/preferences/{direction}."""

    lead: Lead
    muted: Annotated[list[NoticeKind], Meta(max_length=32)]


def list_preferences(ask: Ask) -> Preferences:
    """Show both directions."""
    return preferences.list_preferences(ask.work, ask.who, ask.subject)


def choose(ask: Ask) -> Preference:
    """Keep a choice and tell whoever folds."""
    wanted: Wanted = ask.body
    kept, changed = preferences.choose(
        ask.work, ask.who, ask.subject, ask.path["direction"], wanted.lead, wanted.muted, ask.now_ms
    )
    if changed:
        ask.note("change_preferences", ask.subject)
        body = msgspec.json.encode({"why": "inputs", "vehicles": []})
        ask.after.append(lambda: ask.deps.publish(WAKE, body))
    return kept


ENDPOINTS = (
    Endpoint("GET", "/children/{child}/preferences", policy.CHILD_PREFERENCES, list_preferences, Preferences,
             "What I am told of a child"),
    Endpoint("PUT", "/children/{child}/preferences/{direction}", policy.CHILD_PREFERENCES, choose, Preference,
             "Choose what I am told of a child", takes=Wanted, works="write"),
)  # fmt: skip
