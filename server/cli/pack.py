"""`sixfixed import|export PACK`: a county's plan in and out."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from server.cli.answer import add_json_option, print_answer
from server.config import Settings, add_options


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add both commands."""
    for name, text, run in (
        ("import", "read a pack (a folder or zip), all of it or nothing", run_import),
        ("export", "write the pack of what is in the database (a folder, .zip or .xlsx)", run_export),
    ):
        parser = commands.add_parser(name, help=text, description=text)
        parser.add_argument("pack", metavar="PACK", type=Path)
        add_json_option(parser)
        add_options(parser)
        parser.set_defaults(run=run)


def run_import(args: Namespace, settings: Settings) -> int:
    """Import a pack; its faults are told by the error."""
    from server import bootstrap

    print_answer(bootstrap.import_pack(settings, args.pack), as_json=args.json)
    return 0


def run_export(args: Namespace, settings: Settings) -> int:
    """Export a pack."""
    from server import bootstrap

    print_answer(bootstrap.export_pack(settings, args.pack), as_json=args.json)
    return 0
