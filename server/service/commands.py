"""Ask a recorder to do something, and see what became of it."""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec

from server.domain.command import BadArgs, CommandKind, read_args, state_of
from server.errors import ConflictError, InvalidError
from server.ids import new_id
from server.service.command_rows import CommandRow, DueCommand
from server.service.command_shapes import Command
from server.service.instants import at
from server.service.policy import Caller
from server.service.shapes import Items
from server.service.web_ports import Work

KINDS: Final[tuple[CommandKind, ...]] = get_args(CommandKind)
MOST_WAITING: Final = 20  # own choice: whoever asks more of one recorder has a loop, or bad intentions


class Answered(msgspec.Struct):
    """A device's own words, shown as far as they can be read."""

    data: dict[str, Any] | None = None
    error: str | None = None


def ask(
    work: Work, caller: Caller, device_id: str, kind: str, args: dict[str, Any], minutes: int, now_ms: int
) -> Command:
    """Keep a command for ingest to publish; give it.

    Raise InvalidError for a kind that no recorder has or arguments that aren't the kind's, ConflictError where the recorder is not the
    one in use or has too much to answer.
    """
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise InvalidError(
            f"There is no command {kind!r}: a recorder knows {', '.join(KINDS)}.", fields={"kind": "unknown"}
        )
    try:
        plain = read_args(known, args)
    except BadArgs as why:
        raise InvalidError(
            f"{why.field} can't be sent as {known}: {why}.", fields={why.field: str(why)}
        ) from None
    if not work.commands.is_active(device_id):
        raise ConflictError(f"Recorder {device_id} is not in use: ask the one that is fitted to the bus now.")
    if work.commands.count_waiting(device_id, now_ms) >= MOST_WAITING:
        raise ConflictError(
            f"Recorder {device_id} has {MOST_WAITING} commands to answer: wait until it has, or until they end.",
            code="too_many",
        )
    made = DueCommand(new_id(), device_id, known, msgspec.json.encode(plain), now_ms + 60_000 * minutes)
    work.commands.add(made, caller.user_id, now_ms)
    return show(work.commands.get(made.id), now_ms)


def list_commands(work: Work, device_id: str, after: str | None, limit: int, now_ms: int) -> Items[Command]:
    """List what a recorder was asked, newest first."""
    rows = work.commands.page(device_id, after, limit + 1)
    page = rows[:limit]
    return Items([show(row, now_ms) for row in page], page[-1].id if len(rows) > limit else None)


def show(row: CommandRow, now_ms: int) -> Command:
    """Give a command's shape as of now."""
    said, zone = Answered(), row.timezone
    if row.answer is not None:
        try:
            said = msgspec.json.decode(row.answer, type=Answered)
        except msgspec.DecodeError:
            said = Answered(error="the answer can't be read")
    return Command(
        id=row.id, kind=row.kind, args=msgspec.json.decode(row.args),
        state=state_of(
            sent_ms=row.sent_at_ms, answered_ms=row.answered_at_ms, ok=row.ok, until_ms=row.until_ms, now_ms=now_ms
        ),
        made_at=at(row.made_at_ms, zone), until=at(row.until_ms, zone), sent_at=at(row.sent_at_ms, zone),
        answered_at=at(row.answered_at_ms, zone), ok=row.ok, data=said.data, error=said.error, by=row.by,
    )  # fmt: skip
