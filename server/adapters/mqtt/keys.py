"""Key pairs of the embedded broker, made at first start and kept in `<data>/keys/broker.json` (0600)."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import msgspec
import nkeys

from server.adapters.mqtt.endpoint import Endpoint
from server.errors import StartError
from server.secrets import ensure_role_secrets, write_secret_file

_SEED_BYTES: Final = 32


class NKey(msgspec.Struct, frozen=True):
    """An Ed25519 key pair in NATS's writing: `seed` is the secret."""

    public: str
    seed: str


class BrokerKeys(msgspec.Struct, frozen=True):
    """The issuer signs what the callout answers; the three users are the broker role's own connections."""

    issuer: NKey
    callout: NKey
    system: NKey
    keeper: NKey


def ensure_broker_keys(data_dir: Path) -> BrokerKeys:
    """Read the broker's key pairs, making them at the first start; raise StartError.

    The caller holds the store's lock: only one broker role at a time makes keys.
    """
    path = data_dir / "keys" / "broker.json"
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            account, user = nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER
            made = BrokerKeys(
                issuer=_make(account), callout=_make(user), system=_make(user), keeper=_make(user)
            )
            write_secret_file(path, msgspec.json.format(msgspec.json.encode(made)))
        return msgspec.json.decode(path.read_bytes(), type=BrokerKeys)
    except msgspec.DecodeError as why:
        raise StartError(
            f"{path} can't be read ({why}); delete it, and the next start makes new keys"
        ) from why
    except OSError as why:
        raise StartError(f"{path} can't be kept ({why.strerror}); give this user the data folder") from why


def role_endpoint(data_dir: Path, role: str, port: int, host: str = "127.0.0.1") -> Endpoint:
    """Say how a role logs in to the embedded broker on this machine; raise StartError."""
    return Endpoint(host=host, port=port, username=role, password=ensure_role_secrets(data_dir)[role])


def _make(prefix: int) -> NKey:
    seed = nkeys.encode_seed(secrets.token_bytes(_SEED_BYTES), prefix)
    return NKey(public=nkeys.from_seed(seed).public_key.decode(), seed=seed.decode())
