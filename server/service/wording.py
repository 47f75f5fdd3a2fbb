"""What guardians are told, in both languages.

One whole sentence for each kind and language: no sentence is put together from parts. Names are data and are put in as they are.
"""

from __future__ import annotations

import msgspec

from server.domain.trip import NoticeKind


class Facts(msgspec.Struct, frozen=True):
    """What a sentence may name. `at` is HH:MM in the agency's zone; `stop` None where the place isn't known."""

    child: str
    bus: str
    at: str
    stop: str | None
    minutes: int


_WITH_STOP: dict[NoticeKind, tuple[str, str]] = {
    "approaching": (
        "校车 {bus} 快到{stop}了，约 {minutes} 分钟后到，请带{child}准备好。",
        "Bus {bus} is about {minutes} min from {stop}. Please get ready for {child}.",
    ),
    "boarded": ("{child} {at} 在{stop}上了校车 {bus}。", "{child} boarded bus {bus} at {stop} at {at}."),
    "alighted": ("{child} {at} 在{stop}下了校车 {bus}。", "{child} left bus {bus} at {stop} at {at}."),
    "arrived": (
        "{child} {at} 到学校了（{stop}，校车 {bus}）。",
        "{child} arrived at school ({stop}) by bus {bus} at {at}.",
    ),
}
_WITHOUT_STOP: dict[NoticeKind, tuple[str, str]] = {
    "boarded": ("{child} {at} 上了校车 {bus}。", "{child} boarded bus {bus} at {at}."),
    "alighted": ("{child} {at} 下了校车 {bus}。", "{child} left bus {bus} at {at}."),
    "correction": (
        "更正：先前关于{child}乘坐校车 {bus} 的通知有误，以此页当前显示为准。",
        "Correction: an earlier notice about {child} on bus {bus} was wrong. What this page shows now is right.",
    ),
}


def words(kind: NoticeKind, facts: Facts) -> tuple[str, str]:
    """Give the sentence in Chinese and in English.

    >>> words("boarded", Facts("Xiaoyu", "17", "07:31", "Yingbin Bridge", 0))[1]
    'Xiaoyu boarded bus 17 at Yingbin Bridge at 07:31.'
    """
    forms = _WITH_STOP if facts.stop is not None and kind in _WITH_STOP else _WITHOUT_STOP
    zh, en = forms[kind]
    values = msgspec.structs.asdict(facts)
    return zh.format_map(values), en.format_map(values)
