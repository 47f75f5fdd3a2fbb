"""Name a browser and its system from what it says of itself, so that a person knows their own devices again."""

from __future__ import annotations

import re
from typing import Final

# In this order: what comes later calls itself by an earlier one's name too.
_BROWSERS: Final = (
    ("MicroMessenger/", "WeChat"),
    ("DingTalk/", "DingTalk"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("MiuiBrowser/", "Mi Browser"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("UCBrowser/", "UC Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PROGRAM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}(?=/)")


def name_device(agent: str | None) -> str | None:
    """Give browser and system, a program's own name, or None where nothing is said.

    >>> name_device("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/129.0 Mobile Safari/537.36 MicroMessenger/8.0")
    'WeChat, Android'
    >>> name_device("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1")
    'Safari, iPhone'
    >>> name_device("curl/8.5.0"), name_device(None)
    ('curl', None)
    """
    if not agent:
        return None
    words = [next((name for mark, name in table if mark in agent), None) for table in (_BROWSERS, _SYSTEMS)]
    if known := [word for word in words if word is not None]:
        return ", ".join(known)
    program = _PROGRAM.match(agent)
    return program[0] if program else None
