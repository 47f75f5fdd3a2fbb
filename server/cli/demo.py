"""`sixfixed demo pack|accounts`: what `up --demo` asks of a child process, to stay small itself."""

import json
from argparse import Namespace
from typing import Any

import msgspec

from server.config import Settings, add_options


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the command; it is part of `up --demo` and stands in no help."""
    actions = commands.add_parser("demo").add_subparsers(required=True)
    for name, run in (("pack", run_pack), ("accounts", run_accounts)):
        parser = actions.add_parser(name)
        add_options(parser)
        parser.set_defaults(run=run)


def run_pack(args: Namespace, settings: Settings) -> int:
    """Make and import the demo county where the data folder holds none; print the pack's folder."""
    from server import demo
    from server.clock import make_clock
    from server.log import configure_logging

    configure_logging("demo", settings.log_level)
    print(demo.ensure_pack(settings, make_clock(settings.clock)))
    return 0


def run_accounts(args: Namespace, settings: Settings) -> int:
    """Give the demo's accounts new passwords; print them as a JSON list."""
    from server import demo
    from server.clock import make_clock
    from server.log import configure_logging

    configure_logging("demo", settings.log_level)
    accounts = demo.announce(settings, make_clock(settings.clock))
    print(json.dumps(msgspec.to_builtins(accounts), ensure_ascii=False))
    return 0
