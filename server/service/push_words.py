"""What a phone's lock screen shows: who and what, and never a full name, a place or a time (QUALITY, security 26).

One whole sentence for each kind and language, as in `wording`; the full words are on the page, behind the log-in.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Language = Literal["zh", "en"]
LONGEST_NAME: Final = 20

# Surnames of two characters that are still common (Ministry of Public Security, name report 2020, and neighbours).
_DOUBLE_SURNAMES: Final = re.compile(
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|"
    "长孙|宇文|司徒|鲜于|司空|闾丘|令狐|呼延|拓跋|轩辕|百里|东郭|西门|南门"
)
_PET_PREFIXES: Final = "小阿"  # 小雨, 阿明: no surname is before these
_HAN: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]+")

_OF_A_CHILD: Final[dict[str, tuple[str, str]]] = {
    "approaching": ("{child}的校车快到了", "{child}'s bus is nearly there"),
    "boarded": ("{child}上车了", "{child} is on the bus"),
    "alighted": ("{child}下车了", "{child} has left the bus"),
    "arrived": ("{child}到校了", "{child} is at school"),
    "handed_over": ("{child}已交接", "{child} was handed over"),
    "absent": ("{child}这一趟不乘车", "{child} does not ride this time"),
    "no_show": ("{child}没有上车", "{child} did not board"),
    "not_started": ("{child}的校车还没有出发", "{child}'s bus has not started"),
    "late": ("{child}的校车晚点了", "{child}'s bus is late"),
    "substituted": ("{child}的校车有变动", "{child}'s bus has changed"),
    "cancelled": ("{child}的校车取消了", "{child}'s bus is cancelled"),
    "left_aboard": ("请马上查看：{child}可能还在车上", "Look now: {child} may still be on the bus"),
    "wrong_stop": ("请马上查看：{child}可能下错了站", "Look now: {child} may have left at another stop"),
    "wrong_bus": ("请马上查看：{child}可能上错了车", "Look now: {child} may be on another bus"),
    "correction": ("更正：关于{child}的一条通知", "Correction to a notice about {child}"),
    "message": ("有关于{child}的消息", "There is a message about {child}"),
}
_OF_A_FINDING: Final[dict[str, tuple[str, str]]] = {
    "left_aboard": ("请马上处理：可能有孩子还在车上", "Act now: a child may still be on a bus"),
    "wrong_stop": ("请马上处理：可能有孩子下错了站", "Act now: a child may have left at another stop"),
    "wrong_bus": ("请马上处理：可能有孩子上错了车", "Act now: a child may be on another bus"),
    "no_show": ("请马上处理：有孩子没有上车", "Act now: a child did not board"),
    "rear_check_missing": ("请马上处理：车尾还没有检查", "Act now: a bus was not checked to its end"),
    "sos": ("请马上处理：有校车发出求救", "Act now: a bus calls for help"),
    "collision": ("请马上处理：有校车可能发生碰撞", "Act now: a bus may have had a collision"),
    "alcohol": ("请马上处理：司机酒精检测异常", "Act now: a driver's breath test failed"),
}
_NO_CHILD: Final = ("有一条新的校车通知", "There is a new notice of the school bus")
_ANY_FINDING: Final = ("请查看：有一件事等您处理", "Please look: something waits for you")
_BODY: Final = ("点开查看详情。", "Open it for the details.")


def push_words(kind: str, name: str | None, *, calls: bool, lang: Language) -> tuple[str, str]:
    """Give title and body in a language; `calls`: it calls a member of staff, and then no child is named at all.

    >>> push_words("boarded", "张小雨", calls=False, lang="zh")
    ('小雨上车了', '点开查看详情。')
    >>> push_words("left_aboard", "Lily Zhang", calls=True, lang="en")[0]
    'Act now: a child may still be on a bus'
    """
    column = 0 if lang == "zh" else 1
    if calls:
        return _OF_A_FINDING.get(kind, _ANY_FINDING)[column], _BODY[column]
    if name is None or kind not in _OF_A_CHILD:
        return _NO_CHILD[column], _BODY[column]
    return _OF_A_CHILD[kind][column].format(child=first_name(name)), _BODY[column]


def first_name(name: str) -> str:
    """Give a full name's given part: what follows a Chinese surname, else the first word.

    >>> [first_name(name) for name in ("张小雨", "欧阳雪", "小雨", "Lily Zhang", "买买提·艾力", "马")]
    ['小雨', '雪', '小雨', 'Lily', '买买提', '马']
    """
    word = (re.split(r"[\s·•.,，]+", name.strip()) or [""])[0]
    if _HAN.fullmatch(word) and 2 <= len(word) <= 4 and word[0] not in _PET_PREFIXES and "·" not in name:
        surname = 2 if len(word) > 2 and _DOUBLE_SURNAMES.match(word) else 1
        word = word[surname:]
    return word[:LONGEST_NAME]
