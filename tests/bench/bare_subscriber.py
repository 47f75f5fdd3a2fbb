"""How fast a bare paho subscriber with manual ack is on the embedded broker: the limit beside ingest's own figure.

`python -m tests.bench.bare_subscriber [--runs N] [--messages N] [--ours] [--json]`. Messages are preloaded into the
session by a pipelined raw-socket publisher; then one process, one core, takes and acknowledges them all in bunches.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import selectors
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from server.adapters.mqtt.broker import Broker, run_broker
from server.adapters.mqtt.broker_config import BrokerSettings
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.keys import role_endpoint
from server.adapters.mqtt.rights import ROLE_INGEST
from server.adapters.mqtt.subscriber import Subscriber
from server.adapters.mqtt.topics import INGEST_TOPICS
from server.clock import SystemClock
from server.supervisor.death import die_with_parent

_BUNCH: Final = 500
_SECRET: Final = "bench"


class Rate(NamedTuple):
    """Messages a second of each run, of one core's wall time."""

    name: str
    runs: list[float]

    @property
    def median(self) -> float:
        """Give the middle run."""
        return statistics.median(self.runs)

    def line(self) -> str:
        """Say it for people."""
        spread = f"{min(self.runs):,.0f}..{max(self.runs):,.0f}"
        return f"{self.name}: {self.median:,.0f} messages/s (median of {len(self.runs)}, {spread})"


@contextlib.contextmanager
def embedded_broker(data_dir: Path) -> Iterator[Endpoint]:
    """Run the embedded broker as a process, letting in every device whose secret is `bench`; give ingest's endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.bench.bare_subscriber", "--broker", str(data_dir), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent())
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the bench's broker did not start; run it by hand with --broker to see why")
        yield role_endpoint(data_dir, ROLE_INGEST, port)
    finally:
        process.terminate()
        process.wait(10)


def preload(endpoint: Endpoint, messages: int, buses: int = 50) -> None:
    """Publish positions of so many buses at QoS 1 and return when every one is acknowledged by the broker."""
    doors = [_door(endpoint, f"B{bus:04}") for bus in range(buses)]
    selector = selectors.DefaultSelector()
    share = messages // buses
    owed = {}
    for bus, door in enumerate(doors):
        topic = f"bus/B{bus:04}/pos".encode()
        stream = b"".join(_publish(topic, seq) for seq in range(1, share + 1))
        door.setblocking(False)
        owed[door] = [memoryview(stream), share * 4]
        selector.register(door, selectors.EVENT_READ | selectors.EVENT_WRITE)
    while owed:
        for key, events in selector.select(10):
            door = key.fileobj
            assert isinstance(door, socket.socket)
            state = owed[door]
            if events & selectors.EVENT_READ:
                came = len(door.recv(65536))
                if not came:
                    raise RuntimeError("the broker closed a loader's connection; look at its log")
                state[1] -= came
            if events & selectors.EVENT_WRITE and state[0]:
                state[0] = state[0][door.send(state[0][:65536]) :]
                if not state[0]:
                    selector.modify(door, selectors.EVENT_READ)
            if state[1] <= 0:
                selector.unregister(door)
                door.close()
                del owed[door]
    selector.close()


def measure_bare(endpoint: Endpoint, messages: int) -> float:
    """Connect, take and acknowledge preloaded messages with plain paho; give messages/s."""
    begun, done = time.perf_counter(), 0
    with _paho(endpoint) as (client, waiting):
        selector = selectors.DefaultSelector()
        selector.register(client.socket(), selectors.EVENT_READ)
        while done < messages:
            selector.select(1)
            client.loop_read()
            if len(waiting) >= _BUNCH or done + len(waiting) >= messages:
                for mid in waiting:
                    client.ack(mid, 1)
                done += len(waiting)
                waiting.clear()
                while client.want_write():
                    client.loop_write()
        selector.close()
        return messages / (time.perf_counter() - begun)


def measure_ours(endpoint: Endpoint, messages: int) -> float:
    """The same with the server's own subscriber; give messages/s."""
    subscriber = Subscriber(endpoint, clock=SystemClock(), topics=INGEST_TOPICS)
    begun, done = time.perf_counter(), 0
    while done < messages:
        taken = subscriber.take(_BUNCH, 1)
        subscriber.ack(taken)
        done += len(taken)
    rate = messages / (time.perf_counter() - begun)
    subscriber.close()
    return rate


