"""Commands to recorders as the database keeps them, and the ports that give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from server.domain.command import CommandKind
from server.service.shapes import Named


class DueCommand(msgspec.Struct, frozen=True):
    """A command that is to be published; `args` is JSON, `until_ms` (UTC) the instant from which it is not obeyed."""

    id: str
    device_id: str
    kind: CommandKind
    args: bytes
    until_ms: int


class CommandRow(msgspec.Struct, frozen=True):
    """A command with what became of it; instants in UTC ms."""

    id: str
    device_id: str
    kind: CommandKind
    args: bytes
    by: Named | None
    made_at_ms: int
    until_ms: int
    sent_at_ms: int | None
    answered_at_ms: int | None
    ok: bool | None
    answer: bytes | None
    timezone: str


class CommandStore(Protocol):
    """What web asks of the database."""

    def add(self, command: DueCommand, user_id: str, now_ms: int) -> None:
        """Keep a command for ingest to publish."""
        ...

    def get(self, command_id: str) -> CommandRow:
        """Give one that is there."""
        ...

    def page(self, device_id: str, after: str | None, limit: int) -> list[CommandRow]:
        """List a recorder's, newest first, from behind `after`."""
        ...

    def count_waiting(self, device_id: str, now_ms: int) -> int:
        """Count those that hold and that nobody has answered."""
        ...

    def is_active(self, device_id: str) -> bool:
        """Say whether the recorder is the one in use on its bus."""
        ...


class CommandWork(Protocol):
    """What ingest asks of its transaction."""

    def list_commands(self, now_ms: int, at_most: int) -> Sequence[DueCommand]:
        """List what was not published yet and still holds, the oldest first; a `plan` that was asked for is filled in."""

    def mark_sent(self, sent: Sequence[tuple[str, int]]) -> None:
        """Keep that commands were published, (id, UTC ms)."""

    def answer_command(self, device_id: str, command_id: str, ok: bool, answer: bytes, at_ms: int) -> None:
        """Keep a device's answer to a command of its own; the first one counts, and one to no command of its is left."""

    def send_again(self, device_ids: Sequence[str], now_ms: int) -> None:
        """Have what these recorders did not answer, and what still holds, published again under the same id."""

    def list_recorders(self) -> list[str]:
        """List the vehicles with a recorder in use."""

    def list_excepted(self, since_ms: int, now_ms: int) -> list[str]:
        """List the vehicles whose riders of these days were said to be absent, or not, since an instant."""

    def plan_days(self, vehicle_ids: Sequence[str], now_ms: int, until_ms: int) -> int:
        """Put what the buses of these vehicles have to run today among the commands, where it isn't what was told last."""
