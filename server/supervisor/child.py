"""Keep one child process running: start it, print its lines, start it again when it dies, end it."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from server.supervisor.backoff import Backoff
from server.supervisor.death import die_with_parent
from server.supervisor.lines import Lines
from server.supervisor.output import Output
from server.supervisor.ready_socket import ReadySocket


class Child:
    """One role's process. `ready` is set while the present one has said so; `deaths` counts unwanted ends."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        environ: Mapping[str, str],
        lines: Lines,
        *,
        says_ready: bool = True,
    ) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self.deaths = 0
        self._argv = argv
        self._environ = environ
        self._lines = lines
        self._says_ready = says_ready
        self._backoff = Backoff()
        self._died_at: float | None = None
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Give the present process's id, None between two."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Begin to keep it running."""
        self._task = asyncio.create_task(self._keep_running(), name=f"keep {self.name}")

    def terminate(self) -> None:
        """Ask it to end, and don't start it again."""
        self._stopping.set()
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    def kill(self) -> None:
        """End it and everything that it started, at once."""
        self._stopping.set()
        self._kill_group()

    async def ended(self) -> None:
        """Wait until it has ended for good."""
        if self._task:
            await self._task

    async def _keep_running(self) -> None:
        listener = ReadySocket(self._said_ready)
        environ = {**self._environ, "NOTIFY_SOCKET": listener.name}
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                said = await self._run_once(environ)
                self.ready.clear()
                if self._stopping.is_set():
                    return
                self.deaths += 1
                self._died_at = time.monotonic()
                wait_s = self._backoff.next_s(time.monotonic() - began)
                self._lines.say("up", f"warning: {self.name} {said}; starting it again in {wait_s:g} s")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait_s)
        finally:
            listener.close()

    def _said_ready(self) -> None:
        self.ready.set()
        if self._died_at is not None:
            away_s, self._died_at = time.monotonic() - self._died_at, None
            self._lines.say("up", f"{self.name} is ready again, {away_s:.1f} s after its end")

    async def _run_once(self, environ: Mapping[str, str]) -> str:
        """Run it to its end; give how it ended, as words that follow its name."""
        output = Output(self.name, self._lines)
        try:
            self._process = await start_process(self._argv, environ, stdout=output.handle)
        except OSError as why:
            return f"could not be started ({self._argv[0]}: {why.strerror})"
        finally:
            await output.begin()
        if not self._says_ready:
            self.ready.set()
        if self._stopping.is_set():
            self.terminate()
        status = await self._process.wait()
        # What it started and left behind would hold its ports against its successor.
        self._kill_group()
        await output.end()
        return how_it_ended(status)

    def _kill_group(self) -> None:
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


async def start_process(
    argv: Sequence[str], environ: Mapping[str, str], *, stdout: int, stderr: int = asyncio.subprocess.STDOUT
) -> asyncio.subprocess.Process:
    """Start a process that dies with this one, in a group that a terminal's Ctrl-C doesn't reach."""
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=dict(environ),
        start_new_session=True,
        preexec_fn=die_with_parent(),
    )


def how_it_ended(status: int) -> str:
    """Give an exit status as words that follow a name.

    >>> how_it_ended(-9), how_it_ended(3)
    ('was killed by SIGKILL', 'ended with status 3')
    """
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
