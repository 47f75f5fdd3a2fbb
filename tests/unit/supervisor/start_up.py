"""Run the real supervisor over fake roles: `start_up.py DATA HTTP_PORT MQTT_PORT [ROLE=KIND ...]`."""

import sys
from pathlib import Path

from server.config import load_settings
from server.errors import SixFixedError
from server.supervisor.plan import Plan
from server.supervisor.up import run_up

FAKE = str(Path(__file__).with_name("fake_role.py"))


def main(data: str, http: str, mqtt: str, *kinds: str) -> int:
    """Start; give the exit status, telling an error as the command line does."""
    chosen = {"db": "pass", "broker": "obedient", "ingest": "obedient", "web": "web", "worker": "obedient"}
    chosen |= dict(kind.split("=") for kind in kinds)
    environ = {
        "SIXFIXED_DATA": data,
        "SIXFIXED_HTTP": f"127.0.0.1:{http}",
        "SIXFIXED_MQTT": f"127.0.0.1:{mqtt}",
    }
    if "fleet" in chosen:
        environ["SIXFIXED_DEMO"] = "true"
    settings = load_settings(environ=environ)

    def role(name: str) -> tuple[str, list[str]]:
        return name, [sys.executable, FAKE, chosen[name], str(settings.data / f"{name}.pids")]

    accounts = '[{"role":"admin","username":"a","password":"pw-a","note":""},{"role":"guardian",\
"username":"parent","password":"pw-p","note":"boards at 07:31"}]'
    plan = Plan(
        db=[sys.executable, "-c", chosen["db"]],
        stages=((role("broker"),), (role("ingest"), role("web"), role("worker"))),
        demo_pack=[sys.executable, "-c", "print('/the/pack')"],
        demo_accounts=[sys.executable, "-c", f"print({accounts!r})"],
        fleet=role("fleet")[1] if "fleet" in chosen else [],
    )
    try:
        return run_up(settings, plan=plan)
    except SixFixedError as why:
        print(f"sixfixed: {why.message}", file=sys.stderr)
        return why.exit_status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
