"""`sixfixed device add|rotate`: recorders and their secrets."""

from argparse import Namespace
from typing import Any

from server.cli.answer import add_json_option, print_answer
from server.config import Settings, add_options


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the command with its two actions."""
    text = "add a recorder, or give one a new secret"
    actions = commands.add_parser("device", help=text, description=text).add_subparsers(
        required=True, metavar="ACTION"
    )
    add = actions.add_parser("add", help="fit a recorder to a vehicle; it becomes the active one")
    add.add_argument("--vehicle", required=True, metavar="ID")
    add.set_defaults(run=run_add)
    rotate = actions.add_parser("rotate", help="make a new secret; the old one ends at once")
    rotate.set_defaults(run=run_rotate)
    for parser in (add, rotate):
        parser.add_argument("device", metavar="ID")
        add_json_option(parser)
        add_options(parser)


def run_add(args: Namespace, settings: Settings) -> int:
    """Add a recorder; its secret is the last line and is never shown again."""
    from server import bootstrap

    print_answer(
        bootstrap.add_device(settings, args.device, args.vehicle), as_json=args.json, secret="secret"
    )
    return 0


def run_rotate(args: Namespace, settings: Settings) -> int:
    """Give a recorder a new secret, shown as the last line."""
    from server import bootstrap

    print_answer(bootstrap.rotate_device(settings, args.device), as_json=args.json, secret="secret")
    return 0
