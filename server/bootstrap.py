"""Wires everything: the one module that knows every other.

Each `run_…` is a role in the foreground until SIGTERM or SIGINT; the rest are the commands of the command line. Nothing is made at
import, and what one role doesn't need it doesn't load.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from server.adapters.db.devices import DbDevices
from server.adapters.db.engine import Database, database_file, parse_url
from server.clock import Clock, SystemClock, make_clock
from server.config import Settings
from server.errors import SixFixedError
from server.ready import announce_ready
from server.service.devices import DeviceHasher, Devices

if TYPE_CHECKING:
    from server.adapters.mqtt.endpoint import Endpoint
    from server.adapters.push.vapid import VapidKey
    from server.service.provider_rows import Provider

WEB_DIST: Final = Path(__file__).parents[1] / "web" / "dist"
BEAT_S: Final = 2.0
HOUR_S: Final = 3600.0
ALIVE_MS: Final = 10_000  # own choice: five heartbeats of ingest
SETTLED_S: Final = 4.0  # own choice: twice what ingest takes to look at its clock
CHANGED_S: Final = 2.0  # real seconds; INTERFACES 6.15 gives an import five

T = TypeVar("T")

log = logging.getLogger("sixfixed.bootstrap")


# --- roles ---------------------------------------------------------------------------------------------------------


def run_broker(settings: Settings) -> int:
    """Run the embedded broker."""
    from server.adapters.mqtt.broker import Broker, BrokerSettings
    from server.adapters.mqtt.broker import run_broker as run

    database, clock = _database(settings), make_clock(settings.clock)
    _note_start(database, "broker")
    devices = _devices(database, clock)
    broker = Broker(
        BrokerSettings(data_dir=settings.data, mqtt_host=settings.mqtt.host, mqtt_port=settings.mqtt.port),
        authenticate_device=devices.authenticate_device,
        device_versions=DbDevices(database).versions,
        clock=clock,
    )
    stop = threading.Event()
    _beat(database, "alive.broker", stop)
    try:
        return asyncio.run(run(broker, announce_ready))
    finally:
        stop.set()
        database.dispose()


def run_ingest(settings: Settings) -> int:
    """Run ingest."""
    from server.adapters.db.catalogue import DatabaseCatalogue
    from server.adapters.db.ingest_store import DatabaseLog
    from server.adapters.db.wal import WalCopier
    from server.adapters.mqtt.ingest_line import IngestLine
    from server.adapters.mqtt.speaker import MqttSpeaker
    from server.service.garbage import look_seldom
    from server.service.ingest import Ingest

    database = Database(settings.database_url, copied_beside=True)
    copier, clock = WalCopier(settings.database_url), make_clock(settings.clock)
    line = IngestLine(_endpoint(settings, "role-ingest"), clock=clock)
    ingest = Ingest(
        line=line,
        log_=DatabaseLog(database),
        catalogue=DatabaseCatalogue(database, clock),
        speaker=MqttSpeaker(line),
        clock=clock,
        real=SystemClock(),
        on_ready=announce_ready,
    )

    def end(*_: object) -> None:
        ingest.stop()
        line.wake()

    _on_signals(end)
    stop = threading.Event()
    if settings.broker_url:  # another broker has no role here that could say that it is alive
        _beat(database, "alive.broker", stop, when=lambda: line.ready)
    copier.start()
    look_seldom()
    try:
        ingest.run()
        return 0
    finally:
        stop.set()
        copier.stop()
        line.close()
        database.dispose()


def run_web(settings: Settings) -> int:
    """Run web: pages, HTTP and live in one gevent process.

    The standard library stays as it is (no monkey patching): what blocks, the database and the broker, runs in native threads.
    """
    from server.adapters.db.plan_store import DbPackStore
    from server.adapters.db.schema_version import version_problem
    from server.adapters.db.web_store import DbWebStore
    from server.adapters.files.folder import FolderFiles
    from server.adapters.gevent_pool import GeventPool
    from server.adapters.mqtt.live_feed import LiveFeed
    from server.adapters.mqtt.topics import LIVE_ALL
    from server.adapters.push.gate import PushGate
    from server.adapters.push.outgoing import Outgoing
    from server.api.app import create_app
    from server.api.serve import serve
    from server.live.attach import attach_live
    from server.secrets import ensure_vault_key
    from server.service.vault import Vault
    from server.service.web_deps import WebDeps
    from server.service.web_settings import WebSettings

    database, clock = _database(settings), make_clock(settings.clock)
    _note_start(database, "web")
    _note_start(database, "ingest")
    feed = LiveFeed(_endpoint(settings, "role-web"), (LIVE_ALL,), clock=clock)
    deps = WebDeps(
        store=DbWebStore(database),
        packs=DbPackStore(database),
        clock=clock,
        real=SystemClock(),
        pool=GeventPool(),
        publish=feed.publish,
        subscribe=feed.start,
        database_problem=lambda: version_problem(database),
        files=FolderFiles(settings.data / "files"),
        settings=WebSettings(
            public_url=settings.public_url,
            host=settings.http.host,
            tiles=settings.tiles,
            tiles_crs=settings.tiles_crs,
            tiles_attribution=settings.tiles_attribution,
            demo=settings.demo,
            version=version("sixfixed"),
            dist=WEB_DIST,
            second_factor=settings.second_factor,
            base_url=settings.base_url,
            broker_url=settings.broker_url,
            mqtt=f"{settings.mqtt.host}:{settings.mqtt.port}",
            data=settings.data,
        ),
        vault=Vault(ensure_vault_key(settings.data)),
        leaked=_leaked(settings),
        provider=_provider(settings),
        push=PushGate(_push_key(settings).public, Outgoing(settings.outgoing_allow)),
    )
    app = create_app(deps)
    attach_live(app, deps)
    try:
        serve(app, settings.http.host, settings.http.port, on_listening=lambda _port: announce_ready())
        return 0
    finally:
        feed.stop()
        database.dispose()


def run_worker(settings: Settings) -> int:
    """Run the worker: notices, and the regular jobs in whichever worker holds the lease."""
    from server.adapters.db.counters import QUIET_UNTIL, value_of
    from server.adapters.db.findings_calls import DatabaseCalls
    from server.adapters.db.lapses import DatabaseLapses
    from server.adapters.db.leases import DbLeases
    from server.adapters.db.outbox import DatabaseOutbox
    from server.adapters.db.push_deliveries import DatabaseDeliveries
    from server.adapters.db.retention import DatabaseRetention
    from server.adapters.db.timetabling import DbTimetabling
    from server.adapters.live.page import PageChannel
    from server.adapters.mqtt.live_feed import LiveFeed
    from server.adapters.mqtt.topics import WAKE_INGEST, WAKE_NOTICES
    from server.adapters.push.outgoing import Outgoing
    from server.adapters.push.sender import HttpPushSender
    from server.domain.retention import Retention
    from server.jobs.scheduler import Job, Nudge, run_scheduler
    from server.service.calls import EVERY_S, Calls
    from server.service.courier import Courier
    from server.service.lapses import EVERY_S as LAPSES_EVERY_S
    from server.service.lapses import Lapses
    from server.service.push_delivery import Pusher
    from server.service.retention import EVERY_S as RETENTION_EVERY_S
    from server.service.retention import Retaining
    from server.service.timetabling import make_trips

    database, clock = _database(settings), make_clock(settings.clock)
    _note_start(database, "worker")
    feed = LiveFeed(_endpoint(settings, "role-worker"), (WAKE_NOTICES,), clock=clock)
    real = SystemClock()
    sender = HttpPushSender(Outgoing(settings.outgoing_allow), _push_key(settings), real)
    pusher = Pusher(DatabaseDeliveries(database, real), sender, clock, real)
    with database.read() as connection:
        quiet_until_ms = value_of(connection, QUIET_UNTIL)
    channels = (pusher, PageChannel(feed.publish))
    courier = Courier(DatabaseOutbox(database), channels, clock, quiet_until_ms=quiet_until_ms)
    store = DbTimetabling(database)

    def catalogue_number() -> int:
        with database.read() as connection:
            return value_of(connection, "catalog")

    def make() -> None:
        made = make_trips(store, clock.now_ms())
        if made.made or made.rebound or made.removed:
            log.info("trips: %d made, %d bound anew, %d taken back", made.made, made.rebound, made.removed)
            feed.publish(WAKE_INGEST, b'{"why":"catalog"}')

    seen = [catalogue_number()]

    def make_changed() -> None:
        # An import makes its trips itself, but by the clock that it was given, and it may be killed before.
        number = catalogue_number()
        if number != seen[0]:
            make()
            seen[0] = number

    calls = Calls(DatabaseCalls(database), clock, feed.publish, courier.wake)
    call_now = Nudge("calls")
    lapses = Lapses(DatabaseLapses(database), clock.now_ms, courier.wake)

    def hear(_topic: str, _payload: bytes) -> None:
        courier.wake()
        call_now()

    stop = threading.Event()
    kept = Retention(settings.keep_tracks, settings.keep_findings)
    retaining = Retaining(DatabaseRetention(database), kept, clock.now_ms, stop.is_set)

    def end(*_: object) -> None:
        stop.set()
        courier.stop()
        pusher.stop()

    _on_signals(end)
    feed.start(hear)
    _beat(database, "alive.worker", stop)
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    jobs_to_do = [
        Job("trips", HOUR_S, make),
        Job("changes", CHANGED_S * clock.speed, make_changed),
        Job("calls", EVERY_S * clock.speed, calls.run),
        Job("lapses", LAPSES_EVERY_S, lapses.run),
        Job("retention", RETENTION_EVERY_S, retaining.run),
    ]
    jobs = threading.Thread(
        target=run_scheduler,
        args=(DbLeases(database), clock, jobs_to_do),
        kwargs={"holder": holder, "stop": stop, "nudges": (call_now,)},
        name="jobs",
        daemon=True,
    )
    jobs.start()
    pushing = threading.Thread(target=pusher.run, name="push", daemon=True)
    pushing.start()
    announce_ready()
    try:
        courier.run()
        return 0
    finally:
        stop.set()
        pusher.stop()
        jobs.join(2.0)
        pushing.join(2.0)
        feed.stop()
        database.dispose()


# --- commands ------------------------------------------------------------------------------------------------------


def upgrade_db(settings: Settings) -> None:
    """Bring the database to the newest version."""
    from server.adapters.db import migrate

    migrate.upgrade(settings.database_url)


def downgrade_db(settings: Settings, revision: str) -> None:
    """Take the database back to a revision."""
    from server.adapters.db import migrate

    migrate.downgrade(settings.database_url, revision)


def check_db(settings: Settings) -> str | None:
    """Say what is wrong with the database's version, or None."""
    from server.adapters.db import migrate

    try:
        migrate.check(settings.database_url)
    except SixFixedError as error:
        return str(error)
    return None


