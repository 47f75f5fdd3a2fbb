"""The vehicle's papers: `vehicle_document_expired` where its inspection or insurance ended before the service date (PRODUCT, 4).

A date that isn't recorded says nothing here; the verdict is unknown then.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.finding import Evidence, Finding
from server.domain.permit_facts import is_over
from server.rules.case import Case


def check(case: Case) -> Iterator[Finding]:
    """List the papers of the bus that are out of date."""
    bus, on = case.context.find_vehicle(case.vehicle_id), case.road.plan.service_on
    if bus is None:
        return
    for paper, until in (("inspection", bus.inspection_until), ("insurance", bus.insurance_until)):
        if is_over(until, on):
            proof = Evidence(f"{paper}_until", case.at_ms, until)
            yield Finding("vehicle_document_expired", case.at_ms, about=paper, evidence=(proof,))
