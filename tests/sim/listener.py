"""The server's side as PROTOCOL tells it, small enough for tests: keeps records, says `saved`, gives commands."""

from __future__ import annotations

import gzip
import threading
from collections import Counter, defaultdict
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.sim.mosquitto import SERVER, SERVER_SECRET
from tests.waiting import until

Name = tuple[str, int, int]


class Listener:
    """Receives everything on bus/#; `deaf` are (device, seq) that it claims never to have read, `mute` says no `saved`."""

    def __init__(self, port: int, mute: bool = False, name: str = "role-listener") -> None:
        self.records: dict[Name, dict[str, Any]] = {}
        self.copies: Counter[Name] = Counter()
        self.gaps: list[tuple[str, int, int]] = []
        self.online: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.batches: list[int] = []
        self.live: list[Name] = []
        self.deaf: set[tuple[str, int]] = set()
        self.mute = mute
        self._lock = threading.RLock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name)
        self._client.username_pw_set(SERVER, SERVER_SECRET)
        self._client.on_connect = lambda client, *_: client.subscribe("bus/#", 1)
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        until(ready.is_set, "the listener has subscribed")

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def command(self, device: str, **fields: object) -> None:
        """Send a command."""
        self._client.publish(f"bus/{device}/cmd", msgspec.json.encode({"v": 1, **fields}), qos=1)

    def say_saved(self, device: str, epoch: int, upto: int, missing: list[tuple[int, int]]) -> None:
        """Say `saved`, true or not."""
        body = {"v": 1, "epoch": epoch, "upto": upto, "missing": missing}
        self._client.publish(f"bus/{device}/saved", msgspec.json.encode(body), qos=1)

    def seqs(self, device: str, epoch: int = 0) -> list[int]:
        """The numbers received of a device."""
        with self._lock:
            return sorted(seq for name, e, seq in self.records if name == device and e == epoch)

    def named(self) -> set[Name]:
        """All records received."""
        with self._lock:
            return set(self.records)

    def settle(self, device: str) -> None:
        """Work out what is saved and say it."""
        epochs = [epoch for name, epoch, _ in self.named() if name == device]
        if self.mute or not epochs:
            return
        epoch = max(epochs)
        have = set(self.seqs(device, epoch))
        for name, first, last in self.gaps:
            if name == device:
                have |= set(range(first, last + 1))
        upto = max(have)
        lacking = [seq for seq in range(1, upto) if seq not in have]
        missing: list[tuple[int, int]] = []
        for seq in lacking:
            if missing and missing[-1][1] == seq - 1:
                missing[-1] = (missing[-1][0], seq)
            else:
                missing.append((seq, seq))
        if len(missing) > 20:
            upto, missing = missing[20][0] - 1, missing[:20]
        self.say_saved(device, epoch, upto, missing)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        _, device, kind = message.topic.split("/")
        if kind in ("cmd", "saved"):
            return
        payload = bytes(message.payload)
        assert len(payload) <= (48 * 1024 if kind == "batch" else 8 * 1024)
        plain = msgspec.json.decode(gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload)
        with self._lock:
            if kind == "online":
                self.online[device].append(plain)
            elif kind == "ack":
                self.answers.append((device, plain))
            elif kind == "batch":
                self.batches.append(len(plain["records"]))
                for record in plain["records"]:
                    self._keep(device, record.pop("k"), record)
            else:
                self.live.append((device, plain.get("epoch", 0), plain["seq"]))
                self._keep(device, kind, plain)
        self.settle(device)

    def _keep(self, device: str, kind: str, record: dict[str, Any]) -> None:
        if kind == "gap":
            self.gaps.append((device, record["seq"], record["to"]))
        elif (device, record["seq"]) not in self.deaf:
            name = (device, record.get("epoch", 0), record["seq"])
            self.copies[name] += 1
            self.records.setdefault(name, {**record, "k": kind})
