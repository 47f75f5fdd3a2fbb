"""`sixfixed broker|ingest|web|worker`: run one role in the foreground; `sixfixed broker acl`."""

from argparse import Namespace
from typing import Any

from server.config import Settings, add_options

_HELP = {
    "broker": "run the embedded broker, or write Mosquitto's access rules (broker acl)",
    "ingest": "run the role that takes in what buses say",
    "web": "run the role that serves pages, HTTP and live",
    "worker": "run the role that sends notices and does scheduled work",
}


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the type private
    """Add the four commands."""
    for role, text in _HELP.items():
        parser = commands.add_parser(role, help=text, description=text)
        if role == "broker":
            parser.add_argument("action", nargs="?", choices=("run", "acl"), default="run")
        add_options(parser)
        parser.set_defaults(run=run, role=role)


def run(args: Namespace, settings: Settings) -> int:
    """Run the role until it is asked to end."""
    if args.role == "broker" and args.action == "acl":
        from server import bootstrap

        print(bootstrap.broker_acl(settings), end="")
        return 0
    import setproctitle

    # First of all, so that a person, and `pgrep -f 'sixfixed ingest'`, can tell the roles apart.
    setproctitle.setproctitle(f"sixfixed {args.role} --data {settings.data}")
    from server import bootstrap
    from server.log import configure_logging

    configure_logging(args.role, settings.log_level)
    roles = {
        "broker": bootstrap.run_broker,
        "ingest": bootstrap.run_ingest,
        "web": bootstrap.run_web,
        "worker": bootstrap.run_worker,
    }
    return roles[args.role](settings) or 0
