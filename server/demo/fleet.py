"""The demo's buses, recorders, crews and accounts of staff, as rows of the pack's files; papers are dated from a day."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from server.demo.areas import CITY, Company, DemoSchool
from server.demo.county import DemoRoute
from server.demo.names import Names
from server.service.packs import rows as p

# A permit is valid no longer than the vehicle's inspection and at most 6 months (State Council decree 617, article 17).
PERMIT_DAYS = 183
SEATS = 36
_SEED = 617
_FIRST_SPARE, _SPARES, _WORTH_A_SPARE = 901, 2, 10


def validity(today: date) -> tuple[str, str]:
    """Give the first and last day of a permit that is issued today."""
    # From yesterday, whose last trips may still be on the road.
    return (today - timedelta(days=1)).isoformat(), (today + timedelta(days=PERMIT_DAYS - 2)).isoformat()


def companies_of(routes: Sequence[DemoRoute]) -> list[Company]:
    """List who runs any of the routes, in their order."""
    return list(dict.fromkeys(route.company for route in routes))


def schools_of(routes: Sequence[DemoRoute]) -> list[DemoSchool]:
    """List the schools of the routes, in order of their code."""
    return sorted({route.school for route in routes}, key=lambda school: school.code)


class Spare(msgspec.Struct, frozen=True):
    """A bus that has no route, with its crew: it stands by for one that can't drive."""

    number: int
    company: Company

    @property
    def vehicle(self) -> str:
        """Give the id of the bus, and of the recorder in it."""
        return f"ZW-{self.number:04}"

    @property
    def driver(self) -> str:
        """Give the badge of its driver."""
        return f"D-{self.number:04}"

    @property
    def attendant(self) -> str:
        """Give the badge of its attendant."""
        return f"A-{self.number:04}"


def spares_of(routes: Sequence[DemoRoute]) -> list[Spare]:
    """List the spare buses: two for each company that has several routes."""
    counts = Counter(route.company.code for route in routes)
    large = [one for one in companies_of(routes) if counts[one.code] >= _WORTH_A_SPARE]
    return [
        Spare(_FIRST_SPARE + 10 * place + step, company)
        for place, company in enumerate(large)
        for step in range(_SPARES)
    ]


def make_fleet(routes: Sequence[DemoRoute], today: date) -> dict[str, Any]:
    """Give vehicles, devices (with new secrets) and people, with papers that are valid for half a year and more."""
    papers = (today + timedelta(days=PERMIT_DAYS)).isoformat()
    buses: list[DemoRoute | Spare] = [*routes, *spares_of(routes)]
    return {
        "vehicles": tuple(
            p.Vehicle(
                id=bus.vehicle,
                operator_id=bus.company.code,
                plate=f"宁E·A{bus.number + 10:04}校",
                seats=SEATS,
                inspection_until=papers,
                insurance_until=papers,
            )
            for bus in buses
        ),
        "devices": tuple(
            p.Device(id=bus.vehicle, vehicle_id=bus.vehicle, secret=secrets.token_urlsafe(24))
            for bus in buses
        ),
        "people": tuple(_crew(buses, today)),
    }


def _crew(buses: Sequence[DemoRoute | Spare], today: date) -> list[p.Person]:
    names = Names(_SEED)
    # The school-bus qualification is reviewed every year.
    qualified = (today + timedelta(days=365)).isoformat()
    people = []
    for bus in buses:
        # A driver is 25 to 60 years old: these until 2033 at least.
        for badge, role, born in (
            (bus.driver, "driver", 1974 + bus.number % 14),
            (bus.attendant, "attendant", 1976 + bus.number % 19),
        ):
            people.append(
                p.Person(
                    badge=badge,
                    operator_id=bus.company.code,
                    role=role,
                    name=names.person(),
                    phone=names.phone(),
                    born=f"{born}-05-17",
                    licence_since="2008-03-01" if role == "driver" else None,
                    qualified_until=qualified,
                )
            )
    return people


def make_staff(routes: Sequence[DemoRoute]) -> list[p.User]:
    """Give the accounts of everybody but guardians."""
    users = [
        p.User(username="admin", role="admin", name="系统管理员"),
        p.User(username="city", role="regulator", scope_id=CITY, name="中卫市教育局"),
    ]
    for company in companies_of(routes):
        users += [
            p.User(
                username=company.supervisor,
                role="regulator",
                scope_id=company.area,
                name=company.supervised_by,
            ),
            p.User(username=company.dispatchers, role="operator", scope_id=company.code, name="调度室"),
        ]
    users += [
        p.User(
            username=f"school{int(school.stop[1:])}",
            role="school",
            scope_id=school.code,
            name=f"{school.name}门卫",
        )
        for school in schools_of(routes)
    ]
    buses: list[DemoRoute | Spare] = [*routes, *spares_of(routes)]
    for bus in buses:
        users.append(p.User(username=f"driver{bus.number}", role="driver", scope_id=bus.driver))
        users.append(p.User(username=f"attendant{bus.number}", role="attendant", scope_id=bus.attendant))
    return users
