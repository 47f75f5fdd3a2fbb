"""Say which processes `sixfixed up` runs, in which stages, and with what command lines."""

import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from server.config import Address, Settings, settings_environ
from server.log import SUPERVISED

# A stage is started together when every role of the one before it is ready.
_STAGES = (("broker",), ("ingest", "web", "worker"))


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The command lines: `db` first, then the stages' roles, then (with the demo) the fleet with `--pack DIR`."""

    db: list[str]
    stages: tuple[tuple[tuple[str, list[str]], ...], ...]
    demo_pack: list[str]
    demo_accounts: list[str]
    fleet: list[str]


def make_plan(settings: Settings) -> Plan:
    """Make the plan for these settings: with another broker by URL there is none to embed."""

    def ours(*words: str) -> list[str]:
        # The data folder is repeated for the reader of a process list.
        return [sys.executable, "-m", "server", *words, "--data", str(settings.data)]

    broker = str(settings.mqtt.local)
    if settings.broker_url:
        parts = urlsplit(settings.broker_url)
        broker = str(Address(parts.hostname or "", parts.port or 1883))
    # The emulator learns everything from here, since it shares no code with the server.
    fleet = [sys.executable, "-m", "device_sim", "run", "--no-table", "--mqtt", broker]
    # Nobody stays at home: the child whose guardian is announced shall board.
    fleet += ["--state", str(settings.data / "demo" / "fleet"), "--absent", "0"]
    if settings.clock:
        fleet += ["--clock", settings.clock]
    stages = _STAGES[1:] if settings.broker_url else _STAGES
    return Plan(
        db=ours("db", "upgrade"),
        stages=tuple(tuple((role, ours(role)) for role in stage) for stage in stages),
        demo_pack=ours("demo", "pack"),
        demo_accounts=ours("demo", "accounts"),
        fleet=fleet,
    )


def child_environ(settings: Settings, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give a child's environment: ours, with exactly these settings and no settings file to read again."""
    inherited = os.environ if environ is None else environ
    return {
        **inherited,
        **settings_environ(settings),
        "SIXFIXED_SETTINGS": os.devnull,
        SUPERVISED: "1",
        "PYTHONUNBUFFERED": "1",
    }
