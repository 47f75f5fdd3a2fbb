"""Make and keep the system's own secrets under `<data>/keys`, readable by its user alone.

Nothing has a default secret: each is made at the first start that needs it, once, whoever comes first.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.errors import StartError

ROLE_NAMES = ("role-ingest", "role-web", "role-worker", "role-cli")


def ensure_role_secrets(data_dir: Path) -> dict[str, str]:
    """Give each role's broker secret by its user name, making those that are missing; raise StartError."""
    with _keys_folder(data_dir) as folder:
        path = folder / "roles.json"
        found: dict[str, str] = {}
        if path.exists():
            try:
                found = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
            except msgspec.DecodeError as why:
                raise StartError(
                    f"{path} can't be read ({why}); delete it, and the next start makes new role secrets"
                ) from why
        if missing := [name for name in ROLE_NAMES if not found.get(name)]:
            found |= {name: secrets.token_urlsafe(32) for name in missing}
            write_secret_file(path, msgspec.json.format(msgspec.json.encode(found)))
        return found


def ensure_session_key(data_dir: Path) -> bytes:
    """Give the 32 bytes that sign the web's cookies, making them at the first call; raise StartError."""
    with _keys_folder(data_dir) as folder:
        path = folder / "session.key"
        if not path.exists():
            write_secret_file(path, secrets.token_bytes(32))
        key = path.read_bytes()
        if len(key) != 32:
            raise StartError(
                f"{path} holds {len(key)} bytes, not 32; delete it, and the next start makes a new key "
                "(everyone logs in again)"
            )
        return key


def ensure_vault_key(data_dir: Path) -> bytes:
    """Give the 32 bytes that second factors are sealed with, making them at the first call; raise StartError."""
    with _keys_folder(data_dir) as folder:
        path = folder / "vault.key"
        if not path.exists():
            write_secret_file(path, secrets.token_bytes(32))
        key = path.read_bytes()
        if len(key) != 32:
            raise StartError(
                f"{path} holds {len(key)} bytes, not 32; restore it from a backup, or delete it, and the next start makes "
                "another (then everyone with a second factor enrols again)"
            )
        return key


def ensure_push_key(data_dir: Path) -> bytes:
    """Give the private key that signs what web push sends (P-256, PEM), making it at the first call; raise StartError.

    Every browser's subscription is bound to it (RFC 8292): another key means that everyone subscribes anew.
    """
    with _keys_folder(data_dir) as folder:
        path = folder / "push.pem"
        if not path.exists():
            write_secret_file(path, _make_push_key())
        key = path.read_bytes()
        try:
            private = serialization.load_pem_private_key(key, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            private = None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise StartError(
                f"{path} holds no P-256 private key in PEM; restore it from a backup, or delete it, and the next start "
                "makes a new one (then every page subscribes to notices again)"
            )
        return key


def _make_push_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_secret_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole or not at all, replacing what was there."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def _keys_folder(data_dir: Path) -> Iterator[Path]:
    """Hold the folder's lock: two roles that start at once must not make two sets."""
    folder = data_dir / "keys"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as why:
        raise StartError(
            f"the keys folder {folder} can't be written ({why.strerror}); give this user the data folder"
        ) from why
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(handle)
