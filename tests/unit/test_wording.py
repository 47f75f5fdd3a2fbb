"""What guardians are told: every kind in both languages, with as much as is known, and nothing left unsaid or unfilled."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from string import Formatter
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from server.domain.trip import NoticeKind
from server.service.wording import UNKNOWN_BUS, Case, Facts, bus_names, day_names, whom_to_call, words
from server.service.wording_corrections import CORRECTIONS, Truth
from server.service.wording_forms import FORMS

KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
TRUTHS: tuple[Truth, ...] = get_args(Truth)
BARE = Facts("小雨", *UNKNOWN_BUS, "07:31")
CALL_ZH, CALL_EN = whom_to_call("0955-701234", "0955-709999")
WHOLE = Facts(
    "小雨", *bus_names("ZW-0017", "宁E·A0017"), at="07:31", stop="迎宾桥", minutes=12, stops=2, planned="07:30", start="07:05",
    usually="07:20", usual_stop="沙坡头花园", not_stop="黄河公园", done_at="07:29", detail="姑姑", call_zh=CALL_ZH, call_en=CALL_EN,
)  # fmt: skip
CASES = [
    *(
        (kind, Case(direction, truth))
        for kind, direction, truth in product(KINDS, ("to_school", "from_school"), TRUTHS)
    ),
    *(("substituted", Case(moved=moved)) for moved in ("time", "stop", "back")),
    *(("correction", Case("to_school", truth, kind)) for kind, truth in product(KINDS, TRUTHS)),
]
# Where a guardian has to do something, the sentence says whom to call, with the number.
CALLS = ("absent", "no_show", "not_started", "cancelled", "left_aboard", "wrong_stop", "wrong_bus")


@pytest.mark.parametrize(
    "facts", [BARE, WHOLE, replace(WHOLE, stop=None), replace(WHOLE, stops=1), replace(WHOLE, stops=None)]
)
@pytest.mark.parametrize(("kind", "case"), CASES, ids=lambda each: str(each))
def test_every_kind_is_a_whole_sentence_in_both_languages(kind: NoticeKind, case: Case, facts: Facts) -> None:
    zh, en = words(kind, facts, case)
    for text in (zh, en):
        assert not re.search(r"[{}]|None|  ", text), text
    if kind != "message":
        assert zh.endswith("。") and re.search("[\u4e00-\u9fff]", zh)
        assert en.endswith(".") and not en[0].islower()
        assert "小雨" in zh and "小雨" in en
        # Only names and numbers of the Chinese facts may stand in English.
        known = [value for value in msgspec.structs.asdict(facts).values() if isinstance(value, str)]
        assert not re.search("[\u4e00-\u9fff]", re.sub("|".join(map(re.escape, known)), "", en)), en


@pytest.mark.parametrize("forms", [*FORMS.items(), *CORRECTIONS.items()], ids=lambda each: str(each[0]))
def test_both_languages_of_a_form_name_the_same_and_only_facts(
    forms: tuple[str, tuple[tuple[str, str], ...]],
) -> None:
    fields = {field.name for field in msgspec.structs.fields(Facts)}
    for zh, en in forms[1]:
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (zh, en)]
        assert names[0] | names[1] <= fields
        plain = [{re.sub("_(zh|en)$", "", name) for name in each} for each in names]
        # A word like "the bus" may be left out where the other language says it in its verb; a fact may not.
        assert plain[0] ^ plain[1] <= {"bus", "child"}, (zh, en)


@pytest.mark.parametrize("kind", CALLS)
def test_who_has_to_act_is_told_whom_to_call_and_the_number(kind: NoticeKind) -> None:
    zh, en = words(kind, WHOLE)
    assert "学校（0955-701234）" in zh and "the school (0955-701234)" in en


def test_without_the_schools_number_the_company_is_named_and_without_any_the_school() -> None:
    assert whom_to_call(None, "0955-709999") == ("校车公司（0955-709999）", "the bus company (0955-709999)")
    assert whom_to_call("", None) == ("学校", "the school")


def test_a_bus_that_has_not_started_says_how_late_it_is_so_far() -> None:
    zh, en = words("not_started", replace(WHOLE, at="07:17"))
    assert zh.startswith("小雨的 17 号车原定 07:05 发车，到 07:17 还没有发车，已晚 12 分钟。")
    assert en.startswith(
        "Bus 17 of 小雨 was to start at 07:05 and had not started by 07:17: 12 min late so far."
    )


def test_approaching_counts_what_the_guardian_chose_and_the_next_stop_is_called_so() -> None:
    by_stops = replace(WHOLE, minutes=None)
    assert words("approaching", by_stops)[0] == "17 号车还有 2 站到迎宾桥，请带小雨准备好。"
    assert (
        words("approaching", replace(by_stops, stops=1))[0]
        == "17 号车的下一站就是迎宾桥，请带小雨在站点等候。"
    )
    by_minutes = replace(WHOLE, stops=None)
    assert (
        words("approaching", by_minutes)[1]
        == "Bus 17 is about 12 min from 迎宾桥. Please get ready with 小雨."
    )
    home = words("approaching", by_minutes, Case("from_school", "aboard"))
    assert home[0] == "小雨乘坐的 17 号车快到迎宾桥了，约 12 分钟后到，请到站点接小雨。"


def test_a_correction_says_what_was_wrong_and_what_holds() -> None:
    moved = words("correction", WHOLE, Case(truth="off", corrects="alighted"))
    assert moved[1] == "Correction: 小雨 got off at 迎宾桥 at 07:29, not at 黄河公园."
    still = words("correction", WHOLE, Case(truth="aboard", corrects="alighted"))
    assert still[0] == "更正：小雨没有在黄河公园下车，仍在 17 号车上。"
    never = words("correction", WHOLE, Case(truth="none", corrects="boarded"))
    assert never[0].startswith("更正：小雨没有上 17 号车，先前的上车通知有误。")


def test_a_child_aboard_a_trip_that_is_broken_off_is_not_told_to_go_another_way() -> None:
    assert "另行安排" not in words("cancelled", WHOLE, Case(truth="aboard"))[0]
    assert "另行安排" in words("cancelled", WHOLE)[0]


def test_the_usual_bus_is_not_said_to_run_instead_of_itself() -> None:
    assert "代替" in words("substituted", WHOLE)[0]
    assert words("substituted", WHOLE, Case(usual=True))[1].startswith(
        "Bus 17, the usual bus of 小雨, runs today after all."
    )


def test_another_time_and_another_stop_are_said_with_the_usual_ones() -> None:
    zh, en = words("substituted", WHOLE, Case(moved="time"))
    assert en == "Bus 17 comes for 小雨 at 07:30 today instead of 07:20, at 迎宾桥 as always."
    assert "07:30（平时 07:20）" in zh
    assert "不停沙坡头花园：请改到迎宾桥，07:30" in words("substituted", WHOLE, Case(moved="stop"))[0]
    assert "恢复原来的安排" in words("substituted", WHOLE, Case(moved="back"))[0]


def test_another_day_is_named() -> None:
    tomorrow = day_names(date(2026, 9, 2), date(2026, 9, 1))
    zh, en = words("cancelled", replace(WHOLE, detail="Snow {child} <b>on</b>\nthe pass. "))
    assert "停运（Snow {child} <b>on</b> the pass）。" in zh, (
        "what a person wrote is text, and the sentence stays whole"
    )
    assert " is cancelled (Snow {child} <b>on</b> the pass). Please" in en
    assert "（" not in words("cancelled", replace(WHOLE, detail=" . ", call_zh="学校"))[0]
    zh, en = words("cancelled", replace(WHOLE, detail=None, day_zh=tomorrow[0], day_en=tomorrow[1]))
    assert zh.startswith("小雨明天 07:30 的校车停运。")
    assert en.startswith("The 07:30 bus of 小雨 tomorrow is cancelled.")


def test_names_are_data_and_never_a_form() -> None:
    name = "{stop} <b>"
    assert name in words("boarded", replace(WHOLE, child=name))[0]
