"""A browser asks to be pushed to, and no longer to be: one row for each browser, its session's as long as that lives."""

from __future__ import annotations

from typing import Final, Protocol

from server.errors import InvalidError
from server.ids import new_id
from server.service.policy import Caller
from server.service.push_subscription import Subscription
from server.service.push_words import Language
from server.service.web_ports import WebStore, Work

MOST_BROWSERS: Final = 20  # of one account; the oldest ends for another one


class Gate(Protocol):
    """What may be stored, and the key that browsers bind their subscriptions to."""

    @property
    def public_key(self) -> str:
        """Give the public key, base64url."""

    def refuse(self, endpoint: str, p256dh: str, auth: str) -> None:
        """Raise InvalidError for keys that aren't any, or an endpoint that must not be called. May take a second."""


def session_key(caller: Caller) -> str:
    """Say what a subscription ends with: the caller's session, or their token."""
    if caller.session_id is not None:
        return caller.session_id
    if caller.token_id is not None:
        return f"token:{caller.token_id}"
    raise InvalidError("A subscription needs a session or a token to end with: log in and send it again.")


def subscribe(
    store: WebStore,
    gate: Gate,
    caller: Caller,
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    lang: Language,
    real_ms: int,
) -> str:
    """Keep a browser's subscription and give its id: the one it has, or a new one where it was somebody else's.

    Raise InvalidError. Runs its own unit of work, since a name may have to be asked for.
    """
    key = session_key(caller)
    gate.refuse(endpoint, p256dh, auth)
    with store.write() as work:
        kept = work.pushes.find_by_endpoint(endpoint)
        if kept is not None and kept.user_id != caller.user_id:
            # What waits for the one who had this browser before must never reach the one who has it now.
            work.pushes.end(kept.id, "taken over", real_ms)
            kept = None
        id_ = new_id() if kept is None else kept.id
        row = Subscription(id_, caller.user_id, key, endpoint, p256dh, auth, lang)
        if kept is None:
            work.pushes.add(row, real_ms)
        else:
            work.pushes.renew(row, real_ms)
        for oldest in work.pushes.list_ids(caller.user_id)[MOST_BROWSERS:]:
            work.pushes.end(oldest, "too many", real_ms)
    return id_


def unsubscribe(work: Work, caller: Caller, endpoint: str, real_ms: int) -> None:
    """End the caller's own subscription of this browser; one that isn't there has ended already."""
    kept = work.pushes.find_by_endpoint(endpoint)
    if kept is not None and kept.user_id == caller.user_id:
        work.pushes.end(kept.id, "by its owner", real_ms)
