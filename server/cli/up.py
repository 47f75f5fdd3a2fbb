"""`sixfixed up`: everything on one machine."""

from argparse import Namespace
from typing import Any

from server.config import Settings, add_options


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the command."""
    text = "start everything on this machine and keep it running"
    parser = commands.add_parser("up", help=text, description=text)
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: Namespace, settings: Settings) -> int:
    """Run until Ctrl-C or SIGTERM."""
    import setproctitle

    from server.supervisor.up import run_up

    setproctitle.setproctitle(f"sixfixed up --data {settings.data}")
    return run_up(settings)
