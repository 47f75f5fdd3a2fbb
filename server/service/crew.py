"""What crew, school and desk say of a trip: checked, written as inputs, folded by ingest.

Every call is idempotent by the phone's `client_id`: said again, it is the same input.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from server.domain.hand import Cancelled, HeadCount, RearChecked, Received, Synced, Tick
from server.domain.hand import Handed as HandedOver
from server.domain.record import Duty
from server.domain.trip import Count, SignOff
from server.errors import ConflictError, InvalidError
from server.ids import new_id
from server.service.policy import Caller
from server.service.web_ports import Work

FUTURE_MS = 60_000  # as for a device's records (PROTOCOL, Time)
BACK_MS = 7 * 86_400_000  # as long as a device keeps what it wrote
MOST_ABOARD = 200


class Ticked(msgspec.Struct, frozen=True):
    """One tick as the phone sends it."""

    rider_id: str
    dir: Literal["on", "off"]
    at: datetime
    client_id: str


class Said:
    """Writes inputs for one trip."""

    def __init__(self, work: Work, caller: Caller, trip_id: str, now_ms: int) -> None:
        self._work = work
        self._caller = caller
        self._now_ms = now_ms
        self.trip = work.trips.get(trip_id)

    def tick(self, items: list[Ticked], synced_to: datetime | None) -> list[str]:
        """Write ticks, all or none; give their client ids. Raise InvalidError that names each bad one."""
        known = self._work.crew.known_riders(self.trip.operator_id, [item.rider_id for item in items])
        faults = {
            f"items.{n}.rider_id": "unknown" for n, item in enumerate(items) if item.rider_id not in known
        }
        for n, item in enumerate(items):
            fault = self._bad_instant(item.at)
            if fault:
                faults[f"items.{n}.at"] = fault
        if faults:
            raise InvalidError(
                f"{len(faults)} of the ticks can't be taken: correct them and send all again.", fields=faults
            )
        for item in items:
            self._put(
                "tick",
                item.client_id,
                Tick(_ms(item.at), self.trip.id, item.rider_id, item.dir, item.client_id),
            )
        if synced_to is not None:
            until_ms = min(_ms(synced_to), self._now_ms)
            self._put(
                "synced", f"{self._caller.user_id}:{until_ms}", Synced(self._now_ms, self.trip.id, until_ms)
            )
        return [item.client_id for item in items]

    def duty(self, state: Literal["on", "off"], when: datetime, client_id: str) -> list[str]:
        """Sign the caller on to the trip, or off."""
        self._require_instant(when)
        badge = self._work.crew.find_badge(self._caller.scope_id or "")
        role = self._caller.role
        if badge is None or role not in ("driver", "attendant"):
            raise ConflictError("Your account is linked to no badge: ask the company to link it.")
        body = Duty(1, 1, _ms(when), badge, role, state, trip=self.trip.code if state == "on" else None)
        self._put("duty", client_id, body)
        return [client_id]

    def headcount(self, count: int, when: datetime, client_id: str | None) -> SignOff:
        """Keep the attendant's count; give both sides as they will stand."""
        self._require_instant(when)
        said = HeadCount(_ms(when), self.trip.id, count, self._caller.user_id)
        self._put("count", client_id, said)
        return SignOff(Count(count, said.t, said.user_id), self.trip.sign_off.received)

    def receive(self, count: int, remarks: str | None, client_id: str | None) -> SignOff:
        """Keep the school's count; give both sides as they will stand."""
        said = Received(self._now_ms, self.trip.id, count, self._caller.user_id, remarks)
        self._put("received", client_id, said)
        return SignOff(self.trip.sign_off.delivered, Count(count, said.t, said.user_id, remarks))

    def rear_check(self, when: datetime, client_id: str | None) -> None:
        """Keep that nobody was left aboard."""
        self._require_instant(when)
        self._put("rear", client_id, RearChecked(_ms(when), self.trip.id, self._caller.user_id))

    def hand_over(self, rider_id: str, to: str, when: datetime, client_id: str | None) -> None:
        """Keep to whom a rider was given."""
        self._require_instant(when)
        if rider_id not in self._work.crew.known_riders(self.trip.operator_id, [rider_id]):
            raise InvalidError(
                f"There is no rider {rider_id!r} here: check the id.", fields={"rider_id": "unknown"}
            )
        self._put("handed", client_id, HandedOver(_ms(when), self.trip.id, rider_id, to))

    def cancel(self, reason: str) -> None:
        """Call the trip off; raise ConflictError when it is over."""
        if self.trip.state not in ("scheduled", "en_route", "missed"):
            raise ConflictError(
                f"Trip {self.trip.code} is {self.trip.state}: it can't be cancelled any more."
            )
        self._put("cancel", None, Cancelled(self._now_ms, self.trip.id, self._caller.user_id, reason))

    def _put(self, kind: str, client_id: str | None, said: msgspec.Struct) -> None:
        source = f"{kind}:{self.trip.id[-12:]}:{client_id or new_id()}"
        t = getattr(said, "t", self._now_ms)
        self._work.crew.add(
            self.trip.id, kind, source, self._caller.user_id, msgspec.json.encode(said), t, self._now_ms
        )

    def _require_instant(self, when: datetime) -> None:
        fault = self._bad_instant(when)
        if fault:
            raise InvalidError(
                f"at {when.isoformat()} {fault}: check the phone's clock.", fields={"at": fault}
            )

    def _bad_instant(self, when: datetime) -> str | None:
        if when.tzinfo is None:
            return "has no offset"
        if _ms(when) > self._now_ms + FUTURE_MS:
            return "lies in the future"
        return "is more than 7 days old" if _ms(when) < self._now_ms - BACK_MS else None


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)
