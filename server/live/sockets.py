"""The open sockets: whose each is, what it watches, and how much it may ask."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.errors import TooManyError
from server.service.policy import Caller
from server.service.watching import Target

BURST, PER_SECOND = 40.0, 5.0  # a page that reconnects watches each child anew; nothing honest asks faster
MAX_WATCHES = 50


@dataclass
class Socket:
    """One socket. `token_digest` is set where it came with a bearer token, else its session's id is in `caller`."""

    sid: str
    caller: Caller
    token_digest: str | None
    watches: dict[Target, str] = field(default_factory=dict)  # target -> room
    named: dict[Target, Target] = field(default_factory=dict)  # as the client said it -> by its id
    _allowance: float = BURST
    _at_s: float = 0.0

    def spend(self, now_s: float) -> None:
        """Take one message from the allowance; raise TooManyError when it is used up."""
        self._allowance = min(BURST, self._allowance + (now_s - self._at_s) * PER_SECOND)
        self._at_s = now_s
        if self._allowance < 1:
            raise TooManyError("Too many messages on this socket: wait a few seconds.", retry_after_s=5)
        self._allowance -= 1

    def is_of(
        self, *, session_id: str | None, token_id: str | None, user_id: str | None, keep: str | None
    ) -> bool:
        """Say whether an end of rights means this socket."""
        caller = self.caller
        if session_id is not None and caller.session_id == session_id:
            return True
        if token_id is not None and caller.token_id == token_id:
            return True
        return user_id is not None and caller.user_id == user_id and not (keep and caller.session_id == keep)