def backup(settings: Settings, path: Path) -> Mapping[str, Any]:
    """Write the whole system into an archive; it may run meanwhile."""
    from server.adapters.db.archive import DbSnapshot
    from server.service.backup import write_backup

    if (fault := check_db(settings)) is not None:
        raise SixFixedError(fault)
    made_at = datetime.fromtimestamp(SystemClock().now_ms() // 1000, UTC).isoformat()
    with DbSnapshot(settings.database_url) as snapshot:
        return write_backup(path, snapshot, settings.data, made_at)


def restore(settings: Settings, path: Path) -> Mapping[str, Any]:
    """Fill an empty database and data folder from an archive; nothing of the system may run."""
    from server.adapters.db.archive import DbLoading
    from server.service.backup import restore_backup

    now_ms = make_clock(settings.clock).now_ms()
    return restore_backup(path, DbLoading(settings.database_url), settings.data, now_ms)


def import_pack(settings: Settings, path: Path) -> Any:  # noqa: ANN401 - printed as it is
    """Import a pack, make the trips that it brings, and tell the running roles."""
    from server.adapters.db.plan_store import DbPackStore
    from server.adapters.db.timetabling import DbTimetabling
    from server.service.packs.importing import import_pack as run
    from server.service.passwords import PersonHasher
    from server.service.timetabling import make_trips

    upgrade_db(settings)
    database, clock = _database(settings), make_clock(settings.clock)
    try:
        report = run(
            path,
            DbPackStore(database),
            secret_hasher=DeviceHasher(),
            password_hasher=PersonHasher(),
            now_ms=clock.now_ms(),
        )
        make_trips(DbTimetabling(database), clock.now_ms())
    finally:
        database.dispose()
    return report


def export_pack(settings: Settings, path: Path) -> Mapping[str, int]:
    """Write the pack of what is in the database, without secrets."""
    from server.adapters.db.plan_store import DbPackStore
    from server.service.packs.exporting import export_pack as run

    return _with_database(settings, lambda database: run(path, DbPackStore(database)))


def add_user(
    settings: Settings, username: str, *, role: str, scope: str | None, name: str | None, password: str | None
) -> Mapping[str, str]:
    """Add an account; a password that was made is in the answer."""
    from server.adapters.db.web_store import DbWebStore
    from server.service.accounts import add_user as run

    chosen = password or secrets.token_urlsafe(12)

    def work(database: Database) -> str:
        return run(
            DbWebStore(database),
            username=username,
            role=role,
            scope=scope,
            name=name,
            password=chosen,
            now_ms=make_clock(settings.clock).now_ms(),
            leaked=_leaked(settings),
        )

    upgrade_db(settings)
    return _credentials(
        {"id": _with_database(settings, work), "username": username}, chosen, made=password is None
    )


def set_password(settings: Settings, username: str, *, password: str | None) -> Mapping[str, str]:
    """Set an account's password; one that was made is in the answer."""
    from server.adapters.db.web_store import DbWebStore
    from server.service.accounts import set_password as run

    chosen = password or secrets.token_urlsafe(12)

    def work(database: Database) -> str:
        now_ms = make_clock(settings.clock).now_ms()
        store = DbWebStore(database)
        return run(store, username=username, password=chosen, now_ms=now_ms, leaked=_leaked(settings))

    return _credentials(
        {"id": _with_database(settings, work), "username": username}, chosen, made=password is None
    )


def forget_factor(settings: Settings, username: str) -> Mapping[str, str]:
    """Take an account's second factor away."""
    from server.adapters.db.web_store import DbWebStore
    from server.service.accounts import forget_factor as run

    id_ = _with_database(settings, lambda database: run(DbWebStore(database), username=username))
    return {"id": id_, "username": username}


def make_token(settings: Settings, username: str, *, label: str) -> Mapping[str, str]:
    """Make a bearer token for an account."""
    from server.adapters.db.web_store import DbWebStore
    from server.service.own_tokens import make_token_for

    def work(database: Database) -> Mapping[str, str]:
        now_ms = make_clock(settings.clock).now_ms()
        made = make_token_for(DbWebStore(database), username=username, name=label or None, now_ms=now_ms)
        return {"id": made.id, "token": made.token}

    return _with_database(settings, work)


def add_device(settings: Settings, device_id: str, vehicle: str) -> Mapping[str, str]:
    """Fit a recorder to a vehicle; its secret is in the answer, once."""
    clock = make_clock(settings.clock)
    secret = _with_database(settings, lambda database: _devices(database, clock).add(device_id, vehicle))
    return {"device": device_id, "vehicle": vehicle, "secret": secret}


def rotate_device(settings: Settings, device_id: str) -> Mapping[str, str]:
    """Give a recorder another secret, in the answer once."""
    clock = make_clock(settings.clock)
    secret = _with_database(settings, lambda database: _devices(database, clock).rotate(device_id))
    return {"device": device_id, "secret": secret}


def broker_acl(settings: Settings) -> str:
    """Give Mosquitto's access rules for this house's topics."""
    from server.adapters.mqtt.acl import mosquitto_acl

    return mosquitto_acl()


def replay(settings: Settings, what: str, *, on: str | None, since: str | None) -> Any:  # noqa: ANN401 - printed as it is
    """Replay a trip (its id, or its timetable's code with a date) or a date; give the report. Nothing is written.

    Ingest that runs may be two seconds behind its own clock: what differs is looked at once more. Raise ReplayError.
    """
    from server.adapters.db.catalogue import DatabaseCatalogue
    from server.adapters.db.counters import value_of
    from server.adapters.db.replay import ReplayRows
    from server.adapters.db.schema_version import version_problem
    from server.domain.vehicle_day import Unavailable
    from server.service.replay import ReplayError, replay_chosen

    clock = make_clock(settings.clock)

    def once(database: Database) -> tuple[Any, bool]:
        with database.read() as connection:
            heard_ms = value_of(connection, "alive.ingest")
            stored, catalogue = ReplayRows(connection), DatabaseCatalogue(database, clock)
            report = replay_chosen(stored, catalogue, what, clock.now_ms(), on=on, since=since)
        return report, SystemClock().now_ms() - heard_ms < ALIVE_MS

    def work(database: Database) -> Any:  # noqa: ANN401 - see above
        path = database_file(parse_url(settings.database_url))
        if path is not None and not path.exists():
            raise ReplayError(f"There is no database {path}; name the data folder with --data DIR.")
        try:
            problem = version_problem(database)
            if problem is not None:
                raise ReplayError(problem[:1].upper() + problem[1:] + ".")
            report, runs = once(database)
            if not report.equal and runs:
                time.sleep(SETTLED_S)
                report, _ = once(database)
        except Unavailable as why:
            raise ReplayError(f"The database can't be read: {why}; see that it runs and try again.") from why
        return report

    return _with_database(settings, work)


# --- parts ---------------------------------------------------------------------------------------------------------


def _database(settings: Settings) -> Database:
    return Database(settings.database_url)


def _with_database(settings: Settings, work: Callable[[Database], T]) -> T:
    database = _database(settings)
    try:
        return work(database)
    finally:
        database.dispose()


def _devices(database: Database, clock: Clock) -> Devices:
    return Devices(DbDevices(database), DeviceHasher(), clock)


def _endpoint(settings: Settings, role: str) -> Endpoint:
    """Give the broker's address and this role's login: its own secret on the embedded broker, the URL's elsewhere."""
    from server.adapters.mqtt.endpoint import Endpoint
    from server.secrets import ensure_role_secrets

    if settings.broker_url:
        return Endpoint.parse(settings.broker_url)
    local = settings.mqtt.local
    return Endpoint(local.host, local.port, role, ensure_role_secrets(settings.data)[role])


def _push_key(settings: Settings) -> VapidKey:
    from server.adapters.push.vapid import VapidKey
    from server.secrets import ensure_push_key

    return VapidKey(ensure_push_key(settings.data), settings.contact, SystemClock())


def _leaked(settings: Settings) -> Callable[[str], bool]:
    """Give what knows passwords that have leaked: the file of the setting, else nothing beside the list that comes along."""
    if settings.breached_passwords is None:
        return lambda _password: False
    from server.adapters.files.breached import BreachedFile

    return BreachedFile(settings.breached_passwords).holds


def _provider(settings: Settings) -> Provider | None:
    """Give the log-in provider of the settings; its libraries are loaded only where one is set."""
    if settings.oidc_issuer is None:
        return None
    from server.adapters.provider.asking import Asking
    from server.adapters.provider.openid import OpenIdProvider
    from server.adapters.push.outgoing import Outgoing

    asking = Asking(Outgoing(settings.outgoing_allow))
    return OpenIdProvider(asking, settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


def _credentials(answer: dict[str, str], password: str, *, made: bool) -> Mapping[str, str]:
    return answer | {"password": password} if made else answer


def _note_start(database: Database, role: str) -> None:
    """Keep when a role started, for the administrator's page; a database that can't be written keeps no role from starting."""
    from server.adapters.db.house import note_start

    try:
        with database.write() as connection:
            note_start(connection, role, SystemClock().now_ms(), version("sixfixed"))
    except Exception:
        log.warning("the start of %s could not be kept; the role goes on", role)


def _beat(
    database: Database, name: str, stop: threading.Event, when: Callable[[], bool] = lambda: True
) -> None:
    """Say every two seconds that a role is alive, for /readyz."""
    from server.adapters.db.counters import put

    real = SystemClock()

    def run() -> None:
        while True:
            try:
                if when():
                    with database.write() as connection:
                        put(connection, name, real.now_ms())
            except Exception:
                log.warning("the heartbeat %s could not be written; tried again in %g s", name, BEAT_S)
            if stop.wait(BEAT_S):
                return

    threading.Thread(target=run, name="heartbeat", daemon=True).start()


def _on_signals(end: Callable[..., None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
