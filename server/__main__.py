"""The command line `sixfixed`: choose a command, put the settings together, tell errors in one sentence."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from server.cli import accounts, backup, database, demo, device, doctor, pack, replay, roles, up
from server.config import Settings, load_settings
from server.errors import FaultsError, SixFixedError
from server.supervisor.running_clock import find_running_clock


class OneSentence(argparse.ArgumentParser):
    """A parser, as are those of its commands, whose error is one sentence: who reads it is often a program."""

    def error(self, message: str) -> NoReturn:
        """Say it and exit with 2."""
        self.exit(2, f"{self.prog}: {message}; see '{self.prog} --help'\n")


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line; needs no library, so that --help is quick."""
    parser = OneSentence(prog="sixfixed", description="School-bus fleet tracking.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (up, roles, database, backup, pack, accounts, device, replay, doctor, demo):
        module.register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; give its exit status."""
    args = make_parser().parse_args(argv)
    try:
        return int(args.run(args, _at_the_running_clock(args, load_settings(args))))
    except SixFixedError as why:
        return _tell(why, as_json=getattr(args, "json", False))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted; the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _at_the_running_clock(args: argparse.Namespace, settings: Settings) -> Settings:
    """Go by the clock of the `up` that runs on this data folder, unless one is said: what is imported is of its day."""
    if settings.clock or args.run is up.run:
        return settings
    return msgspec.structs.replace(settings, clock=find_running_clock(settings.data) or "")


def _tell(why: SixFixedError, *, as_json: bool) -> int:
    """Say an error on standard error, for a program that asked for JSON on standard output too."""
    faults = why.faults if isinstance(why, FaultsError) else ()
    if as_json:
        print(
            json.dumps(
                {"error": {"code": why.code, "message": why.message, "faults": faults}}, ensure_ascii=False
            )
        )
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"sixfixed: {why.message}", file=sys.stderr)
    return why.exit_status


if __name__ == "__main__":
    sys.exit(main())
