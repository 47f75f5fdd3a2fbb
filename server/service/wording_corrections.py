"""The sentences that take something back: each names what was said wrongly, and what holds instead.

A key is the kind that is corrected and what is known of the child now: `aboard`, `off`, or `none` (neither, on this trip). `correction`
is for what has no sentence of its own.
"""

from __future__ import annotations

from typing import Final, Literal

from server.service.wording_forms import Form

Truth = Literal["aboard", "off", "none"]

CORRECTIONS: Final[dict[str, tuple[Form, ...]]] = {
    "correction": (
        (
            "更正：先前关于{child}乘坐{bus_zh}的通知有误，以页面当前显示为准。",
            "Correction: an earlier notice about {child} on {bus_en} was wrong. What the page shows now is right.",
        ),
    ),
    "boarded.none": (
        (
            "更正：{child}没有上{bus_zh}，先前的上车通知有误。如果{child}应该在车上，请致电{call_zh}。",
            "Correction: {child} did not board {bus_en}; the earlier notice was wrong. If {child} should be on it, call {call_en}.",
        ),
    ),
    "boarded.aboard": (
        (
            "更正：{child}在{bus_zh}上，上车时间是 {done_at}。先前的上车通知有误。",
            "Correction: {child} is on {bus_en} and boarded at {done_at}. The earlier notice was wrong.",
        ),
        (
            "更正：{child}在{bus_zh}上，先前的上车通知有误。",
            "Correction: {child} is on {bus_en}; the earlier notice of boarding was wrong.",
        ),
    ),
    "alighted.off": (
        (
            "更正：{child}是 {done_at} 在{stop}下车的，不是在{not_stop}。",
            "Correction: {child} got off at {stop} at {done_at}, not at {not_stop}.",
        ),
        (
            "更正：{child}是 {done_at} 在{stop}下车的。先前的下车通知有误。",
            "Correction: {child} got off at {stop} at {done_at}. The earlier notice was wrong.",
        ),
        (
            "更正：{child}是 {done_at} 下车的。先前的下车通知有误。",
            "Correction: {child} got off at {done_at}. The earlier notice was wrong.",
        ),
    ),
    "alighted.aboard": (
        (
            "更正：{child}没有在{not_stop}下车，仍在{bus_zh}上。",
            "Correction: {child} did not get off at {not_stop} and is still on {bus_en}.",
        ),
        (
            "更正：{child}还没有下车，仍在{bus_zh}上。",
            "Correction: {child} has not got off and is still on {bus_en}.",
        ),
    ),
    "alighted.none": (
        (
            "更正：{child}没有乘坐{bus_zh}，先前的下车通知有误。如有疑问，请致电{call_zh}。",
            "Correction: {child} did not ride {bus_en}; the earlier notice of getting off was wrong. In doubt, call {call_en}.",
        ),
    ),
    "arrived.aboard": (
        (
            "更正：{child}还没有到校，仍在{bus_zh}上。",
            "Correction: {child} has not arrived at school and is still on {bus_en}.",
        ),
    ),
    "arrived.off": (
        (
            "更正：{child} {done_at} 在{stop}下了{bus_zh}，没有到校记录。请致电{call_zh}。",
            "Correction: {child} left {bus_en} at {stop} at {done_at}; no arrival at school is recorded. Please call {call_en}.",
        ),
    ),
    "arrived.none": (
        (
            "更正：{child}没有乘坐{bus_zh}，先前的到校通知有误。请致电{call_zh}。",
            "Correction: {child} did not ride {bus_en}; the earlier notice of arriving was wrong. Please call {call_en}.",
        ),
    ),
    "handed_over.aboard": (
        (
            "更正：{child}还没有交接，仍在{bus_zh}上。",
            "Correction: {child} was not handed over and is still on {bus_en}.",
        ),
    ),
    "handed_over.off": (
        (
            "更正：{child} {done_at} 在{stop}下了{bus_zh}，没有交接记录。请致电{call_zh}。",
            "Correction: {child} left {bus_en} at {stop} at {done_at}; no handing over is recorded. Please call {call_en}.",
        ),
    ),
    "no_show.aboard": (
        (
            "更正：{child}在{bus_zh}上，{done_at} 已上车。先前说没有上车是记录晚到。",
            "Correction: {child} is on {bus_en} and boarded at {done_at}. The record of it came late.",
        ),
        (
            "更正：{child}在{bus_zh}上。先前说没有上车是记录晚到。",
            "Correction: {child} is on {bus_en}. The record of it came late.",
        ),
    ),
    "no_show.off": (
        (
            "更正：{child}乘坐了{bus_zh}，{done_at} 在{stop}下车。先前说没有上车是记录晚到。",
            "Correction: {child} rode {bus_en} and got off at {stop} at {done_at}. The record of it came late.",
        ),
        (
            "更正：{child}乘坐了{bus_zh}，{done_at} 已下车。先前说没有上车是记录晚到。",
            "Correction: {child} rode {bus_en} and got off at {done_at}. The record of it came late.",
        ),
    ),
    "left_aboard.off": (
        (
            "更正：{child} {done_at} 已在{stop}下车，没有留在{bus_zh}上。",
            "Correction: {child} got off at {stop} at {done_at} and was not left on {bus_en}.",
        ),
        (
            "更正：{child} {done_at} 已下车，没有留在{bus_zh}上。",
            "Correction: {child} got off at {done_at} and was not left on {bus_en}.",
        ),
    ),
    "wrong_stop.off": (
        (
            "更正：{child}是 {done_at} 在{stop}下车的，先前说站点不符有误。",
            "Correction: {child} got off at {stop} at {done_at}; the notice of another stop was wrong.",
        ),
    ),
    "wrong_stop.aboard": (
        (
            "更正：{child}没有下车，仍在{bus_zh}上，先前说站点不符有误。",
            "Correction: {child} did not get off and is still on {bus_en}; the notice of another stop was wrong.",
        ),
    ),
    "wrong_bus.none": (
        (
            "更正：{child}没有上{bus_zh}，先前说上错车有误。",
            "Correction: {child} did not board {bus_en}; the notice of another bus was wrong.",
        ),
    ),
}
