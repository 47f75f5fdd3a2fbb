"""Units of work for HTTP and live: every store of `web_ports` on one connection of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from server.adapters.db.accounts import AccountsDb
from server.adapters.db.accounts_factors import FactorsDb
from server.adapters.db.accounts_invitations import InvitationsDb
from server.adapters.db.accounts_provider import ProviderDb
from server.adapters.db.audit import AuditDb
from server.adapters.db.catalog_change import RecordsDb
from server.adapters.db.catalog_read import CatalogDb
from server.adapters.db.children import ChildrenDb
from server.adapters.db.commands import CommandsDb
from server.adapters.db.crew import CrewDb
from server.adapters.db.devices_read import DevicesDb
from server.adapters.db.driver_record import DriverRecordDb
from server.adapters.db.engine import Database
from server.adapters.db.findings import FindingsDb
from server.adapters.db.house import HouseDb
from server.adapters.db.notices_read import NoticesDb
from server.adapters.db.permits import PermitsDb
from server.adapters.db.preferences import PreferencesDb
from server.adapters.db.push_subscriptions import PushSubscriptionsDb
from server.adapters.db.scopes import ScopesDb
from server.adapters.db.substitutions_store import SubstitutionsDb
from server.adapters.db.tracks_read import TracksDb
from server.adapters.db.trips_read import TripsDb
from server.domain.plan import PlanVersion


class DbWork:
    """One unit of work."""

    def __init__(self, connection: Connection, kept: dict[str, PlanVersion]) -> None:
        self.scopes = ScopesDb(connection)
        self.accounts = AccountsDb(connection)
        self.factors = FactorsDb(connection)
        self.invitations = InvitationsDb(connection)
        self.provider = ProviderDb(connection)
        self.children = ChildrenDb(connection)
        self.trips = TripsDb(connection, kept)
        self.tracks = TracksDb(connection)
        self.notices = NoticesDb(connection)
        self.preferences = PreferencesDb(connection)
        self.findings = FindingsDb(connection)
        self.devices = DevicesDb(connection)
        self.audit = AuditDb(connection)
        self.catalog = CatalogDb(connection)
        self.records = RecordsDb(connection)
        self.crew = CrewDb(connection)
        self.commands = CommandsDb(connection)
        self.pushes = PushSubscriptionsDb(connection)
        self.house = HouseDb(connection)
        self.substitutions = SubstitutionsDb(connection)
        self.permits = PermitsDb(connection)
        self.drivers = DriverRecordDb(connection)


class DbWebStore:
    """Implements `WebStore` on a `Database`; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[str, PlanVersion] = {}

    @contextmanager
    def read(self) -> Iterator[DbWork]:
        """Open a unit of work on one snapshot."""
        with self._database.read() as connection:
            yield DbWork(connection, self._kept)

    @contextmanager
    def write(self) -> Iterator[DbWork]:
        """Open a unit of work that is committed at its end."""
        with self._database.write() as connection:
            yield DbWork(connection, self._kept)