def measure(
    measure_once: Callable[[Endpoint, int], float], name: str, runs: int = 5, messages: int = 40_000
) -> Rate:
    """Measure so many runs on a fresh broker, each on its own preloaded messages."""
    rates = []
    with tempfile.TemporaryDirectory() as folder, embedded_broker(Path(folder)) as endpoint:
        make_session(endpoint)
        for _ in range(runs):
            preload(endpoint, messages)
            rates.append(measure_once(endpoint, messages))
    return Rate(name, rates)


def make_session(endpoint: Endpoint) -> None:
    """Make the subscriber's session, so that the broker keeps what is loaded next."""
    with _paho(endpoint):
        pass


@contextlib.contextmanager
def _paho(endpoint: Endpoint) -> Iterator[tuple[Client, list[int]]]:
    client = Client(
        CallbackAPIVersion.VERSION2,
        ROLE_INGEST,
        clean_session=False,
        protocol=MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
        reconnect_on_failure=False,
    )
    client.username_pw_set(endpoint.username or "", endpoint.password)
    waiting: list[int] = []
    granted: list[int] = []

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        waiting.append(message.mid)

    client.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in INGEST_TOPICS])
    client.on_subscribe = lambda *_: granted.append(1)
    client.on_message = on_message
    # Acknowledgements go out in bunches then, not in one `send` each from within `ack`.
    client.on_socket_register_write = lambda *_: None
    client.connect(endpoint.host, endpoint.port, 60)
    while not granted:
        client.loop_write()
        client.loop_read()
    try:
        yield client, waiting
    finally:
        client.disconnect()
        # Nothing writes it by itself here, and to a client that is not known to be gone the broker would deliver.
        while client.want_write():
            client.loop_write()


def _door(endpoint: Endpoint, device: str) -> socket.socket:
    fields = (f"bus-{device}", device, _SECRET)
    body = b"\x00\x04MQTT\x04\xc2\x00\x00" + b"".join(struct.pack("!H", len(f)) + f.encode() for f in fields)
    door = socket.create_connection((endpoint.host, endpoint.port), 10)
    door.sendall(bytes([0x10, len(body)]) + body)
    if door.recv(4)[3:] != b"\0":
        raise RuntimeError(f"the broker refused the loader's device {device}; look at its log")
    return door


def _publish(topic: bytes, seq: int) -> bytes:
    payload = (
        b'{"v":1,"seq":%d,"t":1795390323000,"lat":37.51427,"lon":105.18962,"spd":31.4,"hdg":92.0,"acc":3.8,'
        b'"sat":17,"odo":48211903,"ign":1,"door":0,"lamp":0,"arm":0}' % seq
    )
    body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", seq & 0xFFFF or 1) + payload
    return b"\x32" + bytes([len(body) & 127 | 128, len(body) >> 7]) + body


async def _serve(data_dir: Path, port: int) -> int:
    broker = Broker(
        BrokerSettings(data_dir=data_dir, mqtt_port=port),
        authenticate_device=lambda _device, secret: secret == _SECRET,
        device_versions=dict,
        clock=SystemClock(),
    )
    return await run_broker(broker, on_ready=lambda: print("ready", flush=True))


def main() -> int:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--ours", action="store_true", help="measure the server's subscriber beside it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--broker", nargs=2, metavar=("DATA", "PORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.broker:
        return asyncio.run(_serve(Path(options.broker[0]), int(options.broker[1])))
    rates = [measure(measure_bare, "bare paho subscriber", options.runs, options.messages)]
    if options.ours:
        rates.append(measure(measure_ours, "the server's subscriber", options.runs, options.messages))
    for rate in rates:
        print(
            json.dumps({"name": rate.name, "per_s": rate.median, "runs": rate.runs})
            if options.json
            else rate.line()
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
