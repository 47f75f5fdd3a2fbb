"""The demo's buses, recorders, crews and accounts of staff, as rows of the pack's files; papers are dated from a day."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from server.demo.areas import CITY, Company, DemoSchool
from server.demo.county import DemoRoute
from server.demo.names import Names
from server.service.packs import rows as p

# A permit is valid no longer than the vehicle's inspection and at most 6 months (State Council decree 617, article 17).
PERMIT_DAYS = 183
SEATS = 36
_SEED = 617


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


def make_fleet(routes: Sequence[DemoRoute], today: date) -> dict[str, Any]:
    """Give vehicles, devices (with new secrets) and people, with papers that are valid for half a year and more."""
    papers = (today + timedelta(days=PERMIT_DAYS)).isoformat()
    return {
        "vehicles": tuple(
            p.Vehicle(
                id=route.vehicle,
                operator_id=route.company.code,
                plate=f"宁E·A{route.number + 10:04}校",
                seats=SEATS,
                inspection_until=papers,
                insurance_until=papers,
            )
            for route in routes
        ),
        "devices": tuple(
            p.Device(id=route.vehicle, vehicle_id=route.vehicle, secret=secrets.token_urlsafe(24))
            for route in routes
        ),
        "people": tuple(_crew(routes, today)),
    }


def _crew(routes: Sequence[DemoRoute], today: date) -> list[p.Person]:
    names = Names(_SEED)
    # The school-bus qualification is reviewed every year.
    qualified = (today + timedelta(days=365)).isoformat()
    people = []
    for route in routes:
        # A driver is 25 to 60 years old: these until 2033 at least.
        for badge, role, born in (
            (route.driver, "driver", 1974 + route.number % 14),
            (route.attendant, "attendant", 1976 + route.number % 19),
        ):
            people.append(
                p.Person(
                    badge=badge,
                    operator_id=route.company.code,
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
    for route in routes:
        users.append(p.User(username=f"driver{route.number}", role="driver", scope_id=route.driver))
        users.append(p.User(username=f"attendant{route.number}", role="attendant", scope_id=route.attendant))
    return users
