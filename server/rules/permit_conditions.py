"""What stands against a permit: papers that end before it, people who may not, a plan that isn't one, another permit in its time.

The five conditions are those of State Council decree 617, article 14; whether a company's rules for safety are sound only people can judge.
"""

from __future__ import annotations

import msgspec

from server.domain.permit_life import Condition, last_day
from server.rules.lawful import WhyNot, judge_bus, judge_person


class Papers(msgspec.Struct, frozen=True):
    """A person's papers; dates are inclusive ISO text, None where nobody wrote one down."""

    name: str
    qualified_until: str | None
    born: str | None = None
    licence_since: str | None = None


class Wish(msgspec.Struct, frozen=True):
    """All that an application is judged by. `others`: code and last day of the timetable's permits that reach into its time."""

    valid_from: str
    valid_until: str
    plate: str
    seats: int
    inspection_until: str | None
    insurance_until: str | None
    driver: Papers
    attendant: Papers | None
    riders: int
    stops: int
    others: tuple[tuple[str, str], ...] = ()


class Against(msgspec.Struct, frozen=True):
    """One thing against it: the field of the application, the legal condition that isn't met (None: another rule), and why."""

    field: str
    condition: Condition | None
    why: str


def judge_wish(wish: Wish, on: str) -> list[Against]:
    """Say all that stands against a permit as of a date (ISO text), nothing where it may be given."""
    found = [*_dates(wish, on)]
    if (bus := _bus(wish)) is not None:
        found.append(bus)
    for field, papers in (("driver", wish.driver), ("attendant", wish.attendant)):
        if papers is not None and (person := _person(wish, field, papers)) is not None:
            found.append(person)
    if wish.stops < 2:
        found.append(Against("timetable", "plan", f"it has {wish.stops} stops; a way has two at least"))
    found += [
        Against(
            "valid_from",
            None,
            f"permit {code} of this timetable holds until {until}; permits may not overlap",
        )
        for code, until in wish.others
    ]
    return found


def _dates(wish: Wish, on: str) -> list[Against]:
    if wish.valid_until < wish.valid_from:
        return [
            Against("valid_until", None, f"this is before valid_from {wish.valid_from}; put them in order")
        ]
    if wish.valid_until < on:
        return [Against("valid_until", None, f"this is over on {on}; name a day ahead")]
    if wish.valid_until > (last := last_day(wish.valid_from)):
        return [Against("valid_until", None, f"a permit holds for six months at most, here until {last}")]
    return []


def _bus(wish: Wish) -> Against | None:
    why = judge_bus(
        seats=wish.seats,
        riders=wish.riders,
        inspection_until=wish.inspection_until,
        insurance_until=wish.insurance_until,
        until_on=wish.valid_until,
    )
    if why is None:
        return None
    if why.code == "seats":
        return Against(
            "vehicle", "vehicle", f"{wish.plate} has {why.number} seats, and {why.needed} riders are planned"
        )
    paper = "insurance" if why.code == "insurance" else "inspection"
    known = f"ends {why.until}, before the permit does" if why.until else "isn't recorded"
    return Against(
        "vehicle", "insurance" if paper == "insurance" else "vehicle", f"the {paper} of {wish.plate} {known}"
    )


def _person(wish: Wish, field: str, papers: Papers) -> Against | None:
    why = judge_person(
        drives=field == "driver",
        qualified_until=papers.qualified_until,
        born=papers.born,
        licence_since=papers.licence_since,
        from_on=wish.valid_from,
        until_on=min(wish.valid_until, papers.qualified_until or wish.valid_until),
    )
    # A qualification is looked at every year: it must hold when the permit begins, and is warned of before it lapses.
    if why is None and papers.qualified_until is not None and papers.qualified_until < wish.valid_from:
        why = WhyNot("qualification", until=papers.qualified_until)
    return (
        None
        if why is None
        else Against(field, "driver" if field == "driver" else None, _say(papers.name, why))
    )


def _say(name: str, why: WhyNot) -> str:
    match why.code:
        case "age":
            return f"{name} is {why.number} years old; drivers are 25 to 60"
        case "licence":
            return f"{name} has held the licence for {why.number} years; {why.needed} are asked for"
        case _:
            return f"the qualification of {name} " + (f"ended {why.until}" if why.until else "isn't recorded")
