"""What recorders are told to do, on its way out: what people asked for, and each bus's plan of the day when it changes.

A command is published after the commit that holds it and marked with the next look, so a crash between repeats it under its id,
which a recorder answers again and doesn't obey twice. What isn't answered while it holds is sent again when the recorder comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from server.service.command_rows import CommandWork, DueCommand
from server.service.ingest_ports import Speaker

AT_ONCE: Final = 100
PLANS_AT_ONCE: Final = 25  # own choice: some ten milliseconds of a look, however many buses a province has
PLAN_HOLDS_MS: Final = (
    12 * 3_600_000
)  # own choice: a recorder that was away for longer is told anew with the next day
LOOK_AGAIN_MS: Final = (
    3_600_000  # own choice: by then a new date has begun, or something changed that nobody counted
)
BACK_MS: Final = 120_000  # own choice: exceptions are looked at again so far back, lest one that was committed late be missed


class Commanding:
    """Remembers whose plan is to be looked at, who came back, and what was published and isn't marked."""

    def __init__(self, now_ms: int) -> None:
        self._plans: dict[str, None] = {}
        self._came: set[str] = set()
        self._sent: list[tuple[str, int]] = []
        self._all_ms: int | None = None
        self._excepted_ms = now_ms - BACK_MS

    def came(self, device_ids: Iterable[str]) -> None:
        """Note recorders that came (back) to the broker."""
        self._came.update(device_ids)

    def look(
        self, work: CommandWork, changed: frozenset[str], concerned: Iterable[str], now_ms: int
    ) -> list[DueCommand]:
        """Make and list what is to be published after the commit; `changed` as the catalogue names it, `concerned` are vehicles."""
        self._plans |= dict.fromkeys(concerned)
        if "inputs" in changed:
            self._plans |= dict.fromkeys(work.list_excepted(self._excepted_ms, now_ms))
        if (
            changed & {"catalog", "trips"}
            or self._all_ms is None
            or abs(now_ms - self._all_ms) >= LOOK_AGAIN_MS
        ):
            self._plans |= dict.fromkeys(work.list_recorders())
            self._all_ms = now_ms
        due = list(self._plans)[:PLANS_AT_ONCE]
        if due:
            work.plan_days(due, now_ms, now_ms + PLAN_HOLDS_MS)
        work.mark_sent(self._sent)
        if self._came:
            work.send_again(sorted(self._came), now_ms)
        return list(work.list_commands(now_ms, AT_ONCE))

    def committed(self, commands: Sequence[DueCommand], speaker: Speaker, now_ms: int) -> None:
        """Forget what the commit holds, and publish what it was for."""
        for vehicle_id in list(self._plans)[:PLANS_AT_ONCE]:
            del self._plans[vehicle_id]
        self._came.clear()
        self._excepted_ms = now_ms - BACK_MS
        self._sent = [(one.id, now_ms) for one in commands if speaker.command(one)]
