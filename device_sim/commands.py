"""What a device does when the server asks: one function a kind of command, an answer for each, none after its time."""

from __future__ import annotations

import gzip
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import msgspec

from device_sim.bus import Bus
from device_sim.camera import take_picture
from device_sim.runs import DayPlan
from device_sim.uploads import Uploaded, Uploads
from device_sim.wire import Answer, Command

CAMERAS = ("cabin", "road", "door")
KEPT_IDS = 100


class Refused(Exception):
    """Why a command can't be obeyed."""


class Commands:
    """Obeys for every device of a session; `poll` gives the answers of those that take time."""

    def __init__(
        self,
        bus: Callable[[str], Bus],
        keep_plan: Callable[[str, str], None],
        heed: Callable[[str, DayPlan], int],
        reboot: Callable[[str], None],
        uploads: Uploads,
    ) -> None:
        self._bus = bus
        self._keep_plan = keep_plan
        self._heed = heed
        self._reboot = reboot
        self._uploads = uploads
        self._done: dict[str, Answer] = {}
        self._order: deque[str] = deque()
        self._running: list[tuple[str, str, Future[Uploaded], dict[str, int]]] = []
        self._ready: list[tuple[str, Answer]] = []
        self.said: dict[str, str] = {}

    def obey(self, device: str, command: Command, at_ms: int) -> None:
        """Take a command; the same id again (QoS 1 repeats) is answered again and not obeyed twice."""
        name = f"{device}/{command.id}"
        if name in self._done:
            self._ready.append((device, self._done[name]))
            return
        if any(one == device and running == command.id for one, running, _, _ in self._running):
            return
        try:
            if command.until is not None and at_ms > command.until:
                raise Refused(f"expired at {command.until}, it is {at_ms} here; send it again")
            act = getattr(self, f"_do_{command.kind}", None) if command.kind.isidentifier() else None
            if act is None:
                raise Refused(f"command '{command.kind[:40]}' is unknown to this device")
            data = act(device, command, at_ms)
        except (Refused, KeyError, TypeError, ValueError) as error:
            why = f"{command.kind[:40]} lacks {error}" if isinstance(error, KeyError) else str(error)
            self._answer(device, Answer(id=command.id, ok=False, error=why))
            return
        if data is not None:
            self._answer(device, Answer(id=command.id, ok=True, data=data))

    def poll(self) -> list[tuple[str, Answer]]:
        """The answers that are ready, with their devices."""
        for one in [one for one in self._running if one[2].done()]:
            self._running.remove(one)
            device, command_id, future, data = one
            ended = future.result()
            ok = 200 <= ended.status < 300
            said = {**data, "status": ended.status}
            self._answer(
                device,
                Answer(id=command_id, ok=ok, data=said, error=None if ok else ended.error or "not accepted"),
            )
        ready, self._ready = self._ready, []
        return ready

    def _answer(self, device: str, answer: Answer) -> None:
        name = f"{device}/{answer.id}"
        self._done[name] = answer
        self._order.append(name)
        if len(self._order) > KEPT_IDS:
            self._done.pop(self._order.popleft(), None)
        self._ready.append((device, answer))

    def _do_set_interval(self, device: str, command: Command, at_ms: int) -> dict[str, object]:
        moving, parked = command.args["moving_s"], command.args["parked_s"]
        if (
            type(moving) is not int
            or type(parked) is not int
            or not (1 <= moving <= 15 and 1 <= parked <= 3600)
        ):
            raise Refused("set_interval: moving_s must be 1 to 15 and parked_s 1 to 3600, both whole")
        self._bus(device).set_interval(moving, parked)
        return {"moving_s": moving, "parked_s": parked}

    def _do_say(self, device: str, command: Command, at_ms: int) -> dict[str, object]:
        text = command.args["text"]
        if not isinstance(text, str) or not text:
            raise Refused("say: text must be words")
        self.said[device] = text
        return {"shown": len(text)}

    def _do_snapshot(self, device: str, command: Command, at_ms: int) -> None:
        camera = command.args["camera"]
        if camera not in CAMERAS:
            raise Refused(f"snapshot: camera must be one of {', '.join(CAMERAS)}")
        self._upload(device, command, take_picture(device, camera, at_ms), "image/png", {"t": at_ms})

    def _do_dump(self, device: str, command: Command, at_ms: int) -> None:
        begin, end = int(command.args["from"]), int(command.args["to"])
        rows = [row for row in self._bus(device).trace if begin <= row[0] <= end]
        lines = [f"{t},{kmh:.1f},{int(ign)},{int(door)}" for t, kmh, ign, door in rows]
        body = gzip.compress("\n".join(["t,spd,ign,door", *lines, ""]).encode(), mtime=0)
        self._upload(device, command, body, "application/gzip", {"rows": len(rows)})

    def _do_plan(self, device: str, command: Command, at_ms: int) -> dict[str, object]:
        self._keep_plan(device, msgspec.json.encode(command.args).decode())
        try:
            plan = msgspec.convert(command.args, DayPlan)
        except msgspec.ValidationError:
            trips = command.args.get("trips")  # kept for the driver to read; nobody drives by it
            return {"trips": len(trips) if isinstance(trips, list) else 0}
        return {"trips": self._heed(device, plan)}

    def _do_reboot(self, device: str, command: Command, at_ms: int) -> dict[str, object]:
        self._reboot(device)
        return {}

    def _upload(
        self, device: str, command: Command, body: bytes, content_type: str, data: dict[str, int]
    ) -> None:
        future = self._uploads.put(str(command.args["upload"]), body, content_type)
        self._running.append((device, command.id, future, {**data, "bytes": len(body)}))
