"""The watermark against a model that is a plain set: whatever comes in whatever order, `saved` never promises what isn't there."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.domain.seq_ranges import SeqRanges
from server.service.watermark import ASK_S, HOLD_S, MAX_MISSING, OLDER_S, Watermark

SEQS = st.integers(1, 120)


class WatermarkMachine(RuleBasedStateMachine):
    """`known` is what was received or given up; `holes` since when each missing number has something above it."""

    @initialize()
    def begin(self) -> None:
        self.mark = Watermark.empty(0)
        self.known: set[int] = set()
        self.since: dict[int, float] = {}
        self.claimed: tuple[int, float] | None = None
        self.origin: int | None = None
        self.now = 0.0

    @rule(seq=SEQS)
    def receive(self, seq: int) -> None:
        self._receive(seq, seq)

    @rule(seq=SEQS, length=st.integers(0, 30))
    def name_a_gap(self, seq: int, length: int) -> None:
        self._receive(seq, seq + length)

    @rule(seq=SEQS)
    def receive_again(self, seq: int) -> None:
        if seq in self.known:
            assert not self.mark.add(seq, seq, self.now)

    def _receive(self, start: int, end: int) -> None:
        if self.origin is None:
            self.origin = start if self.claimed is None else min(start, self.claimed[0])
        older = bool(self.known) and start < min(self.known)
        fresh = self.mark.add(start, end, self.now)
        assert fresh == (not set(range(start, end + 1)) <= self.known)
        self.known |= set(range(start, end + 1))
        if older and self.claimed is not None:
            self.claimed = (self.claimed[0], self.now)
        self._see()

    @rule(oldest=SEQS)
    def say_online(self, oldest: int) -> None:
        self.mark.claim_oldest(oldest, self.now)
        if not self.known or oldest < min(self.known):
            self.claimed = (oldest, self.now)
            if self.origin is not None:
                self.origin = min(self.origin, oldest)
        else:
            self.known |= {seq for seq in range(min(self.known), oldest) if seq < max(self.known)}
        self._see()

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.5, 6.0, 70.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        """Ages and claims are memory; what was received is not."""
        self.mark = Watermark(0, SeqRanges(self.mark.ranges.pairs()), self.mark.origin)
        self.mark.answer(self.now)
        self.claimed = None
        self.since = dict.fromkeys(self._missing(), self.now)

    def _missing(self) -> list[int]:
        return (
            [seq for seq in range(min(self.known), max(self.known)) if seq not in self.known]
            if self.known
            else []
        )

    def _see(self) -> None:
        self.since = {seq: self.since.get(seq, self.now) for seq in self._missing()}

    @invariant()
    def it_knows_what_the_set_knows(self) -> None:
        assert {n for start, end in self.mark.ranges.pairs() for n in range(start, end + 1)} == self.known

    @invariant()
    def saved_promises_nothing_that_is_not_there(self) -> None:
        answer = self.mark.answer(self.now)
        asked = {n for start, end in answer.missing for n in range(start, end + 1)}
        assert len(answer.missing) <= MAX_MISSING
        assert list(answer.missing) == sorted(answer.missing)
        assert not asked & self.known
        if not self.known:
            assert answer.upto == 0
            return
        waits = self.claimed is not None and self.claimed[0] < min(self.known)
        if waits and self.claimed is not None and self.now - self.claimed[1] < OLDER_S:
            assert (answer.upto, answer.missing) == (self.claimed[0] - 1, ())
            return
        assert self.origin is not None
        assert set(range(self.origin, answer.upto + 1)) - asked <= self.known | set(range(min(self.known)))
        assert all(n >= self.origin for n in asked), "nothing below the stream's beginning is asked for"
        assert all(self.now - self.since[n] >= ASK_S for n in asked), (
            "a hole is asked for when it is five seconds old"
        )

    def _begun(self, seq: int) -> bool:
        return self.origin is not None and seq >= self.origin

    @invariant()
    def a_record_waits_only_for_young_holes_below_it(self) -> None:
        for seq in sorted(self.known)[:: max(1, len(self.known) // 5)]:
            below = [
                self.now - since < HOLD_S for n, since in self.since.items() if self._begun(n) and n < seq
            ]
            if self.mark.awaits_below(seq, self.now):
                assert any(below)
            elif all(below):
                assert not below


TestWatermark = WatermarkMachine.TestCase
TestWatermark.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
