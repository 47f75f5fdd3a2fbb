"""The embedded broker's configuration file, and where everything of the broker lies in the data folder."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import msgspec

from server.adapters.mqtt.keys import BrokerKeys
from server.errors import StartError

FLEET_ACCOUNT: Final = "FLEET"
AUTH_ACCOUNT: Final = "AUTH"
SYSTEM_ACCOUNT: Final = "SYS"

MAX_ACK_PENDING: Final = 4000
MAX_PAYLOAD_BYTES: Final = 65536
# The broker's wait for the callout; a device that gets no answer is refused and tries again with back-off.
AUTH_TIMEOUT_S: Final = 5
_LOOPBACK: Final = "127.0.0.1"

# What ingest may be owed at once: 7 kinds x 4,000 messages, one of them batches of 48 KiB. Over `max_pending` the
# broker would cut it off as a slow consumer while it drains a backlog.
_MAX_PENDING: Final = "512MB"


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment may choose; bytes, seconds.

    `messages_bytes` caps the messages nobody has acknowledged yet and must leave room in `max_file_store` for
    sessions and retained messages. `messages_max_age_s` is the time that devices themselves keep a saved record.
    `ack_wait_s` after its delivery an unacknowledged message is sent again: over twice the slowest commit.
    """

    data_dir: Path
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 1883
    max_file_store: int = 2 * 1024**3
    messages_bytes: int = 1536 * 1024**2
    messages_max_age_s: int = 7 * 86400
    ack_wait_s: int = 20

    @property
    def folder(self) -> Path:
        """Give the folder of configuration, store, ports and process id."""
        return self.data_dir / "broker"

    @property
    def config_file(self) -> Path:
        """Give the configuration's path; it names this broker on its command line."""
        return self.folder / "nats-server.conf"

    @property
    def pid_file(self) -> Path:
        """Give the path of the broker process's id."""
        return self.folder / "nats-server.pid"


class LoopbackPorts(msgspec.Struct, frozen=True):
    """The broker's own two ports on loopback: NATS's protocol for this role, HTTP for its health."""

    native: int
    monitor: int


def choose_ports(settings: BrokerSettings) -> LoopbackPorts:
    """Give the loopback ports of the last start where they are still free, else free ones, and keep them."""
    path = settings.folder / "ports.json"
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=LoopbackPorts)
        if is_free(_LOOPBACK, kept.native) and is_free(_LOOPBACK, kept.monitor):
            return kept
    except (OSError, msgspec.DecodeError):
        pass
    with socket.socket() as first, socket.socket() as second:
        first.bind((_LOOPBACK, 0))
        second.bind((_LOOPBACK, 0))
        chosen = LoopbackPorts(native=first.getsockname()[1], monitor=second.getsockname()[1])
    path.write_bytes(msgspec.json.encode(chosen))
    return chosen


def is_free(host: str, port: int) -> bool:
    """Say whether this machine would let a broker listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def check(settings: BrokerSettings) -> None:
    """Refuse settings that the broker would only choke on later; raise StartError."""
    if settings.messages_bytes > settings.max_file_store * 9 // 10:
        raise StartError(
            f"the broker's messages may take {settings.messages_bytes} bytes of a store of {settings.max_file_store}: "
            "leave a tenth for sessions and retained messages"
        )
    if '"' in str(settings.folder) or "\n" in str(settings.folder):
        raise StartError(
            f"the data folder {settings.data_dir} has a quote or a line break in its name; rename it"
        )


def render(settings: BrokerSettings, keys: BrokerKeys, ports: LoopbackPorts) -> str:
    """Write nats-server's configuration.

    `sync_interval` stays at its default: `always` costs a factor of ten, and what a power cut takes the devices
    send again, since they keep every record until `saved`. No websocket section, so MQTT over websocket is off.
    """
    host = f"[{settings.mqtt_host}]" if ":" in settings.mqtt_host else settings.mqtt_host
    store = str(settings.folder / "store").replace("\\", "\\\\")
    pid_file = str(settings.pid_file).replace("\\", "\\\\")
    return f"""\
# Written at every start from the settings; changes here are lost.
server_name: sixfixed
listen: "{_LOOPBACK}:{ports.native}"
http: "{_LOOPBACK}:{ports.monitor}"
pid_file: "{pid_file}"
max_payload: {MAX_PAYLOAD_BYTES}
max_pending: {_MAX_PENDING}
jetstream {{
  store_dir: "{store}"
  max_file_store: {settings.max_file_store}
  max_memory_store: {64 * 1024**2}
}}
mqtt {{
  listen: "{host}:{settings.mqtt_port}"
  ack_wait: "{settings.ack_wait_s}s"
  max_ack_pending: {MAX_ACK_PENDING}
  reject_qos2_publish: true
  downgrade_qos2_subscribe: true
}}
accounts {{
  {FLEET_ACCOUNT} {{ jetstream: enabled, users: [ {{ nkey: {keys.keeper.public} }} ] }}
  {AUTH_ACCOUNT} {{ users: [ {{ nkey: {keys.callout.public} }} ] }}
  {SYSTEM_ACCOUNT} {{ users: [ {{ nkey: {keys.system.public} }} ] }}
}}
system_account: {SYSTEM_ACCOUNT}
authorization {{
  timeout: {AUTH_TIMEOUT_S}
  auth_callout {{
    issuer: {keys.issuer.public}
    account: {AUTH_ACCOUNT}
    auth_users: [ {keys.keeper.public}, {keys.callout.public}, {keys.system.public} ]
  }}
}}
"""
