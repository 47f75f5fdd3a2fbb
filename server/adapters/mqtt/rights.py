"""Who may say and hear what on the embedded broker: pure, from user name and client id to subjects."""

from __future__ import annotations

from typing import Final

import msgspec

from server.adapters.mqtt.topics import (
    KINDS_FROM_DEVICE,
    KINDS_TO_DEVICE,
    WAKE_INGEST,
    bus_topic,
    device_client_id,
    is_device_id,
    nats_subject,
)

ROLE_INGEST: Final = "role-ingest"
ROLE_WEB: Final = "role-web"
ROLE_WORKER: Final = "role-worker"
ROLE_CLI: Final = "role-cli"
# Ingest's sessions, each with its topics: one for each kind of message (decision 0183). The last has the name of the one of before.
INGEST_SESSIONS: Final[dict[str, tuple[str, ...]]] = {
    f"{ROLE_INGEST}-wake": (WAKE_INGEST,),
    **{f"{ROLE_INGEST}-{kind}": (f"bus/+/{kind}",) for kind in KINDS_FROM_DEVICE if kind != "pos"},
    ROLE_INGEST: ("bus/+/pos",),
}
ROLES: Final = (ROLE_INGEST, ROLE_WEB, ROLE_WORKER, ROLE_CLI)

# `live/#` also matches the topic `live`, for which the broker makes a subscription of its own.
_HOUSE: Final = ("live", "live.>", "wake", "wake.>")
_BUS: Final = ("bus", "bus.>")


class Rights(msgspec.Struct, frozen=True):
    """NATS subjects that a connection may publish to and subscribe to; nothing else is open to it."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def device_rights(device: str) -> Rights:
    """List what a device may do: send its own kinds, hear its own `cmd` and `saved` (INTERFACES 6.13)."""
    return Rights(
        publish=tuple(nats_subject(bus_topic(device, kind)) for kind in KINDS_FROM_DEVICE),
        subscribe=tuple(nats_subject(bus_topic(device, kind)) for kind in KINDS_TO_DEVICE),
    )


def role_rights(role: str) -> Rights:
    """List what a role of the house may do: `live/#`, `wake/#`, and for ingest `bus/#`."""
    subjects = _HOUSE + _BUS if role == ROLE_INGEST else _HOUSE
    return Rights(publish=subjects, subscribe=subjects)


def client_id_fits(username: str, client_id: str) -> bool:
    """Say whether this user may connect under this client id.

    Without this check anybody who may log in takes over another's session, ingest's included. Ingest has a
    fixed few; the other roles run several times and append `-` and a part of their own.
    """
    if username == ROLE_INGEST:
        return client_id in INGEST_SESSIONS
    if username in ROLES:
        return client_id == username or client_id.startswith(f"{username}-")
    return is_device_id(username) and client_id == device_client_id(username)
