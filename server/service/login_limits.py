"""Limit failed log-ins and wrong codes, for each account at an address and for each address; only failures count.

Nothing is counted for an account alone, so that a stranger elsewhere can't lock it.
"""

from __future__ import annotations

import hashlib
import ipaddress

from server.errors import TooManyError
from server.service.web_ports import AccountStore

LOOK_BACK_MS = 15 * 60_000
FREE_FOR_ACCOUNT = 5  # a person who mistypes; from then on each failure doubles the wait
FREE_FOR_ADDRESS = 30  # a school or a carrier's shared address
FIRST_WAIT_MS = 5_000
LONGEST_WAIT_MS = LOOK_BACK_MS

FREE_FOR_CODE = (
    10  # of an account, wherever from: only who knows its password comes so far, so no stranger locks it
)
FREE_FOR_GUESS = 20  # of an invitation's code: one has 128 bits

Keys = tuple[tuple[str, int], ...]


def keys(username: str, address: str) -> Keys:
    """Give what a failure is counted under, each with its free number: account at address, then address.

    The name is hashed, since people type passwords into that field; an IPv6 caller owns a /64, so that counts as one.
    """
    place = _place(address)
    name = hashlib.sha256(username.encode()).hexdigest()[:32]
    return (f"account:{name}:{place}", FREE_FOR_ACCOUNT), (f"address:{place}", FREE_FOR_ADDRESS)


def code_keys(user_id: str, address: str) -> Keys:
    """Give the same for a second factor's code: the account wherever it is asked from, then the address."""
    return (f"code:{user_id}", FREE_FOR_CODE), (f"address:{_place(address)}", FREE_FOR_ADDRESS)


def guess_keys(address: str) -> Keys:
    """Give the same for an invitation's code: the address alone."""
    return ((f"guess:{_place(address)}", FREE_FOR_GUESS),)


def refuse_early(accounts: AccountStore, counted: Keys, now_ms: int) -> None:
    """Raise TooManyError while a key's back-off lasts."""
    for key, free in counted:
        count, last_ms = accounts.failures(key, now_ms - LOOK_BACK_MS)
        if count < free:
            continue
        wait_ms = min(FIRST_WAIT_MS * 2 ** min(count - free, 10), LONGEST_WAIT_MS)
        left_ms = last_ms + wait_ms - now_ms
        if left_ms > 0:
            left_s = -(-left_ms // 1000)
            raise TooManyError(
                f"Too many wrong tries from here: try again in {left_s} seconds.", retry_after_s=left_s
            )


def _place(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
