"""Deliveries of notices to browsers, in the database: what is due, who took it, what became of it.

Whether a browser may still be told is asked here each time anew, of its session, account and guardianship: so what ends these
ends the pushes, at once and without being told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, select, update

from server.adapters.db.counters import bump
from server.adapters.db.engine import Database, upsert
from server.adapters.db.push_subscriptions import end_subscription
from server.adapters.db.scopes import ScopesDb, holds_on
from server.adapters.db.tables import (
    findings,
    guardians,
    notice_deliveries,
    notices,
    push_subscriptions,
    riders,
    sessions,
    tokens,
    trip_riders,
    users,
)
from server.clock import Clock
from server.domain.limits import HISTORY_AFTER_MS
from server.service.instants import day
from server.service.push_delivery import Due, Outcome, State

# A condition that still holds is announced however late it is learnt (PROTOCOL, Time): these by where the child is.
ABOARD_KINDS: Final = ("left_aboard", "wrong_bus")
SWEEP_AT_ONCE: Final = 1000


def lasts(now_ms: int) -> ColumnElement[bool]:
    """Say that a row of `notices` tells of a condition that still holds; `findings` and `trip_riders` are joined to it.

    A child that did not board stays so in the rows for ever: that counts for as long as it is news.
    """
    open_finding = and_(
        findings.c.id.is_not(None), findings.c.state == "open", findings.c.ended_ms.is_(None),
        findings.c.withdrawn_at_ms.is_(None),
    )  # fmt: skip
    aboard = and_(notices.c.kind.in_(ABOARD_KINDS), trip_riders.c.state == "aboard")
    missing = and_(
        notices.c.kind == "no_show",
        trip_riders.c.state == "no_show",
        notices.c.made_at_ms >= now_ms - HISTORY_AFTER_MS,
    )
    return func.coalesce(or_(open_finding, and_(notices.c.finding_id.is_(None), or_(aboard, missing))), False)


def join_conditions(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join to `notices` what `lasts` looks at."""
    same_rider = and_(
        trip_riders.c.trip_id == notices.c.trip_id, trip_riders.c.rider_id == notices.c.rider_id
    )
    return query.outerjoin(findings, findings.c.id == notices.c.finding_id).outerjoin(trip_riders, same_rider)


