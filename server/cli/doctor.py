"""`sixfixed doctor`: look at what the system needs on this machine and say what is missing."""

import os
import platform
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import msgspec

from server.cli.answer import add_json_option
from server.config import Settings, add_options
from server.errors import SixFixedError


class Finding(msgspec.Struct, frozen=True):
    """What one look found; what is not needed to run is only told."""

    check: str
    ok: bool
    said: str
    needed: bool = True


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the command."""
    text = "say what this machine lacks"
    parser = commands.add_parser("doctor", help=text, description=text)
    add_json_option(parser)
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: Namespace, settings: Settings) -> int:
    """Print every finding; fail when something that is needed is missing."""
    findings = examine(settings)
    if args.json:
        print(msgspec.json.encode({"items": findings}).decode())
    else:
        for finding in findings:
            mark = "ok  " if finding.ok else "FAIL" if finding.needed else "note"
            print(f"{mark}  {finding.check:12}  {finding.said}")
    missing = [finding.check for finding in findings if finding.needed and not finding.ok]
    if missing:
        raise SixFixedError(f"not ready to run: {', '.join(missing)}; each line above says what to do")
    return 0


def examine(settings: Settings) -> list[Finding]:
    """Look at everything, in the order in which a start would need it."""
    looks = (_python, _broker, _data_folder, _ports, _database, _web_pages, _chromium)
    return [finding for look in looks for finding in look(settings)]


def _python(settings: Settings) -> list[Finding]:
    ok = sys.version_info >= (3, 11)
    return [
        Finding(
            "python",
            ok,
            f"{platform.python_version()} at {sys.executable}" + ("" if ok else "; 3.11 is needed"),
        )
    ]


def _broker(settings: Settings) -> list[Finding]:
    from server.supervisor.up import find_broker_binary

    if settings.broker_url:
        return [Finding("broker", True, "another broker is used by its URL")]
    path = find_broker_binary()
    return [
        Finding(
            "broker", path is not None, path or "nats-server is missing; run 'make setup' or use --broker-url"
        )
    ]


def _data_folder(settings: Settings) -> list[Finding]:
    folder = settings.data
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    ok = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    free_gb = shutil.disk_usage(nearest).free / 1e9
    said = (
        f"{folder}, {free_gb:.1f} GB free"
        if ok
        else f"{nearest} can't be written; use another with --data DIR"
    )
    return [Finding("data folder", ok, said)]


def _ports(settings: Settings) -> list[Finding]:
    from server.errors import StartError
    from server.supervisor.ports import check_port

    findings = []
    listeners = [(settings.http, "--http")] + ([] if settings.broker_url else [(settings.mqtt, "--mqtt")])
    for address, option in listeners:
        try:
            check_port(address, option)
            findings.append(Finding("port", True, f"{address} is free"))
        except StartError as why:
            # A running system holds its own ports.
            findings.append(Finding("port", False, why.message, needed=False))
    return findings


def _database(settings: Settings) -> list[Finding]:
    from server import bootstrap

    try:
        fault = bootstrap.check_db(settings)
    except SixFixedError as why:
        fault = why.message
    return [Finding("database", fault is None, fault or "reachable and at the newest version")]


def _web_pages(settings: Settings) -> list[Finding]:
    built = Path(__file__).parents[2] / "web" / "dist" / "index.html"
    return [
        Finding(
            "web pages", built.exists(), str(built.parent) if built.exists() else "not built; run 'make web'"
        )
    ]


def _chromium(settings: Settings) -> list[Finding]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return [Finding("chromium", found is not None, found or "missing; only the tests need it", needed=False)]
