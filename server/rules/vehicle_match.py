"""The fixed vehicle: `wrong_vehicle` while the bus that runs the trip is neither the permit's nor an approved substitute (PRODUCT, 4).

Which bus it is, its recorder says; which trip it runs, `assignment` found by the crew's word or by two signs. Without a permit there is no
right bus: `no_permit` says so already.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.rules import permitted
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List the vehicle if it isn't a right one."""
    right = permitted.vehicle(case.road, case.at_ms)
    if right is not None and case.vehicle_id != right:
        proof = Evidence("vehicle", case.at_ms, case.vehicle_id, source=case.source)
        yield Finding("wrong_vehicle", case.at_ms, about=case.vehicle_id, evidence=(proof,))
