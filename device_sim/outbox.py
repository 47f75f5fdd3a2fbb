"""The recorders' own log: every record is here before it may be published, and until 7 days after it was saved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from device_sim.errors import SimError
from device_sim.fleet import Written
from device_sim.runs import DayPlan
from device_sim.spans import Span, Spans
from device_sim.wire import KINDS, encode_record

KEEP_MS = 7 * 86_400_000
_DAY_MS = 86_400_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS devices (
  device TEXT PRIMARY KEY, epoch INTEGER NOT NULL, next_seq INTEGER NOT NULL, upto INTEGER NOT NULL,
  missing TEXT NOT NULL, heard INTEGER NOT NULL, boot INTEGER NOT NULL, state BLOB, plan TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, t INTEGER NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (device, epoch, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, day INTEGER NOT NULL, floor INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, day)) WITHOUT ROWID;
"""


class Memory(msgspec.Struct):
    """What one device knows of its log: the next number, and what the server said is saved (`heard`: it ever said so)."""

    device: str
    epoch: int = 0
    next_seq: int = 1
    upto: int = 0
    missing: list[Span] = []
    heard: bool = False
    boot: int = 0
    state: bytes | None = None

    def unsaved(self) -> Spans:
        """The numbers that the server has not committed."""
        spans = Spans((first, min(last, self.next_seq - 1)) for first, last in self.missing)
        spans.add(self.upto + 1, self.next_seq - 1)
        return spans


class Logged(msgspec.Struct, frozen=True):
    """One record in the log; `body` is the message as it goes out alone."""

    device: str
    seq: int
    kind: str
    t: int
    body: bytes


