"""The card of a permit: printed for the windscreen, and what its code tells to whoever scans it."""

from __future__ import annotations

import secrets

from server.domain.permit_life import permit_state
from server.domain.verdict import SIX
from server.errors import ConflictError, NotFoundError
from server.service.instants import at
from server.service.permits import find_permit
from server.service.permits_shapes import Card, CardTrip
from server.service.policy import OFFICE, Caller, Scope
from server.service.shapes import Named
from server.service.verdicts_read import read_verdicts
from server.service.web_ports import Work

MOST_TRIPS = 10


def print_card(work: Work, scope: Scope, ref: str, base_url: str, now_ms: int) -> tuple[str, bytes]:
    """Draw a card, always with the same code on it; give the permit's own code and the PDF; raise NotFoundError, or ConflictError."""
    from server.service.permit_card import draw_card  # its libraries are for the few who print

    permit = find_permit(work, scope, ref)
    state = permit_state(permit.valid_from, permit.valid_until, ended=permit.ended, on=scope.on)
    if state in ("revoked", "expired"):
        raise ConflictError(
            f"Permit {permit.code} is {state}: there is no card for it.", fields={"state": state}
        )
    token = work.permits.card_of(permit.id)
    if token is None:
        token = secrets.token_hex(16)
        work.permits.add_card(token, permit.id, now_ms)
    return permit.code, draw_card(permit, f"{base_url.rstrip('/')}/#/card/{token}")


def scan(work: Work, token: str, caller: Caller | None, scope: Scope | None, on: str, now_ms: int) -> Card:
    """Say what a card's permit is today, to the offices over it also how its trips are judged; raise NotFoundError."""
    permit = work.permits.find_by_card(token)
    if permit is None:
        raise NotFoundError("There is no such card: it is not one of ours. Tell the police or the school.")
    trips = None
    if (
        caller is not None
        and scope is not None
        and caller.role in OFFICE
        and work.permits.find_permit(scope, permit.id)
    ):
        trips = _today(work, scope, permit.timetable.code, on, now_ms)
    return Card(
        permit.code,
        permit_state(permit.valid_from, permit.valid_until, ended=permit.ended, on=on),
        permit.vehicle.name,
        permit.operator.name,
        permit.route.name,
        permit.issuer,
        permit.valid_from,
        permit.valid_until,
        trips,
    )


def _today(work: Work, scope: Scope, code: str, on: str, now_ms: int) -> list[CardTrip]:
    zone = work.scopes.timezone()
    rows = work.trips.page(scope, {"service_date": on, "code": code}, None, MOST_TRIPS)
    shown = []
    for row in rows:
        said = read_verdicts(work, row, now_ms)
        words: dict[str, str] = {which: said.of(which).value for which in SIX}
        shown.append(
            CardTrip(
                Named(row.id, row.code, row.route.name),
                row.state,
                at(row.planned_start_ms, zone),
                words,
            )
        )
    return shown
