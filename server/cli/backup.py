"""`sixfixed backup FILE`, `sixfixed restore FILE`: the whole system into one archive, and out of it into an empty place."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from server.cli.answer import add_json_option, print_answer
from server.config import Settings, add_options
from server.supervisor.folder_lock import FolderLock


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add both commands."""
    for name, text, run in (
        (
            "backup",
            "write database, keys and files into an archive; the system may run meanwhile",
            run_backup,
        ),
        ("restore", "fill an empty database and data folder from an archive", run_restore),
    ):
        parser = commands.add_parser(name, help=text, description=text)
        parser.add_argument("file", metavar="FILE", type=Path, help="the archive, a zip that holds secrets")
        add_json_option(parser)
        add_options(parser)
        parser.set_defaults(run=run)


def run_backup(args: Namespace, settings: Settings) -> int:
    """Write the archive."""
    from server import bootstrap

    print_answer(bootstrap.backup(settings, args.file), as_json=args.json)
    return 0


def run_restore(args: Namespace, settings: Settings) -> int:
    """Read an archive into an empty place, while nothing runs on it."""
    from server import bootstrap

    lock = FolderLock(settings.data)
    try:
        print_answer(bootstrap.restore(settings, args.file), as_json=args.json)
    finally:
        lock.release()
    return 0
