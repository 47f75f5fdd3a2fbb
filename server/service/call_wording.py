"""What staff are told when a finding calls for a person, in both languages.

Whole sentences one after another: what is wrong, that nobody has answered yet, where, and whom to ring; no sentence is put
together from parts.
"""

from __future__ import annotations

from typing import Final

import msgspec

from server.domain.finding import FindingKind
from server.service.shapes import Ring, RingRole


class Facts(msgspec.Struct, frozen=True):
    """What the sentences may name. `at` is HH:MM where the agency is; None: isn't known, or isn't for this reader.

    `near`: the place is the stop that lies nearest. `times`: the number of this call.
    """

    bus_zh: str
    bus_en: str
    at: str
    child: str | None = None
    place: str | None = None
    near: bool = False
    ring: Ring | None = None
    times: int = 1


_ROLES: Final[dict[RingRole, tuple[str, str]]] = {
    "attendant": ("随车照管员", "attendant"),
    "driver": ("驾驶员", "driver"),
    "school": ("学校", "school"),
    "operator": ("运营单位", "operator"),
}
_WITH_CHILD: Final[dict[FindingKind, tuple[str, str]]] = {
    "left_aboard": (
        "{child}可能还在{bus_zh}上：行程已经结束，却没有下车记录。请马上确认。",
        "{child} may still be aboard {bus_en}: the trip is over and nobody saw the child leave. Please make sure now.",
    ),
    "wrong_stop": (
        "{child} {at} 在不是自己的站点下了{bus_zh}。请马上确认孩子在哪里。",
        "{child} left {bus_en} at {at} at a stop that isn't the child's own. Please find out now where the child is.",
    ),
    "wrong_bus": (
        "{child} {at} 上了{bus_zh}，却不在这一班的名单上。请马上确认。",
        "{child} boarded {bus_en} at {at} and isn't on its list. Please make sure now.",
    ),
    "no_show": (
        "{child}本该乘坐{bus_zh}，到 {at} 还没有上车。请确认孩子在哪里。",
        "{child} was to board {bus_en} and had not by {at}. Please find out where the child is.",
    ),
}
_PLAIN: Final[dict[FindingKind, tuple[str, str]]] = {
    "sos": ("{bus_zh} {at} 发出了求救信号。请马上联系车上人员。", "{bus_en} sent an SOS at {at}. Please reach the people aboard now."),
    "collision": (
        "{bus_zh} {at} 报告了碰撞。请马上联系车上人员。",
        "{bus_en} reported a collision at {at}. Please reach the people aboard now.",
    ),
    "alcohol": (
        "{bus_zh}的驾驶员 {at} 酒精检测不合格，不得驾驶。请马上换人。",
        "The driver of {bus_en} did not pass the alcohol test at {at} and must not drive. Please send another one now.",
    ),
    "rear_check_missing": (
        "{bus_zh}的行程已经结束，还没有人确认车上无人。请马上走到车尾检查。",
        "{bus_en} has ended its trip and nobody has confirmed that it is empty. Please have it walked to the rear now.",
    ),
    "left_aboard": (
        "{bus_zh}上可能还有学生：行程已经结束，人数却对不上。请马上确认。",
        "A child may still be aboard {bus_en}: the trip is over and the count doesn't agree. Please make sure now.",
    ),
    "wrong_stop": (
        "一名学生 {at} 在不是自己的站点下了{bus_zh}。请马上确认。",
        "A child left {bus_en} at {at} at a stop that isn't the child's own. Please make sure now.",
    ),
    "wrong_bus": (
        "一名不在名单上的学生 {at} 上了{bus_zh}。请马上确认。",
        "A child who isn't on the list boarded {bus_en} at {at}. Please make sure now.",
    ),
    "no_show": (
        "一名学生本该乘坐{bus_zh}，到 {at} 还没有上车。请马上确认。",
        "A child was to board {bus_en} and had not by {at}. Please make sure now.",
    ),
}  # fmt: skip
_AGAIN: Final = ("这是第 {times} 次呼叫，还没有人应答。", "This is call {times}; nobody has answered yet.")
_PLACE: Final = ("地点：{place}。", "Place: {place}.")
_NEAR: Final = ("地点：{place}附近。", "Place: near {place}.")
_RING: Final = ("请致电{name}（{role}）：{phone}。", "Call {name} ({role}): {phone}.")


def words(kind: FindingKind, facts: Facts) -> tuple[str, str]:
    """Give the text in Chinese and in English; raise KeyError for a kind that calls nobody.

    >>> words("sos", Facts(" 17 号车", "Bus 17", "07:31", place="Yingbin Bridge", near=True))[1]
    'Bus 17 sent an SOS at 07:31. Please reach the people aboard now. Place: near Yingbin Bridge.'
    """
    forms = _WITH_CHILD if facts.child is not None and kind in _WITH_CHILD else _PLAIN
    ring = facts.ring
    zh, en = [], []
    for said, pair in (
        (True, forms[kind]),
        (facts.times > 1, _AGAIN),
        (facts.place is not None, _NEAR if facts.near else _PLACE),
        (ring is not None, _RING),
    ):
        if said:
            zh.append(_fill(pair[0], facts, ring, 0))
            en.append(_fill(pair[1], facts, ring, 1))
    return "".join(zh).strip(), " ".join(en)


def _fill(form: str, facts: Facts, ring: Ring | None, lang: int) -> str:
    values = {name: getattr(facts, name) for name in ("bus_zh", "bus_en", "at", "child", "place", "times")}
    if ring is not None:
        values |= {"name": ring.name, "phone": ring.phone, "role": _ROLES[ring.role][lang]}
    return form.format_map(values)
