"""Mosquitto's access list for an outside broker: the same rights that the embedded one gives."""

from __future__ import annotations

from server.adapters.mqtt.rights import ROLE_INGEST, ROLES
from server.adapters.mqtt.topics import KINDS_FROM_DEVICE, KINDS_TO_DEVICE


def mosquitto_acl() -> str:
    """Write the text of Mosquitto's `acl_file`.

    Every device logs in with its id as user name. Mosquitto can't tie a client id to a user by this file: its
    listener needs `use_username_as_clientid` off and a `clientid_prefixes` rule or the dynamic-security plug-in
    where devices aren't trusted with each other's ids.
    """
    lines = ["# SixFixed: who may publish (write) and subscribe (read). Anonymous clients get nothing.", ""]
    for role in ROLES:
        lines += [f"user {role}", "topic readwrite live/#", "topic readwrite wake/#"]
        if role == ROLE_INGEST:
            lines += [f"topic read bus/+/{kind}" for kind in KINDS_FROM_DEVICE]
            lines += [f"topic write bus/+/{kind}" for kind in KINDS_TO_DEVICE]
        lines.append("")
    lines.append("# %u is the device's id: its user name.")
    lines += [f"pattern write bus/%u/{kind}" for kind in KINDS_FROM_DEVICE]
    lines += [f"pattern read bus/%u/{kind}" for kind in KINDS_TO_DEVICE]
    return "\n".join(lines) + "\n"
