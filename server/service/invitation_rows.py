"""What invitations and carers ask of the database."""

from __future__ import annotations

from typing import Protocol

import msgspec

from server.service.account_shapes import InvitationKind, InvitationState
from server.service.policy import Scope
from server.service.shapes import Named


class InvitationRow(msgspec.Struct, frozen=True):
    """An invitation. `by` is who made it, `owner_id` in whose list it is; `valid_until`, `may_change`: a carer's."""

    id: str
    kind: InvitationKind
    role: str
    scope_id: str | None
    rider: Named | None
    name: str
    phone: str | None
    email: str | None
    relation: str | None
    valid_until: str | None
    may_change: bool
    owner_id: str | None
    by: Named
    made_at_ms: int
    ends_at_ms: int
    used_at_ms: int | None = None
    user: Named | None = None
    ended_at_ms: int | None = None

    def state(self, now_ms: int) -> InvitationState:
        """Say what may still become of it."""
        if self.used_at_ms is not None:
            return "used"
        if self.ended_at_ms is not None:
            return "revoked"
        return "open" if now_ms < self.ends_at_ms else "expired"


class CarerRow(msgspec.Struct, frozen=True):
    """A carer's invitation, and what is of them now: None where they hold the child no more, or not yet."""

    invitation: InvitationRow
    until: str | None
    may_change: bool | None


class InvitationStore(Protocol):
    """Invitations, and the guardianships that come of them."""

    def add(self, row: InvitationRow, digest: str) -> None: ...
    def find(self, digest: str) -> InvitationRow | None: ...
    def get(self, invitation_id: str) -> InvitationRow: ...
    def page(
        self, scope: Scope, state: InvitationState | None, now_ms: int, after: str | None, limit: int
    ) -> list[InvitationRow]: ...
    def spend(self, invitation_id: str, user_id: str, now_ms: int) -> bool: ...
    def revoke(self, invitation_id: str, now_ms: int) -> bool: ...
    def rider_lives(self, rider_id: str) -> bool: ...
    def operator_of(self, person_id: str) -> str | None: ...
    def put_guardian(self, row: InvitationRow, user_id: str, now_ms: int) -> None: ...
    def list_carers(self, rider_id: str) -> list[CarerRow]: ...
    def end_carer(self, row: InvitationRow, now_ms: int) -> None: ...
