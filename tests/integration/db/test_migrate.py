"""The schema goes up from empty and down again, agrees with the tables, and a newer one is refused."""

import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from server.adapters.db import migrate
from server.adapters.db.engine import Database, make_engine, parse_url
from server.adapters.db.tables import metadata
from server.errors import SettingError, StartError
from tests.waiting import PATIENCE_S


def tables_of(url: str) -> set[str]:
    engine = make_engine(parse_url(url))
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def test_the_schema_goes_up_from_empty_and_down_again(empty_url: str) -> None:
    assert not migrate.is_current(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.is_current(empty_url)
    assert tables_of(empty_url) == set(metadata.tables)
    migrate.check(empty_url)
    migrate.downgrade(empty_url, "base")
    assert tables_of(empty_url) == set()
    assert not migrate.is_current(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.is_current(empty_url)


def test_two_that_migrate_at_once_take_turns(empty_url: str) -> None:
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(empty_url)
        except BaseException as why:
            failures.append(why)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE_S)
    assert failures == []
    assert migrate.is_current(empty_url)


def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9876'"))
    database.dispose()
    for act in (migrate.upgrade, migrate.is_current, lambda url: migrate.downgrade(url, "base")):
        with pytest.raises(StartError, match=r"version 9876.*newer"):
            act(empty_url)
    assert tables_of(empty_url) == set(metadata.tables)


def test_a_migration_that_breaks_in_the_middle_leaves_the_old_schema(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    made = op.create_table

    def break_at_trips(name: str, *args: object, **kwargs: object) -> object:
        if name == "trips":
            raise RuntimeError("power cut")
        return made(name, *args, **kwargs)

    monkeypatch.setattr(op, "create_table", break_at_trips)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate.upgrade(empty_url)
    assert tables_of(empty_url) == set()


def test_the_database_file_is_its_users_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "bus.db"
    migrate.upgrade(f"sqlite:///{file}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://localhost/bus"])
def test_an_address_that_is_not_served_is_said_so(url: str) -> None:
    with pytest.raises(SettingError, match=r"database-url: .*sqlite:////PATH"):
        Database(url)


def test_a_schema_that_another_hand_changed_is_found(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    with database.write() as connection:
        connection.execute(text("ALTER TABLE counters ADD COLUMN extra INTEGER"))
    database.dispose()
    with pytest.raises(StartError, match="not this program's"):
        migrate.check(empty_url)


def test_looking_at_a_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    for act in (migrate.check, lambda url: migrate.downgrade(url, "base")):
        with pytest.raises(StartError, match="there is no database at"):
            act(f"sqlite:///{file}")
    assert not migrate.is_current(f"sqlite:///{file}")
    assert not file.exists()


def test_the_second_version_comes_and_goes_and_old_rows_stay(empty_url: str) -> None:
    migrate.upgrade(empty_url, "0001")
    database = Database(empty_url)
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO operators (id, code, name, timezone) VALUES ('o', 'OP', '中卫校车', 'Asia/Shanghai')"
            )
        )
        connection.execute(text("INSERT INTO counters (name, value) VALUES ('catalog', 7)"))

    def kept() -> tuple[object, ...]:
        with database.read() as connection:
            operator = connection.execute(text("SELECT id, code, name FROM operators")).one()
            return *operator, connection.scalar(text("SELECT value FROM counters"))

    before = kept()
    second = {"zones", "settings", "alarms"}
    assert not second & tables_of(empty_url)
    migrate.upgrade(empty_url, "0002")
    assert second <= tables_of(empty_url)
    assert kept() == before == ("o", "OP", "中卫校车", 7)
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO alarms (id, kind, operator_id, object, since_ms, detail) "
                "VALUES ('a', 'calendar_ended', 'o', 'SCHOOL', 1, '{}')"
            )
        )
    migrate.downgrade(empty_url, "0001")
    assert not second & tables_of(empty_url)
    assert kept() == before
    migrate.upgrade(empty_url)
    assert kept() == before
    database.dispose()
