"""What the web role is given by bootstrap: ports, clocks and the settings that it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from server.clock import Clock
from server.service.audit_buffer import AuditBuffer
from server.service.documents import Files
from server.service.ended import Ended
from server.service.packs.port import PackStore
from server.service.passwords import is_bundled
from server.service.provider_rows import Provider
from server.service.push import Gate
from server.service.vault import Vault
from server.service.web_metrics import WebMetrics
from server.service.web_ports import WebStore
from server.service.web_settings import WebSettings

T = TypeVar("T")


class Pool(Protocol):
    """Runs blocking work beside the event loop."""

    def run(self, job: Callable[[], T]) -> T:
        """Run one whole unit of work; give its result or raise its error."""

    def run_slow(self, job: Callable[[], T]) -> T:
        """Run work that keeps a core busy (password hashing), a few at a time."""

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` on the loop after so many real seconds."""


@dataclass(frozen=True)
class WebDeps:
    """The web role's outside. `clock` is the school day's, `real` the machine's (sessions, limits, heartbeats).

    `publish(topic, payload)` says on the house's topics; `subscribe(callback)` begins to hear `live/#` there, the callback
    being called from any thread; `database_problem()` says what is wrong with the schema, or None; `push` judges
    browsers' subscriptions; `files` keeps what people attach; `vault` seals second factors; `leaked` knows passwords that
    have leaked; `provider` logs people in where one is set.
    """

    store: WebStore
    packs: PackStore
    clock: Clock
    real: Clock
    pool: Pool
    publish: Callable[[str, bytes], None]
    subscribe: Callable[[Callable[[str, bytes], None]], None]
    database_problem: Callable[[], str | None]
    settings: WebSettings
    push: Gate
    files: Files
    vault: Vault
    leaked: Callable[[str], bool] = is_bundled
    provider: Provider | None = None
    metrics: WebMetrics = field(default_factory=WebMetrics)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ended", Ended(self.publish))
        object.__setattr__(self, "audit", AuditBuffer(self.store, self.pool.run, self.pool.later))

    ended: Ended = field(init=False)
    audit: AuditBuffer = field(init=False)
