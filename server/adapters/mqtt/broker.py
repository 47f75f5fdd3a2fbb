"""The embedded broker as one role: runs nats-server, answers its authentication callout, puts revoked devices out."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from http import HTTPStatus
from logging import Logger, getLogger
from typing import Any, Final

from nats.aio.client import Client as NatsClient
from nats.errors import Error as NatsError

from server.adapters.mqtt import broker_admin, broker_config
from server.adapters.mqtt.auth_callout import AuthCallout
from server.adapters.mqtt.authorization_jwt import Signer
from server.adapters.mqtt.broker_config import FLEET_ACCOUNT, BrokerSettings, LoopbackPorts
from server.adapters.mqtt.broker_process import BrokerProcess, end_orphan
from server.adapters.mqtt.keys import BrokerKeys, ensure_broker_keys
from server.adapters.mqtt.topics import device_client_id
from server.clock import Clock
from server.errors import StartError
from server.secrets import ensure_role_secrets

_READY_S: Final = 15.0
_POLL_S: Final = 0.1
_CONNECT_POLL_S: Final = 0.01
_PORT_S: Final = 2.0
_GATE_POLL_S: Final = 0.25
_REVOCATION_POLL_S: Final = 2.0
_HEALTH_POLL_S: Final = 2.0
_HEALTH_TRIES: Final = 2
_LAST_WORDS_S: Final = 1.0


class Broker:
    """One embedded broker on one data folder.

    `authenticate_device(device, secret) -> bool` and `device_versions() -> {device: version}` ask the device table;
    both may block and run in threads. A version is any text that changes with the device's secret; a device that
    is revoked is not in the mapping. Whoever's version changes is put out within two polls of 2 s.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        authenticate_device: Callable[[str, str], bool],
        device_versions: Callable[[], Mapping[str, str]],
        clock: Clock,
        log: Logger | None = None,
    ) -> None:
        self.settings = settings
        self._authenticate_device = authenticate_device
        self._device_versions = device_versions
        self._clock = clock
        self._log = log or getLogger("broker")
        self._ports: LoopbackPorts | None = None
        self._capped = asyncio.Event()
        self._gate = asyncio.Event()
        self._stack = AsyncExitStack()
        self._watchers: list[asyncio.Task[None]] = []
        self._process: BrokerProcess | None = None
        self._callout: AuthCallout | None = None
        self._system: NatsClient | None = None

    @property
    def open_to_devices(self) -> bool:
        """Say whether ingest's session exists, so that devices are let in."""
        return self._gate.is_set()

    @property
    def pid(self) -> int:
        """Give nats-server's process id; only between start and stop."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start and return when roles can log in; raise StartError in one sentence where it can't be."""
        try:
            await self._start()
        except BaseException as why:
            await self.stop()
            if isinstance(why, OSError | NatsError):
                raise StartError(
                    f"the broker can't be started on {self.settings.folder}: {why}; give the folder room and this user"
                ) from why
            raise

    async def _start(self) -> None:
        settings = self.settings
        broker_config.check(settings)
        self._stack.callback(_lock_store(settings))
        keys = ensure_broker_keys(settings.data_dir)
        if (orphan := end_orphan(settings)) is not None:
            self._log.warning("ended the broker process %d that an earlier start left behind", orphan)
        deadline = self._clock.monotonic() + (_PORT_S if orphan else 0)
        while not broker_config.is_free(settings.mqtt_host, settings.mqtt_port):
            # The last threads of a killed process hold its port a little longer than its first.
            if self._clock.monotonic() < deadline:
                await asyncio.sleep(_CONNECT_POLL_S)
                continue
            raise StartError(
                f"the MQTT port {settings.mqtt_host}:{settings.mqtt_port} is taken by another program; end it, or "
                "choose another port with --mqtt"
            )
        self._ports = ports = broker_config.choose_ports(settings)
        settings.config_file.write_text(broker_config.render(settings, keys, ports))
        self._process = await BrokerProcess.start(settings, self._log)
        self._stack.push_async_callback(self._process.stop)
        await self._answer_questions(ports, keys)
        await self._wait_healthy(ports)
        self._system = await self._own(ports, keys, "system")
        keeper = await self._own(ports, keys, "keeper")
        await broker_admin.cap_messages(keeper, settings)
        self._capped.set()
        self._watchers = [
            asyncio.create_task(self._open_gate(keeper)),
            asyncio.create_task(self._put_out_revoked(await self._read_versions())),
            asyncio.create_task(self._watch_health(ports)),
        ]

    async def wait(self) -> str:
        """Wait until the broker can't go on; give the reason. Its process's end and a broken store are reasons."""
        assert self._process is not None
        ended = asyncio.create_task(self._process.wait())
        running: set[asyncio.Task[Any]] = {ended, *self._watchers}
        try:
            while not ended.done():
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {ended}:
                    # The gate's watcher ends well, once it has opened.
                    if not task.cancelled() and (failure := task.exception()) is not None:
                        # A broken connection to nats-server is mostly its end, seen a moment earlier.
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(asyncio.shield(ended), _LAST_WORDS_S)
                            break
                        return f"{type(failure).__name__}: {failure}"
            return f"nats-server ended with status {await ended} {self._process.last_error}".rstrip()
        finally:
            ended.cancel()

    async def stop(self) -> None:
        """End everything that was started; harmless to repeat."""
        watchers, self._watchers = set(self._watchers), []
        while watchers:
            # More than once: before Python 3.12 `wait_for` can swallow a cancellation that meets its result.
            for watcher in watchers:
                watcher.cancel()
            _, watchers = await asyncio.wait(watchers, timeout=_POLL_S)
        if self._callout is not None:
            self._callout.close()
        await self._stack.aclose()

    async def kick_device(self, device: str, begun_before: datetime | None = None) -> broker_admin.Closed:
        """Close the device's connections and forget its logins; raise NatsError. Those begun since `begun_before` stay."""
        assert self._system is not None and self._callout is not None
        self._callout.forget_device(device)
        return await broker_admin.close_connections(self._system, device_client_id(device), begun_before)

    async def _answer_questions(self, ports: LoopbackPorts, keys: BrokerKeys) -> None:
        """Serve the callout at the first moment: who knocks before waits for the broker's whole time-out."""
        deadline = self._clock.monotonic() + _READY_S
        while not await _accepts(ports.native):
            await self._check_start(deadline)
            await asyncio.sleep(_CONNECT_POLL_S)
        connection = await self._own(ports, keys, "callout")
        self._callout = AuthCallout(
            signer=Signer(keys.issuer, FLEET_ACCOUNT),
            role_secrets=ensure_role_secrets(self.settings.data_dir),
            authenticate_device=self._authenticate_device,
            store_ready=self._capped.wait,
            ingest_ready=self._gate.wait,
            clock=self._clock,
            log=self._log,
        )
        await self._callout.serve(connection)

    async def _wait_healthy(self, ports: LoopbackPorts) -> None:
        deadline = self._clock.monotonic() + _READY_S
        while await asyncio.to_thread(_ask_health, ports) is not True:
            await self._check_start(deadline)
            await asyncio.sleep(_CONNECT_POLL_S)

    async def _check_start(self, deadline: float) -> None:
        """Raise StartError when nats-server has ended or the time is over."""
        assert self._process is not None
        if self._process.ended is not None:
            status = await self._process.wait()
            raise StartError(
                f"nats-server ended with status {status} while starting: {self._process.last_error}; its "
                f"configuration is {self.settings.config_file}"
            )
        if self._clock.monotonic() > deadline:
            raise StartError(
                f"nats-server isn't ready after {_READY_S:g} s ({self._process.last_error or 'no error said'}); "
                f"look at {self.settings.folder}, and move its folder store away if it is damaged"
            )

    async def _own(self, ports: LoopbackPorts, keys: BrokerKeys, name: str) -> NatsClient:
        client = await broker_admin.connect(ports, getattr(keys, name), f"broker-{name}")
        self._stack.push_async_callback(client.close)
        return client

    async def _open_gate(self, keeper: NatsClient) -> None:
        while not await broker_admin.has_ingest_session(keeper):
            await asyncio.sleep(_GATE_POLL_S)
        self._gate.set()
        self._log.info("ingest's session exists: devices are let in at %s:%d", *self._devices_address())

    def _devices_address(self) -> tuple[str, int]:
        return self.settings.mqtt_host, self.settings.mqtt_port

    async def _put_out_revoked(self, known: Mapping[str, str] | None) -> None:
        again: dict[str, datetime] = {}
        while True:
            await asyncio.sleep(_REVOCATION_POLL_S)
            now = await self._read_versions()
            if now is None:
                continue
            changed = {device for device, version in (known or {}).items() if now.get(device) != version}
            # Twice: a login that the old secret had already won may appear just after the first look. Who came in since,
            # with the new secret, stays.
            seen: dict[str, datetime] = {}
            for device in changed | again.keys():
                closed = await self.kick_device(device, None if device in changed else again[device])
                if device in changed:
                    seen[device] = closed.asked_at
                if closed.closed:
                    self._log.info("device %s was put out: its secret changed or it was revoked", device)
            known, again = now, seen

    async def _read_versions(self) -> Mapping[str, str] | None:
        try:
            return await asyncio.to_thread(self._device_versions)
        except Exception as fault:
            self._log.error(
                "the device table can't be read: %s: %s; tried again", type(fault).__name__, fault
            )
            return None

    async def _watch_health(self, ports: LoopbackPorts) -> None:
        """Raise when the store has gone bad: after a full disk nats-server runs on without it until a restart."""
        failures, why = 0, ""
        while failures < _HEALTH_TRIES:
            await asyncio.sleep(_HEALTH_POLL_S)
            health = await asyncio.to_thread(_ask_health, ports)
            # No answer in time is a busy machine; the process's end is seen elsewhere.
            if isinstance(health, str):
                failures, why = failures + 1, health
            elif health:
                failures = 0
        raise StartError(
            f"the broker's store doesn't work ({why}); free the disk: the broker is started again"
        )


