"""What is found wrong: the kinds of finding, and one finding as a rule states it.

A rule states a finding once, when it begins, and states it again, ended, when it is over. The life that people give it
(acknowledged, rectified, closed) is not the fold's business.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Fixed = Literal["route", "time", "stops", "vehicle", "people", "marking"]
Severity = Literal["info", "watch", "act"]
FindingKind = Literal[
    "off_route", "wrong_direction", "route_not_covered",
    "departed_early", "departed_late", "arrived_late", "not_started", "missed_trip",
    "stop_skipped", "unscheduled_stop", "stops_out_of_order",
    "wrong_vehicle", "vehicle_document_expired", "no_permit",
    "wrong_driver", "no_driver", "qualification_expired", "alcohol", "no_attendant", "wrong_attendant",
    "permit_expired", "wrong_tag", "lamps_off", "stop_sign_in",
    "overspeed", "overload", "door_open_moving", "harsh_driving", "fatigue", "left_aboard", "wrong_stop", "wrong_bus",
    "no_show", "rear_check_missing", "count_mismatch", "sos", "collision", "inspection_failed",
    "silent", "data_late", "gap", "clock_skew", "duplicate_identity", "rejected_records",
]  # fmt: skip


class KindFacts(msgspec.Struct, frozen=True):
    """What holds for every finding of a kind: which of the six it fails (None: none), how grave it is, whom it calls.

    `calls`: dispatchers and the school are told at once, and again by the minute, until a person answers (PRODUCT, definitions).
    """

    fixed: Fixed | None
    severity: Severity
    calls: bool = False


KINDS: Final[dict[FindingKind, KindFacts]] = {
    "off_route": KindFacts("route", "watch"),
    "wrong_direction": KindFacts("route", "watch"),
    "route_not_covered": KindFacts("route", "watch"),
    "departed_early": KindFacts("time", "watch"),
    "departed_late": KindFacts("time", "info"),
    "arrived_late": KindFacts("time", "info"),
    "not_started": KindFacts("time", "act"),
    "missed_trip": KindFacts("time", "act"),
    "stop_skipped": KindFacts("stops", "act"),
    "unscheduled_stop": KindFacts("stops", "watch"),
    "stops_out_of_order": KindFacts("stops", "watch"),
    "wrong_vehicle": KindFacts("vehicle", "act"),
    "vehicle_document_expired": KindFacts("vehicle", "act"),
    "no_permit": KindFacts("vehicle", "act"),
    "wrong_driver": KindFacts("people", "act"),
    "no_driver": KindFacts("people", "act"),
    "qualification_expired": KindFacts("people", "act"),
    "alcohol": KindFacts("people", "act", calls=True),
    "no_attendant": KindFacts("people", "act"),
    "wrong_attendant": KindFacts("people", "watch"),
    "permit_expired": KindFacts("marking", "act"),
    "wrong_tag": KindFacts("marking", "watch"),
    "lamps_off": KindFacts("marking", "watch"),
    "stop_sign_in": KindFacts("marking", "watch"),
    "overspeed": KindFacts(None, "act"),
    "overload": KindFacts(None, "act"),
    "door_open_moving": KindFacts(None, "act"),
    "harsh_driving": KindFacts(None, "info"),
    "fatigue": KindFacts(None, "act"),
    "left_aboard": KindFacts(None, "act", calls=True),
    "wrong_stop": KindFacts(None, "act", calls=True),
    "wrong_bus": KindFacts(None, "act", calls=True),
    "no_show": KindFacts(None, "act", calls=True),
    "rear_check_missing": KindFacts(None, "act", calls=True),
    "count_mismatch": KindFacts(None, "act"),
    "sos": KindFacts(None, "act", calls=True),
    "collision": KindFacts(None, "act", calls=True),
    "inspection_failed": KindFacts(None, "act"),
    "silent": KindFacts(None, "watch"),
    "data_late": KindFacts(None, "watch"),
    "gap": KindFacts(None, "watch"),
    "clock_skew": KindFacts(None, "watch"),
    "duplicate_identity": KindFacts(None, "act"),
    "rejected_records": KindFacts(None, "watch"),
}


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One thing that a finding or a verdict rests on: what was seen, when, where, and the input that says so.

    `what` is a word of the record (`position`, `door`, `ride`, `badge`, `tag`, `count` …); `source` an `Entry.source`.
    """

    what: str
    at_ms: int
    value: float | str | None = None
    lat: float | None = None
    lon: float | None = None
    source: str | None = None


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One violation or danger as a rule found it. `ended_ms` None: it still is. `measured` and `limit` in the kind's unit.

    `about` tells findings of a kind that begin at one instant apart: a rider's, stop's or zone's id, or a badge; empty for the trip's own.
    """

    kind: FindingKind
    began_ms: int
    ended_ms: int | None = None
    about: str = ""
    rider_id: str | None = None
    stop_id: str | None = None
    badge: str | None = None
    measured: float | None = None
    limit: float | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def key(self) -> tuple[FindingKind, int, str]:
        """What stays the same from its beginning to its end, and when it is folded again."""
        return (self.kind, self.began_ms, self.about)


def stated(findings: tuple[Finding, ...], one: Finding) -> tuple[Finding, ...]:
    """Give findings with one stated: in the place of what was stated under its key, else at the end.

    >>> late = Finding("arrived_late", 1000)
    >>> [each.ended_ms for each in stated(stated((), late), msgspec.structs.replace(late, ended_ms=2000))]
    [2000]
    """
    if any(each.key == one.key for each in findings):
        return tuple(one if each.key == one.key else each for each in findings)
    return (*findings, one)
