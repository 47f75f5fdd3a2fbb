"""What guardians are told, in both languages.

One whole sentence for each kind and language: no sentence is put together from parts. Names are data and are put in as they are.
"""

from __future__ import annotations

import re

import msgspec

from server.domain.trip import NoticeKind


class Facts(msgspec.Struct, frozen=True):
    """What a sentence may name. `at` is HH:MM in the agency's zone; `stop` None where the place isn't known."""

    child: str
    bus_zh: str
    bus_en: str
    at: str
    stop: str | None
    minutes: int


_WITH_STOP: dict[NoticeKind, tuple[str, str]] = {
    "approaching": (
        "{bus_zh}快到{stop}了，约 {minutes} 分钟后到，请带{child}准备好。",
        "{bus_en} is about {minutes} min from {stop}. Please get ready for {child}.",
    ),
    "boarded": ("{child} {at} 在{stop}上了{bus_zh}。", "{child} boarded {bus_en} at {stop} at {at}."),
    "alighted": ("{child} {at} 在{stop}下了{bus_zh}。", "{child} left {bus_en} at {stop} at {at}."),
    "arrived": (
        "{child} {at} 到学校了（{stop}，{bus_zh}）。",
        "{child} arrived at school ({stop}) by {bus_en} at {at}.",
    ),
}
_WITHOUT_STOP: dict[NoticeKind, tuple[str, str]] = {
    "boarded": ("{child} {at} 上了{bus_zh}。", "{child} boarded {bus_en} at {at}."),
    "alighted": ("{child} {at} 下了{bus_zh}。", "{child} left {bus_en} at {at}."),
    "cancelled": (
        "{child}的这一班校车已取消，请另行安排接送，或与学校联系。",
        "The bus trip of {child} is cancelled. Please arrange another way, or call the school.",
    ),
    "correction": (
        "更正：先前关于{child}乘坐{bus_zh}的通知有误，以此页当前显示为准。",
        "Correction: an earlier notice about {child} on {bus_en} was wrong. What this page shows now is right.",
    ),
}


def bus_names(code: str, plate: str) -> tuple[str, str]:
    """Give what people call a bus, in Chinese and in English: by the number its code ends in, else by its plate.

    The Chinese form brings the space that stands before a numeral.

    >>> bus_names("ZW-0017", "宁E·A0017"), bus_names("V20260017", "宁E·A0017")
    ((' 17 号车', 'Bus 17'), ('校车 宁E·A0017', 'Bus 宁E·A0017'))
    """
    digits = re.search(r"(?:^|[^0-9])0*([0-9]{1,4})$", code)
    return (f" {digits[1]} 号车", f"Bus {digits[1]}") if digits else (f"校车 {plate}", f"Bus {plate}")


def words(kind: NoticeKind, facts: Facts) -> tuple[str, str]:
    """Give the sentence in Chinese and in English.

    >>> words("boarded", Facts("Xiaoyu", *bus_names("ZW-0017", "宁E·A0017"), "07:31", "Yingbin Bridge", 0))[1]
    'Xiaoyu boarded Bus 17 at Yingbin Bridge at 07:31.'
    """
    forms = _WITH_STOP if facts.stop is not None and kind in _WITH_STOP else _WITHOUT_STOP
    zh, en = forms[kind]
    values = msgspec.structs.asdict(facts)
    return zh.format_map(values).replace("， ", "，").strip(), en.format_map(values)
