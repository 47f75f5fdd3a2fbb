"""The broker role's own connections to nats-server: caps the store, says who is connected, closes a connection.

nats-py is used here and in `auth_callout` alone; telemetry never passes through it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import nats
from nats.aio.client import Client as NatsClient
from nats.errors import Error as NatsError

from server.adapters.mqtt.broker_config import FLEET_ACCOUNT, BrokerSettings, LoopbackPorts
from server.adapters.mqtt.keys import NKey
from server.adapters.mqtt.topics import INGEST_TOPICS, nats_subject
from server.errors import StartError

MESSAGES_STREAM: Final = "$MQTT_msgs"
MESSAGES_PREFIX: Final = "$MQTT.msgs."
_REQUEST_S: Final = 5.0
_STREAM_NOT_FOUND: Final = 10059
_INGEST_FILTERS: Final = frozenset(MESSAGES_PREFIX + nats_subject(topic) for topic in INGEST_TOPICS)
# Longer than any number of one device's connections; it may have one, and a second for the instant of a takeover.
_CONNECTIONS_OF_ONE: Final = 16


async def connect(ports: LoopbackPorts, key: NKey, name: str) -> NatsClient:
    """Open a native connection to the broker on loopback as one of its three users; raise NatsError or OSError.

    It doesn't reconnect: where it breaks the broker is gone, and the role ends so that its supervisor restarts it.
    """
    client: NatsClient = await nats.connect(
        f"nats://127.0.0.1:{ports.native}",
        name=name,
        nkeys_seed_str=key.seed,
        allow_reconnect=False,
        max_reconnect_attempts=0,
        connect_timeout=2,
        error_cb=_swallow,
    )
    return client


async def _swallow(_error: Exception) -> None:
    """The caller of each request sees its own error; nats-py would log it with a traceback a second time."""


async def cap_messages(keeper: NatsClient, settings: BrokerSettings) -> None:
    """Give `$MQTT_msgs` its cap and `discard=new`, before the first MQTT client makes it without one.

    Uncapped, a full disk locks ingest out of its own session; capped, a full store refuses new messages (devices
    keep them) and ingest drains it. Raise StartError where the broker refuses.
    """
    wanted: dict[str, Any] = {
        "max_bytes": settings.messages_bytes,
        "max_age": settings.messages_max_age_s * 1_000_000_000,
        "discard": "new",
    }
    found = await _api(keeper, f"STREAM.INFO.{MESSAGES_STREAM}")
    if (found.get("error") or {}).get("err_code") == _STREAM_NOT_FOUND:
        # The values that nats-server itself would make it with; it takes over a stream that is there.
        wanted |= {
            "name": MESSAGES_STREAM,
            "subjects": [MESSAGES_PREFIX + ">"],
            "storage": "file",
            "retention": "interest",
            "num_replicas": 1,
        }
        answer = await _api(keeper, f"STREAM.CREATE.{MESSAGES_STREAM}", wanted)
    elif "error" in found:
        answer = found
    else:
        answer = await _api(keeper, f"STREAM.UPDATE.{MESSAGES_STREAM}", found["config"] | wanted)
    if "error" in answer:
        raise StartError(
            f"the broker's store in {settings.folder / 'store'} refuses its cap ({answer['error']['description']}); "
            "give it room, or move the folder away: devices send again what it held"
        )


async def has_ingest_session(keeper: NatsClient) -> bool:
    """Say whether the store holds ingest's session: a durable consumer for each topic that it subscribes to."""
    missing, offset = set(_INGEST_FILTERS), 0
    while missing:
        page = await _api(keeper, f"CONSUMER.LIST.{MESSAGES_STREAM}", {"offset": offset})
        consumers = page.get("consumers") or []
        missing -= {consumer["config"].get("filter_subject", "") for consumer in consumers}
        offset += len(consumers)
        if not consumers or offset >= page["total"]:
            break
    return not missing


class Closed(NamedTuple):
    """How many connections were closed, and when the broker was asked (its own clock)."""

    closed: int
    asked_at: datetime


async def close_connections(
    system: NatsClient, client_id: str, begun_before: datetime | None = None
) -> Closed:
    """Close the connections with this MQTT client id, only those begun before an instant of the broker's clock if one is given."""
    options = {"acc": FLEET_ACCOUNT, "mqtt_client": client_id, "limit": _CONNECTIONS_OF_ONE}
    answer = await _request(system, "$SYS.REQ.SERVER.PING.CONNZ", options)
    found = [
        connection["cid"]
        for connection in answer["data"]["connections"] or []
        if begun_before is None or datetime.fromisoformat(connection["start"]) < begun_before
    ]
    for cid in found:
        await _request(system, f"$SYS.REQ.SERVER.{answer['server']['id']}.KICK", {"cid": cid})
    return Closed(len(found), datetime.fromisoformat(answer["data"]["now"]))


async def _api(client: NatsClient, call: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return await _request(client, f"$JS.API.{call}", body)


async def _request(client: NatsClient, subject: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        reply = await client.request(subject, msgspec.json.encode(body) if body else b"", timeout=_REQUEST_S)
    except TimeoutError as late:
        raise NatsError(f"nats: no answer to {subject} in {_REQUEST_S:g} s") from late
    return msgspec.json.decode(reply.data, type=dict[str, Any])
