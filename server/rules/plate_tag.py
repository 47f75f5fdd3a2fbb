"""The plate: `wrong_tag` while the tag that the recorder read is not this permit's (PRODUCT, six fixed, 6).

A tag counts that was read with the crew that is signed on, or since; one from an earlier trip isn't held against this one. An approved
substitute carries the plate of its own permits, and that is right too.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.rules import permitted
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List the tag if it isn't a right one."""
    tag, own = permitted.read_tag(case.crew), case.road.plan.tag
    if tag is None or own is None or tag == own:
        return
    if case.vehicle_id != case.road.plan.vehicle_id and case.vehicle_id == permitted.vehicle(
        case.road, case.at_ms
    ):
        bus = case.context.find_vehicle(case.vehicle_id)
        if bus is None or tag in bus.tags:
            return
    yield Finding(
        "wrong_tag", case.at_ms, about=tag, evidence=(Evidence("tag", case.crew.tag_ms or case.at_ms, tag),)
    )
