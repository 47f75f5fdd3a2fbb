"""The shape of a command to a recorder, as HTTP gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from server.domain.command import CommandKind, CommandState
from server.service.shapes import Named


class Command(msgspec.Struct, frozen=True):
    """What a recorder was asked, by whom (null: the server itself), and what became of it."""

    id: str
    kind: CommandKind
    args: dict[str, Any]
    state: CommandState
    made_at: datetime
    until: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    ok: bool | None
    data: dict[str, Any] | None
    error: str | None
    by: Named | None
