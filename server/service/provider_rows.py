"""What a log-in at an OpenID Connect provider asks of the outside: the provider, and the database."""

from __future__ import annotations

from typing import Protocol

import msgspec

from server.errors import NotLoggedInError


class ProviderError(NotLoggedInError):
    """The provider can't be asked, or what it says doesn't hold: nobody is logged in by it."""

    code = "provider"


class Identity(msgspec.Struct, frozen=True):
    """Who somebody is at the provider. `email` only where it says that it has verified it; `strong`: by more than a password."""

    issuer: str
    subject: str
    email: str | None
    strong: bool


class Provider(Protocol):
    """An OpenID Connect provider. Both raise ProviderError; both wait for it, so they run beside the loop."""

    @property
    def name(self) -> str:
        """Give what a page calls it."""

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Give where a browser goes to log in there."""

    def exchange(self, *, code: str, redirect_uri: str, nonce: str, verifier: str, now_ms: int) -> Identity:
        """Give who came back with a code, once everything that it says was checked."""


class ProviderLogin(msgspec.Struct, frozen=True):
    """A log-in that went to the provider; `id` and `browser` are digests of what only the browser has."""

    id: str
    browser: str
    nonce: str
    verifier: str
    made_at_ms: int


class IdentityRow(msgspec.Struct, frozen=True):
    """A link of an account to an identity."""

    id: str
    issuer: str
    made_at_ms: int


class ProviderStore(Protocol):
    """Log-ins on their way, and linked identities."""

    def add_login(self, row: ProviderLogin) -> None: ...
    def take_login(self, state_digest: str) -> ProviderLogin | None: ...
    def find_user(self, issuer: str, subject: str) -> str | None: ...
    def find_users_by_email(self, email: str) -> list[str]: ...
    def link(self, link_id: str, user_id: str, issuer: str, subject: str, now_ms: int) -> None: ...
    def list_links(self, user_id: str) -> list[IdentityRow]: ...
    def unlink(self, link_id: str) -> None: ...
