"""A real Mosquitto on a free port, with a password for each device and rights to its own topics only."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import find_mosquitto
from tests.waiting import until

SERVER, SERVER_SECRET = "role-test", "secret-of-the-test-server"


class Mosquitto:
    """The broker; `stop` and `start` keep its port, not its sessions."""

    def __init__(self, folder: Path, port: int, secrets: dict[str, str]) -> None:
        self.port = port
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.set_secrets(secrets)
        (folder / "acl").write_text(
            f"user {SERVER}\ntopic readwrite #\n\npattern write bus/%u/+\npattern read bus/%u/cmd\n"
            "pattern read bus/%u/saved\n"
        )
        (folder / "conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/acl\n"
            "user root\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\n"
        )

    def set_secrets(self, secrets: dict[str, str]) -> None:
        """Write the password file and have a running broker read it again."""
        path = self._folder / "passwords"
        lines = "".join(f"{name}:{secret}\n" for name, secret in {**secrets, SERVER: SERVER_SECRET}.items())
        path.write_text(lines)
        tool = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
        subprocess.run([tool, "-U", str(path)], check=True, capture_output=True)
        if self._process:
            self._process.send_signal(1)

    def start(self) -> None:
        """Start and wait until it answers."""
        binary = find_mosquitto()
        assert binary
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary, "-c", str(self._folder / "conf")], stdout=log, stderr=log
            )
        until(self._answers, "mosquitto answers")

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, "probe")
        client.username_pw_set(SERVER, SERVER_SECRET)
        try:
            client.connect("127.0.0.1", self.port)
        except OSError:
            return False
        client.disconnect()
        return True
