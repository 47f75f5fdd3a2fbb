"""One device at its connection: what it says on coming up, live records, batches, and what `saved` asks for."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from device_sim.dice import Dice
from device_sim.faults import Faults
from device_sim.ledger import Ledger
from device_sim.link import Link
from device_sim.outbox import Logged, Outbox
from device_sim.pacing import Backoff
from device_sim.wire import (
    OFFLINE,
    Answer,
    Command,
    Online,
    batch_item,
    decode_command,
    decode_saved,
    encode_answer,
    encode_batch,
    encode_online,
    fits_batch,
    gap_item,
)

FIRMWARE = "1.0.0"
MODEL = "SixFixed emulator"
BATCH_RECORDS = 200
BATCHES_UNACKED = 2
LIVE_UNACKED = 20
REFUSED_FIRST_S, REFUSED_MOST_S = 2.0, 60.0


class Courier:
    """Carries one device's log to the server; `orders` gets each command that is to be obeyed."""

    def __init__(
        self, link: Link, outbox: Outbox, faults: Faults, dice: Dice, orders: Callable[[str, Command], None]
    ) -> None:
        self.link = link
        self.device = link.device
        self.ledger = Ledger(outbox.memories[link.device])
        self.answers: list[bytes] = []
        self.published = 0
        self.retry_at = 0.0
        self._outbox = outbox
        self._faults = faults
        self._dice = dice
        self._orders = orders
        self._backoff = Backoff(dice)
        self._refused = Backoff(dice, REFUSED_FIRST_S, REFUSED_MOST_S)
        self._waiting: list[Logged] = []
        self._batches: set[int] = set()

    @property
    def buffered(self) -> int:
        """How many records the server hasn't committed."""
        return len(self.ledger.memory.unsaved())

    @property
    def said_all(self) -> bool:
        """Whether the broker has acknowledged all that was said, so that the line may be cut without loss."""
        return self.link.state != "up" or not (self.answers or self.link.unacked)

    def failed(self, now: float) -> None:
        """The connection is gone or was refused: when to try again."""
        refused = self.link.state == "refused"
        self.retry_at = now + (self._refused if refused else self._backoff).wait_s()
        self.link.state = "refused" if refused else "off"

    def greet(self, now: float, at_ms: int) -> None:
        """Say `online` with all fields and begin to owe what isn't saved."""
        self._backoff.reset()
        self._refused.reset()
        self.ledger.connected(now)
        self._batches.clear()
        self._waiting.clear()
        memory = self.ledger.memory
        online = Online(
            t=at_ms,
            epoch=memory.epoch,
            oldest=self._outbox.oldest(self.device),
            next=memory.next_seq,
            buffered=self.buffered,
            fw=FIRMWARE,
            model=MODEL,
            boot=memory.boot,
        )
        self.link.publish("online", encode_online(online), retain=True)

    def farewell(self) -> None:
        """Say `online` 0 and leave."""
        if self.link.state == "up":
            self.link.publish("online", OFFLINE, retain=True)
        self.link.leave()

    def offer(self, record: Logged, fresh: bool, now: float) -> None:
        """A record was logged: send it live if it is fresh and the line is up and clear, else owe it."""
        if not fresh or self.link.state != "up" or self.ledger.holds_live(now):
            self.ledger.owe(record.seq)
            return
        self._waiting.append(record)
        while len(self._waiting) >= self._faults.shuffle:
            self._send_live(self._waiting.pop(int(self._dice.unit() * len(self._waiting))), now)

    def flush_shuffled(self, now: float) -> None:
        """Let go what a shuffle still holds back."""
        while self._waiting:
            self._send_live(self._waiting.pop(int(self._dice.unit() * len(self._waiting))), now)

    def pump(self, now: float) -> None:
        """Send what is owed, a small window at a time, and answers."""
        if self.link.state != "up":
            return
        while self.answers and self.link.publish("ack", self.answers[0]) is not None:
            self.answers.pop(0)
        self.ledger.overdue(now)
        self._batches &= self.link.unacked
        while len(self._batches) < BATCHES_UNACKED:
            seqs = self.ledger.take(BATCH_RECORDS, now)
            if not seqs or not self._send_batch(seqs, now):
                return

    def receive(self, now: float, at_ms: int) -> None:
        """Read what came on `saved` and `cmd`."""
        while self.link.inbox:
            kind, payload = self.link.inbox.popleft()
            try:
                if kind == "saved":
                    self._on_saved(payload, now, at_ms)
                elif kind == "cmd":
                    self._orders(self.device, decode_command(payload))
            except msgspec.DecodeError as error:
                # A device that stopped at a bad message would be lost to its server.
                self.link.why = f"bad {kind}: {error}"

    def answer(self, answer: Answer) -> None:
        """Put an answer to a command in line."""
        self.answers.append(encode_answer(answer))

    def _on_saved(self, payload: bytes, now: float, at_ms: int) -> None:
        saved = decode_saved(payload)
        owed = self.ledger.saved(saved, now)
        if owed.forgot:
            # The server knows more of this device than it knows itself: it has lost its memory (PROTOCOL, `epoch`).
            self._outbox.new_epoch(self.device, saved.epoch + 1)
            self.link.drop()
            return
        if saved.epoch == self.ledger.memory.epoch:
            self._outbox.note_saved(self.device, saved.upto, saved.missing, at_ms)
        if owed.gaps:
            self._send_items([gap_item(saved.epoch, first, last) for first, last in owed.gaps])

    def _send_live(self, record: Logged, now: float) -> None:
        if len(self.link.unacked) >= LIVE_UNACKED * self._faults.copies + BATCHES_UNACKED:
            self.ledger.owe(record.seq)
            return
        for _ in range(self._faults.copies):
            if self.link.publish(record.kind, record.body) is None:
                self.ledger.owe(record.seq)
                return
        self.published += 1
        self.ledger.sent([record.seq], now, batch=False)

    def _send_batch(self, seqs: list[int], now: float) -> bool:
        """Send records in one batch, or in halves where they don't fit; those the log has lost are named as gaps."""
        found = self._outbox.read(self.device, seqs)
        lost = sorted(set(seqs) - {record.seq for record in found})
        items = [batch_item(record.kind, record.body) for record in found]
        items += [gap_item(self.ledger.memory.epoch, seq, seq) for seq in lost]
        if not fits_batch(encode_batch(items), items) and len(seqs) > 1:
            half = len(seqs) // 2
            return self._send_batch(seqs[:half], now) and self._send_batch(seqs[half:], now)
        if not self._send_items(items):
            for seq in seqs:
                self.ledger.owe(seq)
            return False
        self.published += len(items)
        self.ledger.sent(seqs, now, batch=True)
        return True

    def _send_items(self, items: list[bytes]) -> bool:
        mid = self.link.publish("batch", encode_batch(items))
        if mid is not None:
            self._batches.add(mid)
        return mid is not None
