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
    why_zh: str


def judge_wish(wish: Wish, on: str) -> list[Against]:
    """Say all that stands against a permit as of a date (ISO text), nothing where it may be given."""
    found = [*_dates(wish, on)]
    if (bus := _bus(wish)) is not None:
        found.append(bus)
    for field, papers in (("driver", wish.driver), ("attendant", wish.attendant)):
        if papers is not None and (person := _person(wish, field, papers)) is not None:
            found.append(person)
    if wish.stops < 2:
        found.append(
            Against(
                "timetable",
                "plan",
                f"it has {wish.stops} stops; a way has two at least",
                f"该班次只有 {wish.stops} 个站点，至少要有两个",
            )
        )
    found += [
        Against(
            "valid_from", None, f"permit {code} of this timetable holds until {until}; permits may not overlap",
            f"该班次已有标牌 {code}，有效期至 {until}；同一班次的标牌不能重叠",
        )
        for code, until in wish.others
    ]  # fmt: skip
    return found


def _dates(wish: Wish, on: str) -> list[Against]:
    def wrong(why: str, why_zh: str) -> list[Against]:
        return [Against("valid_until", None, why, why_zh)]

    if wish.valid_until < wish.valid_from:
        return wrong(
            f"this is before valid_from {wish.valid_from}; put them in order",
            f"截止日期早于起始日期 {wish.valid_from}",
        )
    if wish.valid_until < on:
        return wrong(f"this is over on {on}; name a day ahead", f"到今天（{on}）已经过期")
    if wish.valid_until > (last := last_day(wish.valid_from)):
        return wrong(
            f"a permit holds for six months at most, here until {last}",
            f"标牌有效期最长六个月，最晚到 {last}",
        )
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
            "vehicle", "vehicle", f"{wish.plate} has {why.number} seats, and {why.needed} riders are planned",
            f"{wish.plate} 核定 {why.number} 座，计划乘车 {why.needed} 人",
        )  # fmt: skip
    insured = why.code == "insurance"
    paper, paper_zh = ("insurance", "保险") if insured else ("inspection", "检验")
    known = f"ends {why.until}, before the permit does" if why.until else "isn't recorded"
    known_zh = f"{why.until} 到期，早于标牌" if why.until else "没有登记有效期"
    return Against(
        "vehicle",
        "insurance" if insured else "vehicle",
        f"the {paper} of {wish.plate} {known}",
        f"{wish.plate} 的{paper_zh}{known_zh}",
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
        else Against(field, "driver" if field == "driver" else None, *_say(papers.name, why))
    )


def _say(name: str, why: WhyNot) -> tuple[str, str]:
    match why.code:
        case "age":
            return (
                f"{name} is {why.number} years old; drivers are 25 to 60",
                f"{name} {why.number} 岁；驾驶人应为 25 至 60 岁",
            )
        case "licence":
            return (
                f"{name} has held the licence for {why.number} years; {why.needed} are asked for",
                f"{name} 取得驾驶证 {why.number} 年，要求满 {why.needed} 年",
            )
        case _ if why.until:
            return f"the qualification of {name} ended {why.until}", f"{name} 的从业资格已于 {why.until} 到期"
        case _:
            return f"the qualification of {name} isn't recorded", f"{name} 的从业资格没有登记有效期"
