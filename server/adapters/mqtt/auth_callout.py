"""Answers the broker's question who may enter: devices from their table, roles by their secrets, nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from logging import Logger
from typing import Final

import msgspec
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from server.adapters.mqtt.authorization_jwt import AuthRequest, Signer, decode_request
from server.adapters.mqtt.rights import ROLES, Rights, client_id_fits, device_rights, role_rights
from server.clock import Clock

SUBJECT: Final = "$SYS.REQ.USER.AUTH"
# A device that flaps asks several times a second; its secret need not be hashed each time.
_REMEMBER_S: Final = 5.0
_REMEMBER_MAX: Final = 50_000
# Each under the broker's own time-out of 5 s together, so that the refusal says why.
_GATE_S: Final = 2.0
_DATABASE_S: Final = 2.5
_THREADS: Final = 4


class Refused(Exception):
    """Why somebody may not enter; goes to the log, never to the client."""


class AuthCallout:
    """Decides on each client at the door.

    `authenticate_device(device, secret)` may block and is called in a thread; whatever it raises refuses this once.
    `store_ready` returns once the message store has its cap; nobody enters before. `ingest_ready` returns once
    ingest's session exists: devices wait for it a little and are then refused, since a message that the broker takes
    before that session is acknowledged and gone.
    """

    def __init__(
        self,
        *,
        signer: Signer,
        role_secrets: Mapping[str, str],
        authenticate_device: Callable[[str, str], bool],
        store_ready: Callable[[], Awaitable[object]],
        ingest_ready: Callable[[], Awaitable[object]],
        clock: Clock,
        log: Logger,
    ) -> None:
        self._signer = signer
        self._role_secrets = role_secrets
        self._authenticate_device = authenticate_device
        self._store_ready = store_ready
        self._ingest_ready = ingest_ready
        self._clock = clock
        self._log = log
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="device-auth")
        self._remembered: dict[tuple[str, bytes], float] = {}
        self._revocations: defaultdict[str, int] = defaultdict(int)
        self._answering: set[asyncio.Task[None]] = set()

    async def serve(self, client: NatsClient) -> None:
        """Begin to answer on this connection; returns at once."""

        async def on_request(msg: Msg) -> None:
            # A task each: one slow answer must not hold up the other devices.
            task = asyncio.create_task(self._answer(msg))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

        await client.subscribe(SUBJECT, cb=on_request)

    def close(self) -> None:
        """Stop answering; who still waits is refused by the broker's time-out."""
        for task in self._answering:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def forget_device(self, device: str) -> None:
        """Make a login of this device that is under way or remembered count for nothing."""
        self._revocations[device] += 1
        for key in [key for key in self._remembered if key[0] == device]:
            del self._remembered[key]

    async def _answer(self, msg: Msg) -> None:
        try:
            request = decode_request(msg.data)
        except (msgspec.DecodeError, ValueError, IndexError) as fault:
            self._log.error("the broker's question can't be read (%s); nobody is let in by it", fault)
            return
        try:
            rights = await self.judge(request)
            answer = self._signer.admit(request, rights, self._now_s())
        except Refused as why:
            answer = self._signer.refuse(request, str(why), self._now_s())
        await msg.respond(answer)

    async def judge(self, request: AuthRequest) -> Rights:
        """Give the rights of one client; raise Refused."""
        username, client_id = request.options.username, request.client.mqtt_id
        if request.client.type != "mqtt":
            raise Refused("only MQTT clients are let in")
        if not username:
            raise Refused("anonymous clients are not let in")
        if not client_id_fits(username, client_id):
            raise Refused(f"client id {client_id!r} is not one of user {username!r}")
        try:
            await asyncio.wait_for(self._store_ready(), _GATE_S)
        except TimeoutError:
            raise Refused(f"{username!r} must wait: the store is not ready yet") from None
        if username in ROLES:
            wanted = self._role_secrets.get(username, "")
            if not wanted or not hmac.compare_digest(wanted.encode(), request.options.password.encode()):
                raise Refused(f"wrong secret for {username!r}")
            return role_rights(username)
        await self._check_device(username, request.options.password)
        return device_rights(username)

    async def _check_device(self, device: str, secret: str) -> None:
        try:
            await asyncio.wait_for(self._ingest_ready(), _GATE_S)
        except TimeoutError:
            raise Refused(f"device {device!r} must wait: ingest has no session yet") from None
        now = self._clock.monotonic()
        key = (device, hashlib.sha256(secret.encode()).digest())
        if self._remembered.get(key, 0.0) > now:
            return
        revocations = self._revocations[device]
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_DATABASE_S):
                known = await loop.run_in_executor(self._threads, self._authenticate_device, device, secret)
        except TimeoutError:
            raise Refused(f"device {device!r} must try again: the database is slow") from None
        except Exception as fault:
            self._log.error("device logins can't be checked: %s: %s", type(fault).__name__, fault)
            raise Refused(f"device {device!r} must try again: logins can't be checked now") from fault
        if not known or revocations != self._revocations[device]:
            raise Refused(f"device {device!r} has no such secret or is not active")
        if len(self._remembered) >= _REMEMBER_MAX:
            self._remembered.clear()
        self._remembered[key] = now + _REMEMBER_S

    def _now_s(self) -> int:
        # JWT times are compared with the broker's real clock by the broker; ours carry no expiry, so a shifted
        # clock does no harm.
        return self._clock.now_ms() // 1000
