"""What guardians are told, in both languages.

Chooses the whole sentence that says most of what is known (`wording_forms`, `wording_corrections`). Names are data and are put in as
they are.
"""

from __future__ import annotations

import re
from datetime import date
from string import Formatter
from typing import Final, Literal

import msgspec

from server.domain.plan import Direction
from server.domain.trip import NoticeKind
from server.service.wording_corrections import CORRECTIONS, Truth
from server.service.wording_forms import FORMS, Form

_ENDS: Final = re.compile(r"[.。;；,，\s]+$")
_AFTER_SIGN: Final = re.compile(r"(?<=[，。：；！？（、]) ")
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
UNKNOWN_BUS: Final = ("校车", "the bus")
Moved = Literal["", "time", "stop", "back"]
TODAY: Final = ("今天", "today")


class Facts(msgspec.Struct, frozen=True):
    """What a sentence may name; None where it isn't known.

    Times are HH:MM in the agency's zone: `at` of the event, `start` and `planned` by plan at the first stop and at the child's,
    `usually` the latter without what was approved instead, `done_at` of the ride that a correction holds to be true.
    `day_…`, `call_…` are phrases: which day, whom to call.
    """

    child: str
    bus_zh: str
    bus_en: str
    at: str
    stop: str | None = None
    minutes: int | None = None
    stops: int | None = None
    planned: str | None = None
    usually: str | None = None
    start: str | None = None
    usual_stop: str | None = None
    not_stop: str | None = None
    done_at: str | None = None
    detail: str | None = None
    day_zh: str = TODAY[0]
    day_en: str = TODAY[1]
    call_zh: str = "学校"
    call_en: str = "the school"


class Case(msgspec.Struct, frozen=True):
    """In which case a notice is said: the trip's direction, whether the child is aboard now or off; for a correction what it corrects.

    `usual`: the bus of the sentence is the permit's own; `moved`: the child's time or stop is another one now, or is what it always was
    though something else was told.
    """

    direction: Direction = "to_school"
    truth: Truth = "none"
    corrects: NoticeKind | None = None
    usual: bool = False
    moved: Moved = ""


PLAIN: Final = Case()


def bus_names(code: str, plate: str) -> tuple[str, str]:
    """Give what people call a bus, in Chinese and in English: by the number its code ends in, else by its plate.

    The Chinese form brings the space that stands before a numeral.

    >>> bus_names("ZW-0017", "宁E·A0017"), bus_names("V20260017", "宁E·A0017")
    ((' 17 号车', 'Bus 17'), ('校车 宁E·A0017', 'Bus 宁E·A0017'))
    """
    digits = re.search(r"(?:^|[^0-9])0*([0-9]{1,4})$", code)
    return (f" {digits[1]} 号车", f"Bus {digits[1]}") if digits else (f"校车 {plate}", f"Bus {plate}")


def day_names(on: date, today: date) -> tuple[str, str]:
    """Give what a sentence calls a service date, seen from another.

    >>> day_names(date(2026, 9, 2), date(2026, 9, 1)), day_names(date(2026, 9, 9), date(2026, 9, 1))
    (('明天', 'tomorrow'), ('9 月 9 日', 'on 9 Sep'))
    """
    match (on - today).days:
        case 0:
            return TODAY
        case 1:
            return "明天", "tomorrow"
        case _:
            return f"{on.month} 月 {on.day} 日", f"on {on.day} {_MONTHS[on.month - 1]}"


def whom_to_call(school_phone: str | None, operator_phone: str | None) -> tuple[str, str]:
    """Give whom a guardian calls, with the number where one is known: the school, else the bus company.

    >>> whom_to_call("0955-701234", None), whom_to_call(None, None)
    (('学校（0955-701234）', 'the school (0955-701234)'), ('学校', 'the school'))
    """
    if school_phone:
        return f"学校（{school_phone}）", f"the school ({school_phone})"
    if operator_phone:
        return f"校车公司（{operator_phone}）", f"the bus company ({operator_phone})"
    return "学校", "the school"


def as_said(text: str) -> str | None:
    """Give what a person wrote as it may stand within a sentence of ours: on one line, without the full stop that ends their own.

    >>> as_said(" Snow on the\\npass. "), as_said("道路结冰！。"), as_said("..")
    ('Snow on the pass', '道路结冰！', None)
    """
    return _ENDS.sub("", " ".join(text.split())) or None


def words(kind: NoticeKind, facts: Facts, case: Case = PLAIN) -> tuple[str, str]:
    """Give the sentence in Chinese and in English.

    >>> words("boarded", Facts("Xiaoyu", *bus_names("ZW-0017", "宁E·A0017"), "07:31", "Yingbin Bridge"))[1]
    'Xiaoyu boarded Bus 17 at Yingbin Bridge at 07:31.'
    """
    if facts.detail is not None:
        facts = msgspec.structs.replace(facts, detail=as_said(facts.detail))
    values = msgspec.structs.asdict(facts)
    zh, en = next(form for form in _forms(kind, facts, case) if _fits(form, values))
    en = en.format_map(values)
    # A sentence may begin with "the bus", where its number isn't known.
    return _AFTER_SIGN.sub("", zh.format_map(values)).strip(), en[:1].upper() + en[1:]


def _forms(kind: NoticeKind, facts: Facts, case: Case) -> tuple[Form, ...]:
    if kind == "correction":
        return (*CORRECTIONS.get(f"{case.corrects}.{case.truth}", ()), *CORRECTIONS["correction"])
    if kind == "approaching":
        home = ".home" if case.direction == "from_school" else ""
        return FORMS[f"approaching{home}{'.next' if facts.stops == 1 else ''}"]
    if kind == "cancelled" and case.truth == "aboard":
        return FORMS["cancelled.aboard"]
    if kind == "substituted" and case.moved:
        return FORMS[f"substituted.{case.moved}"]
    if kind == "substituted" and case.usual:
        return FORMS["substituted.usual"]
    return FORMS[kind]


def _fits(form: Form, values: dict[str, object]) -> bool:
    names = {name for text in form for _, name, _, _ in Formatter().parse(text) if name}
    return all(values[name] is not None for name in names)