class DatabaseDeliveries:
    """Satisfies `server.service.push_delivery.Deliveries`."""

    def __init__(self, database: Database, real: Clock) -> None:
        self._database = database
        self._real = real

    def enqueue(self, notice_ids: Sequence[str], real_ms: int) -> int:
        """Make a delivery of each notice to each live browser of its user that has none; give how many browsers there are."""
        query = (
            select(notices.c.id, push_subscriptions.c.id)
            .join(push_subscriptions, push_subscriptions.c.user_id == notices.c.user_id)
            .where(
                notices.c.id.in_(notice_ids),
                notices.c.withdrawn_at_ms.is_(None),
                push_subscriptions.c.ended_at_ms.is_(None),
            )
        )
        with self._database.read() as connection:
            found = connection.execute(query).all()
        if found:
            rows = [
                {
                    "notice_id": notice,
                    "subscription_id": browser,
                    "state": "waiting",
                    "attempts": 0,
                    "next_ms": real_ms,
                }
                for notice, browser in found
            ]
            with self._database.write() as connection:
                upsert(connection, notice_deliveries, rows, ["notice_id", "subscription_id"])
        return len(found)

    def list_due(self, limit: int, full: Sequence[str], *, real_ms: int, now_ms: int) -> list[Due]:
        """List waiting deliveries whose time has come, to origins other than `full`, the longest due first."""
        d, s = notice_deliveries.c, push_subscriptions.c
        query = (
            select(
                d.notice_id, d.subscription_id, d.attempts, notices.c.kind, notices.c.at_ms, notices.c.rider_id,
                notices.c.finding_id, notices.c.withdrawn_at_ms, riders.c.name.label("rider_name"), s.endpoint, s.p256dh,
                s.auth, s.lang, s.ended_at_ms.label("browser_ended"), lasts(now_ms).label("lasts"),
            )
            .select_from(notice_deliveries)
            .join(notices, notices.c.id == d.notice_id)
            .join(push_subscriptions, s.id == d.subscription_id)
            .join(users, users.c.id == s.user_id)
            .outerjoin(riders, riders.c.id == notices.c.rider_id)
            .where(d.state == "waiting", d.next_ms <= real_ms)
            .order_by(d.next_ms, d.notice_id)
            .limit(limit)
        )  # fmt: skip
        for origin in full:
            query = query.where(~s.endpoint.startswith(f"{origin}/", autoescape=True))
        with self._database.read() as connection:
            on = day(now_ms, ScopesDb(connection).timezone())
            query = query.add_columns(_allowed(real_ms, on).label("allowed"))
            return [_due(row, now_ms) for row in connection.execute(join_conditions(query))]

    def take(self, dues: Sequence[Due], *, real_ms: int, until_ms: int) -> list[Due]:
        """Hide due deliveries from others until an instant and count the attempt; give those that nobody else took."""
        d = notice_deliveries.c
        taken = []
        with self._database.write() as connection:
            for due in dues:
                mine = and_(d.notice_id == due.notice_id, d.subscription_id == due.subscription_id)
                done = connection.execute(
                    update(notice_deliveries)
                    .where(mine, d.state == "waiting", d.next_ms <= real_ms)
                    .values(next_ms=until_ms, attempts=d.attempts + 1)
                )
                if done.rowcount:
                    taken.append(due)
        return taken

    def record(self, outcomes: Sequence[Outcome], now_ms: int) -> None:
        """Write what became of attempts; a notice's first accepted one marks it as sent, a browser that is gone ends."""
        d = notice_deliveries.c
        real_ms = self._real.now_ms()
        with self._database.write() as connection:
            for one in outcomes:
                values: dict[str, Any] = {"answer": one.answer}
                if one.state is None:
                    values["next_ms"] = one.next_ms
                else:
                    values |= {"state": one.state, "next_ms": None, "done_at_ms": now_ms}
                mine = and_(d.notice_id == one.notice_id, d.subscription_id == one.subscription_id)
                connection.execute(
                    update(notice_deliveries).where(mine, d.state == "waiting").values(**values)
                )
                bump(connection, f"push.{one.state or 'retried'}")
                if one.state == "accepted":
                    connection.execute(
                        update(notices)
                        .where(notices.c.id == one.notice_id, notices.c.sent_at_ms.is_(None))
                        .values(sent_at_ms=now_ms, expired_at_ms=None)
                    )
                elif one.state == "gone":
                    end_subscription(connection, one.subscription_id, one.answer, real_ms)

    def next_due_ms(self) -> int | None:
        """Give when (real) the next waiting one is due; None when none waits."""
        waiting = notice_deliveries.c.state == "waiting"
        with self._database.read() as connection:
            found: int | None = connection.scalar(
                select(func.min(notice_deliveries.c.next_ms)).where(waiting)
            )
            return found

    def sweep(self, real_ms: int, now_ms: int) -> None:
        """End browsers whose session or account has ended; what waits for them ends when it is due."""
        s = push_subscriptions.c
        query = (
            select(s.id)
            .join(users, users.c.id == s.user_id)
            .where(s.ended_at_ms.is_(None), ~_session_lives(real_ms))
            .limit(SWEEP_AT_ONCE)
        )
        with self._database.read() as connection:
            dead = list(connection.scalars(query))
        if dead:
            with self._database.write() as connection:
                for subscription_id in dead:
                    end_subscription(connection, subscription_id, "session ended", real_ms)


def _session_lives(real_ms: int) -> ColumnElement[bool]:
    """Say that the session or token of a row of `push_subscriptions` (and its `users`) lives.

    Idleness ends no subscription: a parent who is told each morning need not open the page (decision 0126).
    """
    session_id = push_subscriptions.c.session_id
    session = exists().where(sessions.c.id == session_id, sessions.c.ends_at_ms > real_ms)
    token = exists().where(
        literal("token:").concat(tokens.c.id) == session_id,
        tokens.c.user_id == push_subscriptions.c.user_id,
        tokens.c.revoked_at_ms.is_(None),
        or_(tokens.c.ends_at_ms.is_(None), tokens.c.ends_at_ms > real_ms),
    )
    return and_(users.c.ended_at_ms.is_(None), or_(session, token))


def _allowed(real_ms: int, on: str) -> ColumnElement[bool]:
    """Say that the browser's user is still the notice's, logged in there, and still the guardian of the child it is about."""
    guards = exists().where(
        guardians.c.user_id == notices.c.user_id,
        guardians.c.rider_id == notices.c.rider_id,
        holds_on(on),
    )
    concerns = or_(users.c.role != "guardian", notices.c.rider_id.is_(None), guards)
    return and_(push_subscriptions.c.user_id == notices.c.user_id, _session_lives(real_ms), concerns)


def _due(row: Row[*tuple[Any, ...]], now_ms: int) -> Due:
    until_ms = None if row.lasts else row.at_ms + HISTORY_AFTER_MS
    over: tuple[State, str] | None = None
    if row.browser_ended is not None:
        over = ("failed", "the subscription has ended")
    elif not row.allowed:
        over = ("failed", "the session or the right to know has ended")
    elif row.withdrawn_at_ms is not None:
        over = ("expired", "withdrawn: it was not so")
    elif until_ms is not None and now_ms > until_ms:
        over = ("expired", "older than 15 minutes")
    return Due(
        row.notice_id, row.subscription_id, row.attempts, row.kind, row.at_ms, until_ms, row.rider_id, row.rider_name,
        row.finding_id is not None, row.endpoint, row.p256dh, row.auth, row.lang, over,
    )  # fmt: skip
