"""One batch on its way into the database: judged messages become rows, folds and the outcome to be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain.record import Gap, Position
from server.domain.trip import Ride
from server.domain.vehicle_day import Entry, Key
from server.service.folding import Folder
from server.service.gate import Accepted, Answer, Judged, Presence, Rejected
from server.service.ingest_ports import Bus, BusMessage, Catalogue, Head, LogWork
from server.service.streams import Streams
from server.service.watermark import Watermark

PARKED_INTERVAL_S: Final = 60.0  # PROTOCOL, pos: every 60 s with the ignition off
MOVING_INTERVAL_S: Final = 15.0  # PROTOCOL, pos: every 1 to 15 s with it on
INTERVAL_FALLS: Final = (
    0.6  # own choice: one early position at a door doesn't make the interval short, three do
)
UNNAMED_KEPT: Final = 50  # nameless refusals kept of one device in one batch; the rest are counted only


class Outcome(msgspec.Struct, frozen=True):
    """What a committed batch has to tell: positions, trips, rides and findings that changed, devices that get `saved`."""

    heads: list[Head] = []
    trips: list[str] = []
    rides: list[tuple[str, Ride]] = []
    findings: list[str] = []
    devices: list[str] = []
    present: list[str] = []
    accepted: int = 0
    repeated: int = 0
    rejected: dict[str, int] = {}


class Batch:
    """Messages that are committed together."""

    def __init__(
        self, catalogue: Catalogue, streams: Streams, folder: Folder, *, now_ms: int, now_s: float
    ) -> None:
        self._catalogue = catalogue
        self._streams = streams
        self._folder = folder
        self._now_ms = now_ms
        self._now_s = now_s
        self._judged: list[tuple[Judged, int, bool]] = []
        self._buses: dict[str, Bus | None] = {}
        self._present: dict[str, None] = {}
        self._touched: dict[tuple[str, int], None] = {}

    def add(self, judged: Iterable[Judged], received_ms: int, *, said_before: bool = False) -> None:
        """Take what the gate made of a message; `said_before`: the broker kept it, so it tells nothing of the device's clock."""
        self._judged += [(one, received_ms, said_before) for one in judged]

    def refuse(self, device: str, message: BusMessage, reason: str) -> None:
        """Take a message that is kept as rejected, nameless."""
        self._judged.append(
            (Rejected(device, "topic", reason, message.payload[:4096]), message.received_ms, False)
        )

    def write(self, work: LogWork) -> Outcome:
        """Write everything within the caller's transaction and give what is to be told after its commit."""
        accepted: list[tuple[Accepted, Bus, int]] = []
        rejected: list[tuple[Rejected, int]] = []
        nameless: Counter[str] = Counter()
        counted: Counter[str] = Counter()
        repeated = 0
        for one, received_ms, said_before in self._judged:
            if isinstance(one, Accepted):
                bus = self._find_bus(one.device)
                if bus is None:
                    reason = "the device is fitted to no bus; add it with `sixfixed device add`"
                    one = Rejected(one.device, one.kind, reason, one.body)
                elif (fresh := self._receive(work, one)) is not None:
                    accepted.append((fresh, bus, received_ms))
                    continue
                else:
                    repeated += 1
                    continue
            if isinstance(one, Rejected):
                counted[one.kind] += 1
                if one.seq is None:
                    nameless[one.device] += 1
                    if nameless[one.device] <= UNNAMED_KEPT:
                        rejected.append((one, received_ms))
                elif self._mark(work, one.device, one.epoch).add(one.seq, one.seq, self._now_s):
                    rejected.append((one, received_ms))
                else:
                    self._touched[one.device, one.epoch] = None
            elif isinstance(one, Presence):
                self._presence(work, one, received_ms, said_before)
            elif isinstance(one, Answer):
                work.answer_command(one.device, one.command_id, one.ok, one.body, received_ms)
        heads = self._fold(work, accepted)
        work.insert_rejected(rejected)
        work.put_epochs(
            (device, epoch, mark.ranges, mark.origin)
            for device, epoch in self._touched
            for mark in (self._streams.mark(work, device, epoch),)
        )
        places = {
            head.vehicle_id: head.at_ms
            for head in heads
            if head.trip_id is not None and head.metre is not None
        }
        trips = self._folder.project(work, places)
        return Outcome(
            heads=heads,
            trips=trips,
            rides=self._folder.take_rides(),
            findings=work.take_findings(),
            devices=sorted({device for device, _ in self._touched}),
            present=list(self._present),
            accepted=len(accepted),
            repeated=repeated,
            rejected=dict(counted),
        )

    def _mark(self, work: LogWork, device: str, epoch: int) -> Watermark:
        self._touched[device, epoch] = None
        return self._streams.mark(work, device, epoch)

    def _find_bus(self, device: str) -> Bus | None:
        if device not in self._buses:  # also that it is fitted to none: asked once a batch, not once a record
            self._buses[device] = self._catalogue.find_bus(device)
        return self._buses[device]

    def _receive(self, work: LogWork, one: Accepted) -> Accepted | None:
        """Give the record when it is new; a gap over records that are known is named by the first that isn't."""
        record = one.record
        mark = self._mark(work, one.device, record.epoch)
        if not isinstance(record, Gap):
            return one if mark.add(record.seq, record.seq, self._now_s) else None
        first = mark.ranges.next_missing(record.seq)
        if not mark.add(record.seq, record.to, self._now_s):
            return None
        return one if first == record.seq else replace(one, record=replace(record, seq=first))

    def _presence(self, work: LogWork, one: Presence, received_ms: int, said_before: bool) -> None:
        online = one.online
        skew = None if online.t is None or said_before else online.t - received_ms
        work.put_presence(one.device, bool(online.online), received_ms, skew, one.body)
        if not online.online:
            return
        self._present[one.device] = None
        mark = self._streams.mark(work, one.device, online.epoch)
        if online.oldest is not None and mark.claim_oldest(online.oldest, self._now_s):
            self._touched[one.device, online.epoch] = None

    def _fold(self, work: LogWork, accepted: list[tuple[Accepted, Bus, int]]) -> list[Head]:
        for _, bus, _ in accepted:
            self._folder.head(
                work, bus
            )  # before the insert: a head that is read must not hold what is folded below
        work.insert_records([(one, bus.vehicle_id, received_ms) for one, bus, received_ms in accepted])
        entries: list[tuple[Entry, Bus]] = []
        newest: dict[str, tuple[Position, Bus, str, int]] = {}
        for one, bus, received_ms in accepted:
            record = one.record
            if isinstance(record, Gap):
                continue
            entries.append((Entry(Key(record.t, one.device, record.epoch, record.seq), record), bus))
            if isinstance(record, Position):
                known = newest.get(bus.vehicle_id)
                # Without a fix the place is the last one's: shown anew, it would be an old position drawn as live.
                if record.fix and (known is None or record.t >= known[0].t):
                    newest[bus.vehicle_id] = (record, bus, one.device, received_ms)
        entries.sort(key=lambda pair: pair[0].key)
        for entry, bus in entries:
            hold = self._streams.awaits_below(entry.key, self._now_s)
            self._folder.take(work, self._folder.head(work, bus), entry, hold=hold, now_s=self._now_s)
        heads = [head for found in newest.values() if (head := self._head(work, *found)) is not None]
        work.put_heads(heads)
        # In a tunnel, or with what it says late, a bus shows no new place; but it isn't silent.
        placed = {head.vehicle_id for head in heads}
        heard = {bus.vehicle_id: ms for _, bus, ms in accepted if bus.vehicle_id not in placed}
        if heard:
            work.put_heard(heard)
        return heads

    def _head(self, work: LogWork, fix: Position, bus: Bus, device: str, received_ms: int) -> Head | None:
        """Give the vehicle's last position, None when a newer one is known."""
        vehicle = self._folder.head(work, bus)
        before = vehicle.shown or work.load_head(bus.vehicle_id)
        if before is not None and before[0] > fix.t:
            vehicle.shown = before
            return None
        interval_s = _interval_s(fix, before)
        vehicle.shown = (fix.t, interval_s)
        trip = vehicle.state.trip
        running = trip if trip is not None and trip.state != "closed" else None
        return Head(
            vehicle_id=bus.vehicle_id,
            operator_id=bus.operator_id,
            device_id=device,
            trip_id=running.trip_id if running else None,
            at_ms=fix.t,
            received_ms=received_ms,
            lat=fix.lat,
            lon=fix.lon,
            spd=fix.spd,
            hdg=fix.hdg,
            metre=running.metre if running and running.metre_at_ms == fix.t else None,
            interval_s=interval_s,
        )


def _interval_s(fix: Position, before: tuple[int, float] | None) -> float:
    """The device's own interval: what it is between two positions, but not the extra ones of a door or an ignition."""
    if fix.ign == 0:
        return PARKED_INTERVAL_S
    if before is None or fix.t == before[0]:
        return MOVING_INTERVAL_S
    since_s = (fix.t - before[0]) / 1000
    return min(MOVING_INTERVAL_S, max(since_s, before[1] * INTERVAL_FALLS))
