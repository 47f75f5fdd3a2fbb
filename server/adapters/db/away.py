"""What a database raises that is away, locked, full, read-only or gone in the middle; not what a wrong row raises."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

AWAY: Final = (OperationalError, InterfaceError, InternalError)
