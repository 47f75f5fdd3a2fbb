"""The page of the pack lists every known setting as the code has it, and each default is in its own range."""

import re

import pytest

from server.domain.settings_catalog import BY_NAME, KNOWN, KnownSetting
from tests.conftest import ROOT


def test_the_page_lists_each_setting_with_its_default_unit_and_range() -> None:
    text = (ROOT / "docs/pack.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S+) \| (.+?) \|", text, re.M)
    assert listed == [
        (
            one.name,
            f"{one.default:g}",
            one.unit or "—",
            f"{one.low:g} to {one.high:g}{', whole' if one.kind == 'int' else ''}",
        )
        for one in KNOWN
    ]


@pytest.mark.parametrize("setting", KNOWN, ids=lambda one: one.name)
def test_a_default_is_a_value_that_a_pack_may_write(setting: KnownSetting) -> None:
    assert setting.read(f"{setting.default:g}") == setting.default
    assert BY_NAME[setting.name] is setting  # no name twice
    for beyond in (setting.low - 1, setting.high + 1):
        with pytest.raises(ValueError, match=setting.name):
            setting.read(f"{beyond:g}")
