"""`sixfixed user|token`: who may log in, and with what."""

import sys
from argparse import Namespace
from typing import Any

from server.cli.answer import add_json_option, print_answer
from server.config import Settings, add_options
from server.errors import InvalidError

ROLES = ("admin", "regulator", "operator", "school", "attendant", "driver", "guardian")


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add both commands."""
    text = "add a user, or set a password"
    actions = commands.add_parser("user", help=text, description=text).add_subparsers(
        required=True, metavar="ACTION"
    )
    add = actions.add_parser("add", help="add a user")
    add.add_argument("--role", required=True, choices=ROLES)
    add.add_argument(
        "--scope", metavar="ID", help="the jurisdiction, operator, school or badge it is limited to"
    )
    add.add_argument("--name", help="the person's name")
    add.set_defaults(run=run_add)
    passwd = actions.add_parser("passwd", help="set a user's password; their sessions end")
    passwd.set_defaults(run=run_passwd)
    for parser in (add, passwd):
        parser.add_argument("username", metavar="NAME")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input (else one is made)",
        )
        add_json_option(parser)
        add_options(parser)
    forget = actions.add_parser(
        "forget-factor", help="take a user's second factor away, whose device is lost; their sessions end"
    )
    forget.add_argument("username", metavar="NAME")
    add_json_option(forget)
    add_options(forget)
    forget.set_defaults(run=run_forget_factor)
    text = "make a token by which a program acts as a user"
    token = commands.add_parser("token", help=text, description=text)
    token.add_argument("username", metavar="NAME")
    token.add_argument("--label", default="", help="what it is for")
    add_json_option(token)
    add_options(token)
    token.set_defaults(run=run_token)


def run_add(args: Namespace, settings: Settings) -> int:
    """Add a user; a password that was made is the last line."""
    password = _password(args)
    from server import bootstrap

    answer = bootstrap.add_user(
        settings, args.username, role=args.role, scope=args.scope, name=args.name, password=password
    )
    print_answer(answer, as_json=args.json, secret="password")
    return 0


def run_passwd(args: Namespace, settings: Settings) -> int:
    """Set a password; one that was made is the last line."""
    password = _password(args)
    from server import bootstrap

    answer = bootstrap.set_password(settings, args.username, password=password)
    print_answer(answer, as_json=args.json, secret="password")
    return 0


def run_forget_factor(args: Namespace, settings: Settings) -> int:
    """Take a second factor away."""
    from server import bootstrap

    print_answer(bootstrap.forget_factor(settings, args.username), as_json=args.json)
    return 0


def run_token(args: Namespace, settings: Settings) -> int:
    """Make a token; it is the last line and is never shown again."""
    from server import bootstrap

    answer = bootstrap.make_token(settings, args.username, label=args.label)
    print_answer(answer, as_json=args.json, secret="token")
    return 0


def _password(args: Namespace) -> str | None:
    """Give the first line of standard input, None when a password shall be made."""
    if not args.password_stdin:
        return None
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InvalidError(
            "--password-stdin: standard input holds no password; "
            "write it there, or leave the option out and one is made"
        )
    return password
