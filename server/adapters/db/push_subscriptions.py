"""Browsers that may be pushed to, in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from server.adapters.db.tables import push_subscriptions
from server.service.push_subscription import Subscription

_COLUMNS = tuple(push_subscriptions.c[name] for name in Subscription.__struct_fields__)


class PushSubscriptionsDb:
    """Implements `PushSubscriptionStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find_by_endpoint(self, endpoint: str) -> Subscription | None:
        """Find the live one; an ended one has no endpoint any more."""
        query = select(*_COLUMNS).where(push_subscriptions.c.endpoint == endpoint)
        row: Row[*tuple[Any, ...]] | None = self._connection.execute(query).one_or_none()
        return None if row is None else Subscription(*row)

    def list_ids(self, user_id: str) -> list[str]:
        """List a user's live ones, the newest first."""
        live = (push_subscriptions.c.user_id == user_id) & push_subscriptions.c.ended_at_ms.is_(None)
        newest = (push_subscriptions.c.made_at_ms.desc(), push_subscriptions.c.id.desc())
        return list(self._connection.scalars(select(push_subscriptions.c.id).where(live).order_by(*newest)))

    def add(self, row: Subscription, real_ms: int) -> None:
        """Insert one."""
        values = {name: getattr(row, name) for name in Subscription.__struct_fields__}
        self._connection.execute(insert(push_subscriptions).values(**values, made_at_ms=real_ms))

    def renew(self, row: Subscription, real_ms: int) -> None:
        """Give one its user's newest session, keys and language."""
        self._connection.execute(
            update(push_subscriptions)
            .where(push_subscriptions.c.id == row.id)
            .values(
                session_id=row.session_id, p256dh=row.p256dh, auth=row.auth, lang=row.lang, made_at_ms=real_ms
            )
        )

    def end(self, subscription_id: str, reason: str, real_ms: int) -> None:
        """End one, and forget how to reach the browser."""
        end_subscription(self._connection, subscription_id, reason, real_ms)


def end_subscription(connection: Connection, subscription_id: str, reason: str, real_ms: int) -> None:
    """End a live subscription. Its endpoint is a key to somebody's phone and is kept no longer than it is used."""
    connection.execute(
        update(push_subscriptions)
        .where(push_subscriptions.c.id == subscription_id, push_subscriptions.c.ended_at_ms.is_(None))
        .values(
            ended_at_ms=real_ms,
            end_reason=reason[:32],
            endpoint=f"ended:{subscription_id}",
            p256dh="",
            auth="",
        )
    )
