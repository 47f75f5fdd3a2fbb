"""`sixfixed db upgrade|downgrade|check`: the database's version."""

from argparse import Namespace
from typing import Any

from server.config import Settings, add_options
from server.errors import SixFixedError


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the command with its three actions."""
    text = "bring the database to a version, or check it"
    actions = commands.add_parser("db", help=text, description=text).add_subparsers(
        required=True, metavar="ACTION"
    )
    upgrade = actions.add_parser(
        "upgrade", help="bring it to the newest version, making it where there is none"
    )
    upgrade.set_defaults(run=run_upgrade)
    downgrade = actions.add_parser("downgrade", help="take it back to an older version")
    downgrade.add_argument(
        "revision", metavar="REVISION", help="a revision's id, -1 for one back, base for empty"
    )
    downgrade.set_defaults(run=run_downgrade)
    check = actions.add_parser(
        "check", help="fail unless it is the newest version and equals the code's tables"
    )
    check.set_defaults(run=run_check)
    for parser in (upgrade, downgrade, check):
        add_options(parser)


def run_upgrade(args: Namespace, settings: Settings) -> int:
    """Bring it to the newest version."""
    from server import bootstrap

    bootstrap.upgrade_db(settings)
    return 0


def run_downgrade(args: Namespace, settings: Settings) -> int:
    """Take it back to a revision."""
    from server import bootstrap

    bootstrap.downgrade_db(settings, args.revision)
    return 0


def run_check(args: Namespace, settings: Settings) -> int:
    """Say whether it is what the code expects."""
    from server import bootstrap

    if (fault := bootstrap.check_db(settings)) is not None:
        raise SixFixedError(fault)
    print("the database is at the newest version and equals the code's tables")
    return 0
