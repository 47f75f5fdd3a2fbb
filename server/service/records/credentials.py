"""Make or take the secret of a device and the password of an account, hashed before the change is written."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from server.errors import InvalidError
from server.service.devices import SECRET_BYTES, DeviceHasher
from server.service.packs.cells import read_secret
from server.service.passwords import hash_password, is_bundled, refuse_weak
from server.service.records.nouns import Noun
from server.service.records.storing import Credential

PASSWORD_BYTES = 12


def for_new(
    noun: Noun, body: Mapping[str, Any], leaked: Callable[[str], bool] = is_bundled
) -> Credential | None:
    """Give a new record's credential: the body's, or one made here, to be shown once; None for what has none."""
    if noun.secret is None:
        return None
    code = next(
        (body[word] for word in noun.fields[0].spellings if isinstance(body.get(word), str)), ""
    ).strip()
    given = body.get(noun.secret)
    if given in (None, ""):
        made = secrets.token_urlsafe(SECRET_BYTES if noun.secret == "secret" else PASSWORD_BYTES)
        return Credential(code, _hash(noun, made), made)
    name = body.get("name")
    return for_known(noun, body, code, name if isinstance(name, str) else None, leaked)


def for_known(
    noun: Noun,
    body: Mapping[str, Any],
    code: str,
    name: str | None,
    leaked: Callable[[str], bool] = is_bundled,
) -> Credential:
    """Give the credential that a body sets; raise InvalidError for one that may not be used."""
    field = noun.secret or ""
    given = body.get(field)
    try:
        if not isinstance(given, str):
            raise ValueError("write a text, or leave it out to have one made")
        read_secret(given)
    except ValueError as why:
        raise InvalidError(f"{field}: {why}.", fields={field: str(why)}) from None
    if field == "password":
        refuse_weak(given, username=code, name=name, leaked=leaked)
    return Credential(code, _hash(noun, given), None)


def _hash(noun: Noun, value: str) -> str:
    return DeviceHasher().hash(value) if noun.plural == "devices" else hash_password(value)