class Outbox:
    """One SQLite file for a fleet. Not for two writers: see lock.py."""

    def __init__(self, folder: Path) -> None:
        path = folder / "outbox.sqlite"
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise SimError(
                f"{path} cannot be opened as the recorders' log ({error}); move it away or name another --state"
            ) from None
        self.memories: dict[str, Memory] = {}
        self._dirty: set[str] = set()
        self._marked: dict[str, tuple[int, int]] = {}

    def remember(self, devices: Iterable[str]) -> None:
        """Load what those devices know; one that was never here starts at 1 in epoch 0. Each has booted once more."""
        rows = self._db.execute(
            "SELECT device, epoch, next_seq, upto, missing, heard, boot, state FROM devices"
        )
        known = {row[0]: row for row in rows}
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for device in devices:
                memory = Memory(device)
                if device in known:
                    _, epoch, next_seq, upto, missing, heard, boot, state = known[device]
                    spans = msgspec.json.decode(missing, type=list[tuple[int, int]])
                    memory = Memory(device, epoch, next_seq, upto, spans, bool(heard), boot, state)
                memory.boot += 1
                self.memories[device] = memory
                self._write(memory)

    def append(self, written: Iterable[Written]) -> list[Logged]:
        """Number and log records with the states of their buses, all in one transaction; then they may be published."""
        logged: list[Logged] = []
        counts: dict[str, int] = {}
        for part in written:
            memory = self.memories[part.device]
            seq = counts.get(part.device, memory.next_seq)
            for record in part.records:
                body = encode_record(record, memory.epoch, seq)
                logged.append(Logged(part.device, seq, KINDS[type(record)], record.t, body))
                seq += 1
            counts[part.device] = seq
            memory.state = part.state
        if not counts:
            return []
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (one.device, self.memories[one.device].epoch, one.seq, one.kind, one.t, one.body)
                    for one in logged
                ],
            )
            for device, seq in counts.items():
                self.memories[device].next_seq = seq
                self._dirty.add(device)
            self._flush()
        return logged

    def read(self, device: str, seqs: list[int]) -> list[Logged]:
        """The records of those numbers (rising) that are still in the log."""
        if not seqs:
            return []
        rows = self._db.execute(
            "SELECT seq, kind, t, body FROM records WHERE device = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (device, self.memories[device].epoch, seqs[0], seqs[-1]),
        )
        wanted = set(seqs)
        return [Logged(device, *row) for row in rows if row[0] in wanted]

    def oldest(self, device: str) -> int:
        """The lowest number that is still in the log; the next one when it is empty."""
        memory = self.memories[device]
        row = self._db.execute(
            "SELECT min(seq) FROM records WHERE device = ? AND epoch = ?", (device, memory.epoch)
        ).fetchone()
        return row[0] if row[0] is not None else memory.next_seq

    def note_saved(self, device: str, upto: int, missing: list[Span], now_ms: int) -> None:
        """Remember what the server has; written with the next flush, for it can be asked again."""
        memory = self.memories[device]
        memory.upto, memory.missing, memory.heard = upto, missing, True
        self._dirty.add(device)
        day = now_ms // _DAY_MS
        if self._marked.get(device) != (memory.epoch, day):
            # The first answer of each day is what purge goes by.
            self._marked[device] = (memory.epoch, day)
            floor = missing[0][0] - 1 if missing else upto
            self._db.execute(
                "INSERT OR IGNORE INTO marks VALUES (?, ?, ?, ?)", (device, memory.epoch, day, floor)
            )

    def new_epoch(self, device: str, epoch: int) -> None:
        """Go on under a higher epoch: what is in the log is numbered the same, under the new one, and nothing is saved."""
        memory = self.memories[device]
        rows = self._db.execute(
            "SELECT seq, kind, t, body FROM records WHERE device = ? AND epoch = ?", (device, memory.epoch)
        ).fetchall()
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM records WHERE device = ?", (device,))
            for seq, kind, t, body in rows:
                fields = msgspec.json.decode(body) | {"epoch": epoch}
                again = msgspec.json.encode(fields)
                self._db.execute(
                    "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", (device, epoch, seq, kind, t, again)
                )
            memory.epoch, memory.upto, memory.missing, memory.heard = epoch, 0, [], False
            self._write(memory)

    def forget(self, device: str) -> None:
        """Lose the device's memory, as a recorder does whose storage was changed: empty log, from 1, higher epoch."""
        memory = self.memories[device]
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM records WHERE device = ?", (device,))
            memory.epoch, memory.next_seq, memory.upto, memory.missing, memory.heard = (
                memory.epoch + 1,
                1,
                0,
                [],
                False,
            )
            self._write(memory)

    def reboot(self, device: str) -> None:
        """Count one more start of the device."""
        self.memories[device].boot += 1
        self._dirty.add(device)

    def keep_plan(self, device: str, plan: str) -> None:
        """Keep the day's plan that the server sent (JSON)."""
        self._db.execute("UPDATE devices SET plan = ? WHERE device = ?", (plan, device))

    def list_plans(self) -> dict[str, DayPlan]:
        """The plan that each device was sent last; one that this program can't read is none."""
        found = {}
        for device, text in self._db.execute("SELECT device, plan FROM devices WHERE plan IS NOT NULL"):
            with suppress(msgspec.DecodeError):
                found[device] = msgspec.json.decode(text, type=DayPlan)
        return found

    def purge(self, now_ms: int) -> int:
        """Delete what was saved 7 days ago or earlier; gives the count."""
        gone = 0
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for memory in self.memories.values():
                row = self._db.execute(
                    "SELECT max(floor) FROM marks WHERE device = ? AND epoch = ? AND day < ?",
                    (memory.device, memory.epoch, (now_ms - KEEP_MS) // _DAY_MS),
                ).fetchone()
                floor = min(row[0] or 0, memory.missing[0][0] - 1 if memory.missing else memory.upto)
                gone += self._db.execute(
                    "DELETE FROM records WHERE device = ? AND epoch = ? AND seq <= ?",
                    (memory.device, memory.epoch, floor),
                ).rowcount
        return gone

    def flush(self) -> None:
        """Write down what was only remembered."""
        if self._dirty:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._flush()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._db.close()

    def _flush(self) -> None:
        for device in self._dirty:
            self._write(self.memories[device])
        self._dirty.clear()

    def _write(self, memory: Memory) -> None:
        self._db.execute(
            "INSERT INTO devices (device, epoch, next_seq, upto, missing, heard, boot, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (device) DO UPDATE SET epoch = excluded.epoch, next_seq = excluded.next_seq,"
            " upto = excluded.upto, missing = excluded.missing, heard = excluded.heard, boot = excluded.boot,"
            " state = excluded.state",
            (
                memory.device,
                memory.epoch,
                memory.next_seq,
                memory.upto,
                msgspec.json.encode(memory.missing).decode(),
                memory.heard,
                memory.boot,
                memory.state,
            ),
        )
