"""Say whether the whole system is ready, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.service.web_deps import WebDeps

# Each of these roles writes the real time (UTC ms) into counters every 2 s.
ROLES = ("ingest", "worker", "broker")
FRESH_MS = 10_000
SCHEMA_GOOD_FOR_S = 60.0  # asking about the schema is dear, and it changes by hand


class Readiness:
    """Asks the database; remembers for a while that the schema was right."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._schema_right_at_s: float | None = None

    def reasons(self) -> list[str]:
        """List what is missing, a sentence each; empty when ready. Runs its own unit of work."""
        try:
            problem = self._schema_problem()
            return [problem] if problem is not None else self._silent_roles()
        except Exception as why:
            # Whatever the database says, the answer is "not ready", with the reason's kind and no address or password.
            return [f"the database can't be read ({type(why).__name__}): check that it runs and has room"]

    def _schema_problem(self) -> str | None:
        now_s = self._deps.real.monotonic()
        if self._schema_right_at_s is not None and now_s - self._schema_right_at_s < SCHEMA_GOOD_FOR_S:
            return None
        problem = self._deps.database_problem()
        self._schema_right_at_s = None if problem is not None else now_s
        return problem

    def _silent_roles(self) -> list[str]:
        now_ms = self._deps.real.now_ms()
        silent = []
        with self._deps.store.read() as work:
            for role in ROLES:
                at_ms = work.house.counter(f"alive.{role}")
                if at_ms is None:
                    silent.append(f"{role} has never said that it is alive: start it")
                elif now_ms - at_ms > FRESH_MS:
                    silent.append(f"{role} was last alive {(now_ms - at_ms) // 1000} s ago: see its log")
        return silent
