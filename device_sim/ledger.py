"""What one device still owes the server: which records to send, send again, or name as lost. Pure: times are given."""

from __future__ import annotations

import msgspec

from device_sim.outbox import Memory
from device_sim.spans import Span, Spans
from device_sim.wire import Saved

# Network time, so real seconds. The server asks for a hole when it is 5 s old: a hole that is asked for sooner after it
# was sent again is the same asking.
ASKED_AGAIN_S = 8.0
SILENT_S = 30.0
HOLD_S = 5.0
WINDOW = 400
TRIES = 3


class Owed(msgspec.Struct, frozen=True):
    """What a `saved` led to: the ranges to name as a gap, and whether it shows that this device has lost its memory."""

    gaps: list[Span] = []
    forgot: bool = False


class Ledger:
    """Delivery of one device's records; `memory` is the durable half, this is what is known of the connection."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.todo = memory.unsaved()
        self._sent: dict[int, float] = {}
        self._tries: dict[int, int] = {}
        self._heard_at = 0.0
        self._hold_until = 0.0
        self._windowed: set[int] = set()

    def connected(self, now: float) -> None:
        """A new connection: all that isn't saved is owed, but the server speaks first (it says `saved` on `online`)."""
        self.todo = self.memory.unsaved()
        self._sent.clear()
        self._windowed.clear()
        self._heard_at = now
        self._hold_until = now + HOLD_S

    def holds_live(self, now: float) -> bool:
        """Whether even live records wait: a device with an empty past may have lost it, and only the server knows."""
        return not self.memory.heard and now < self._hold_until

    def owe(self, seq: int) -> None:
        """A record was logged that isn't sent live."""
        self.todo.add(seq, seq)

    def sent(self, seqs: list[int], now: float, batch: bool) -> None:
        """These went out."""
        for seq in seqs:
            self._sent[seq] = now
        if batch:
            self._windowed.update(seqs)

    def take(self, count: int, now: float) -> list[int]:
        """The oldest records to send in a batch now, none while the window is full or the server has yet to speak."""
        if not self.todo or now < self._hold_until:
            return []
        room = WINDOW - len(self._windowed)
        return self.todo.take(min(count, room)) if room > 0 else []

    def saved(self, saved: Saved, now: float) -> Owed:
        """Take in what the server has; the caller makes it durable (`memory` isn't changed here)."""
        memory = self.memory
        if saved.epoch < memory.epoch:
            return Owed()
        if saved.epoch > memory.epoch or saved.upto >= memory.next_seq:
            return Owed(forgot=True)
        self._heard_at, self._hold_until = now, 0.0
        lacking = Spans(saved.missing)
        owed = Spans(saved.missing)
        owed.add(saved.upto + 1, memory.next_seq - 1)
        # A server restored from a backup knows less than before: what it had then is owed again, sent or not.
        if memory.heard and saved.upto < memory.upto:
            self.todo.add(saved.upto + 1, memory.upto)
        self.todo.keep(owed)
        self._sent = {seq: at for seq, at in self._sent.items() if seq in owed}
        self._tries = {seq: tries for seq, tries in self._tries.items() if seq in lacking}
        self._windowed &= self._sent.keys()
        return Owed(gaps=self._ask_again(lacking, now))

    def _ask_again(self, lacking: Spans, now: float) -> list[Span]:
        lost = Spans()
        for first, last in lacking:
            for seq in range(first, min(last, self.memory.next_seq - 1) + 1):
                if seq in self.todo or now - self._sent.get(seq, -ASKED_AGAIN_S) < ASKED_AGAIN_S:
                    continue
                tries = self._tries[seq] = self._tries.get(seq, 0) + 1
                if tries > TRIES:
                    lost.add(seq, seq)
                    self._sent[seq] = now
                else:
                    self.todo.add(seq, seq)
                self._windowed.discard(seq)
        return list(lost)

    def overdue(self, now: float) -> bool:
        """Owe the oldest records again when the server has said nothing for 30 s of what was sent; whether it was so."""
        if now - self._heard_at < SILENT_S or not self._sent:
            return False
        old = sorted(seq for seq, at in self._sent.items() if now - at >= SILENT_S)[:WINDOW]
        if old:
            self._heard_at = now
        for seq in old:
            del self._sent[seq]
            self._windowed.discard(seq)
            self.todo.add(seq, seq)
        return bool(old)
