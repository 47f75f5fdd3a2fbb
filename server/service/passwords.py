"""Keep passwords: argon2id hashes, and a refusal of those that would be guessed.

It stores nothing and asks nobody outside: no password and no part of one leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from server.errors import InvalidError

MIN_LENGTH, MAX_LENGTH = 12, 128  # QUALITY, "Security" 2
_MIN_SCORE = 2  # zxcvbn: 2 means more than 10^6 guesses, far beyond what the log-in limits allow
_SCORED = 72  # what zxcvbn looks at; a longer password only gets harder

LOCKED = "!"  # instead of a hash: an account that nobody can log in to, until it is given a password

# RFC 9106, second recommended option (64 MiB, 3 passes), the library's default.
_HASHER = PasswordHasher()


@cache
def _decoy() -> str:
    """Give a hash that nobody's password has, so that an unknown account costs the same time as a known one."""
    return _HASHER.hash("nobody has this password")


@cache
def _breached() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def is_bundled(password: str) -> bool:
    """Say whether the password is on the small list that comes along: zxcvbn's 30,000 most used ones of leaks."""
    return password.casefold() in _breached()


def hash_password(password: str) -> str:
    """Hash with argon2id; takes tens of milliseconds and 64 MiB."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Say whether the password is the hash's; None (no such account) takes as long and is always wrong."""
    known = password_hash is not None
    try:
        # Longer than any password can be: verify a fixed one instead of hashing what a stranger sends.
        _HASHER.verify(password_hash if password_hash is not None else _decoy(), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return known and len(password) <= MAX_LENGTH


class PersonHasher:
    """The same for an import of many accounts at once."""

    def hash(self, secret: str) -> str:
        """Give the encoded hash of a password."""
        return hash_password(secret)

    def verify(self, encoded: str, secret: str) -> bool:
        """Say whether a password is the hash's."""
        return verify_password(encoded, secret)


def refuse_weak(
    password: str,
    *,
    username: str,
    name: str | None = None,
    field: str = "password",
    leaked: Callable[[str], bool] = is_bundled,
) -> None:
    """Raise InvalidError with what to do unless the password may be used for this account; `leaked` knows lists of leaks."""
    why = None
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        why = f"use {MIN_LENGTH} to {MAX_LENGTH} characters, this has {len(password)}"
    elif username.casefold() in password.casefold() and len(username) >= 4:
        why = "leave the user name out of it"
    elif is_bundled(password) or leaked(password):
        why = "it is on the list of passwords that have leaked; choose another"
    else:
        own = [word for word in (username, name, "sixfixed", "schoolbus") if word]
        if zxcvbn(password[:_SCORED], user_inputs=own)["score"] < _MIN_SCORE:
            why = "it would be guessed soon; use several unrelated words"
    if why is not None:
        raise InvalidError(f"This password can't be used: {why}.", fields={field: why})