async def run_broker(broker: Broker, on_ready: Callable[[], None] | None = None) -> int:
    """Run the broker in the foreground until SIGTERM or SIGINT (gives 0) or until it can't go on (gives 1)."""
    log = getLogger("broker")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await broker.start()
    if on_ready is not None:
        on_ready()
    failed = asyncio.create_task(broker.wait())
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([failed, asked], return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            return 0
        log.error("the broker can't go on: %s", failed.result())
        return 1
    finally:
        failed.cancel()
        asked.cancel()
        await broker.stop()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _ask_health(ports: LoopbackPorts) -> bool | str:
    """Give True when the broker says that it is well, its words when it says that it isn't, False for no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports.monitor}/healthz", timeout=1) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except urllib.error.HTTPError as unwell:
        with unwell:
            return unwell.read(1000).decode(errors="replace").strip() or f"HTTP {unwell.code}"
    except OSError:
        return False


def _lock_store(settings: BrokerSettings) -> Callable[[], None]:
    """Keep a second broker off this store until the returned call; raise StartError."""
    try:
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(settings.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as why:
        raise StartError(
            f"the folder {settings.folder} can't be written ({why.strerror}); give it to this user"
        ) from why
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StartError(
            f"another broker runs on {settings.folder}; stop it, or choose another folder with --data"
        ) from None
    return lambda: os.close(handle)


__all__ = ["Broker", "BrokerSettings", "NatsError", "run_broker"]
