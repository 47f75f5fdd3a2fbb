"""Every device's stream: watermarks by epoch in memory, and to whom `saved` is due.

`saved` goes at most once a second to a device, at once on its `online`, and again when a hole has become old enough to ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from server.domain.vehicle_day import Key
from server.service.ingest_ports import FoldWork
from server.service.watermark import SavedAnswer, Watermark

SAVED_EVERY_S: Final = 1.0  # PROTOCOL, saved


class Streams:
    """Watermarks of the devices that have spoken since the start."""

    def __init__(self) -> None:
        self._marks: dict[str, dict[int, Watermark]] = {}
        self._due: dict[str, float] = {}
        self._sent_at: dict[str, float] = {}
        self._sent: dict[tuple[str, int], SavedAnswer] = {}
        self._holey: set[str] = set()
        self._asked: set[str] = set()
        self._claims: dict[tuple[str, int], tuple[int, float]] = {}
        self._looked_at = 0.0

    def forget(self) -> None:
        """Drop every watermark: memory may differ from what was committed. What devices said that they have stays known."""
        self._claims |= {
            (device, epoch): mark.claimed
            for device, epochs in self._marks.items()
            for epoch, mark in epochs.items()
            if mark.claimed is not None
        }
        self._marks.clear()

    def mark(self, work: FoldWork, device: str, epoch: int) -> Watermark:
        """Give the watermark of a device's epoch, read when it is not in memory."""
        self.read(work, device)
        epochs = self._marks[device]
        mark = epochs.get(epoch)
        if mark is None:
            mark = epochs[epoch] = self._claim(device, Watermark.empty(epoch))
        return mark

    def _claim(self, device: str, mark: Watermark) -> Watermark:
        mark.claimed = self._claims.pop((device, mark.epoch), None)
        return mark

    def awaits_below(self, key: Key, now_s: float) -> bool:
        """Say whether something of the device may still come that belongs before this input."""
        mark = self._marks.get(key.device, {}).get(key.epoch)
        return mark is not None and mark.awaits_below(key.seq, now_s)

    def complete_ms(self, work: FoldWork, device: str, upto_ms: int, now_s: float) -> int:
        """Give the instant, at most upto_ms, up to which every record of a device is here or is known to be lost for ever.

        What it lost with its memory, in an epoch before its present one, is not waited for.
        """
        self.read(work, device)
        epochs = self._marks.get(device)
        if not epochs:
            return upto_ms
        mark = epochs[max(epochs)]
        if mark.lacks_older(now_s):
            return -1
        below = mark.hole_above
        if below is None:
            return upto_ms
        at_ms = work.find_instant(device, mark.epoch, below)
        return -1 if at_ms is None else min(upto_ms, at_ms)

    def touch(self, devices: Iterable[str], at_once: Iterable[str], now_s: float) -> None:
        """Note that devices have something new committed, and those that just came online."""
        for device in devices:
            self._due.setdefault(device, max(now_s, self._sent_at.get(device, float("-inf")) + SAVED_EVERY_S))
            self._asked.add(device)
        for device in at_once:
            self._due[device] = now_s
            self._asked.add(device)

    def unread(self, now_s: float) -> list[str]:
        """List devices whose answer is due and whose watermarks were forgotten."""
        return [device for device, at in self._due.items() if at <= now_s and device not in self._marks]

    def read(self, work: FoldWork, device: str) -> None:
        """Read a device's watermarks when they are not in memory."""
        if device not in self._marks:
            self._marks[device] = {
                number: self._claim(device, Watermark(number, ranges, origin))
                for number, (ranges, origin) in work.load_epochs(device).items()
            }

    def due(self, now_s: float) -> list[tuple[str, list[SavedAnswer]]]:
        """Take the answers that are due now."""
        if now_s - self._looked_at >= SAVED_EVERY_S:
            self._looked_at = now_s
            for device in self._holey:
                self._due.setdefault(device, now_s)
        ready = [device for device, at in self._due.items() if at <= now_s and device in self._marks]
        found: list[tuple[str, list[SavedAnswer]]] = []
        for device in ready:
            forced = device in self._asked  # else only what has changed is said: a hole has come of age
            del self._due[device]
            self._asked.discard(device)
            answers = self._answers(device, now_s, forced)
            if answers:
                self._sent_at[device] = now_s
                found.append((device, answers))
        return found

    def _answers(self, device: str, now_s: float, forced: bool) -> list[SavedAnswer]:
        epochs = self._marks.get(device, {})
        answers: list[SavedAnswer] = []
        holey = False
        for epoch in sorted(epochs)[-2:]:  # the one in use, and the one before a memory reset
            mark = epochs[epoch]
            holey = holey or mark.has_holes or mark.waits_for_older(now_s)
            answer = mark.answer(now_s)
            name = (device, epoch)
            newest = epoch == max(epochs)
            if (newest and forced) or self._sent.get(name) != answer:
                self._sent[name] = answer
                answers.append(answer)
        (self._holey.add if holey else self._holey.discard)(device)
        return answers
