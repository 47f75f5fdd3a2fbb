"""What an HTTP endpoint is: method, path, the rule it stands under, the shapes it takes and gives, and who answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from server.service.policy import Caller, Rule, Scope
from server.service.rows import AuditEntry
from server.service.web_deps import WebDeps
from server.service.web_ports import Work

PREFIX = "/api/v1"
Limit = Annotated[int, Meta(ge=1, le=200)]
Text = Annotated[str, Meta(max_length=200)]


V = TypeVar("V", bound=Callable[..., object])


def under(rule: Rule, view: V) -> V:
    """Put a view under a rule; the app doesn't start with a route that has none."""
    view.rule = rule  # type: ignore[attr-defined]
    return view


class Page(msgspec.Struct, frozen=True):
    """The query of a list."""

    limit: Limit = 50
    after: Text | None = None


class Cookie(msgspec.Struct, frozen=True):
    """The session cookie to be set; an empty value takes it away."""

    value: str
    max_age_s: int


@dataclass(frozen=True)
class Reply:
    """An answer that is more than a shape with the endpoint's own status."""

    content: object = None
    status: int | None = None
    cookie: Cookie | None = None
    content_type: str = "application/json"
    filename: str | None = None


@dataclass
class Ask:
    """One request, once the caller and the object were admitted: everything that an endpoint may use.

    `subject` is the id of the path's object, `path` what else stands in it. What must wait for the commit goes into `after`,
    what must be known of the access into `audit`. `if_match`: the version that a change is meant for.
    """

    deps: WebDeps
    caller: Caller | None
    subject: str
    path: dict[str, str]
    body: Any
    query: Any
    address: str
    agent: str | None
    accept_csv: bool
    now_ms: int
    real_ms: int
    content_type: str = ""
    if_match: str | None = None
    _work: Work | None = None
    _scope: Scope | None = None
    after: list[Callable[[], None]] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)

    @property
    def work(self) -> Work:
        """Give the unit of work that this endpoint runs in."""
        if self._work is None:
            raise RuntimeError("this endpoint opens its own units of work: use deps.store")
        return self._work

    @property
    def who(self) -> Caller:
        """Give the caller of an endpoint that has none without one."""
        if self.caller is None:
            raise RuntimeError("a public endpoint has no caller")
        return self.caller

    @property
    def scope(self) -> Scope:
        """Give what the caller may know of."""
        if self._scope is None:
            raise RuntimeError("a public endpoint has no scope")
        return self._scope

    def note(self, action: str, of: str | None = None, detail: str | None = None) -> None:
        """Keep for the audit that the caller did this to, or read this of, an object."""
        user_id = None if self.caller is None else self.caller.user_id
        self.audit.append(AuditEntry(self.now_ms, user_id, action, of, detail))


@dataclass(frozen=True)
class Endpoint:
    """One method on one path below PREFIX. `works`: in a reading or a writing unit of work, or `apart`, among the slow ones.

    `files`: the content types of a body that is a file of at most `most_bytes`, given as it came (`Ask.body`, `Ask.content_type`).
    """

    method: Literal["GET", "POST", "PATCH", "DELETE", "PUT"]
    path: str
    rule: Rule
    answer: Callable[[Ask], object]
    gives: Any
    summary: str
    takes: Any = None
    query: type[msgspec.Struct] | None = None
    status: int = 200
    works: Literal["read", "write", "apart"] = "read"
    files: tuple[str, ...] = ()
    most_bytes: int = 0
