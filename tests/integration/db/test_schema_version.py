"""The database's version, asked without the machinery of migrations."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from server.adapters.db import migrate
from server.adapters.db.engine import Database
from server.adapters.db.newest_version import is_newest, newest_version
from server.adapters.db.schema_version import version_problem
from tests.builders.schema import new_sqlite
from tests.conftest import ROOT


def test_the_newest_version_is_what_alembic_says() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    assert newest_version() == ScriptDirectory.from_config(config).get_current_head()


def test_an_upgraded_database_is_right_and_an_older_newer_or_empty_one_is_said(empty_url: str) -> None:
    database = Database(empty_url)
    try:
        migrate.upgrade(empty_url)
        assert version_problem(database) is None
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        assert "at version 0000" in (version_problem(database) or "")
        with database.write() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
        assert "at version none" in (version_problem(database) or "")
    finally:
        database.dispose()


def test_a_file_tells_its_version_without_a_connection_of_ours_and_what_is_no_database_is_not_the_newest(
    tmp_path: Path,
) -> None:
    file = tmp_path / "house.db"
    assert not is_newest(file), "it isn't there"
    database = Database(new_sqlite(file))
    assert is_newest(file)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.dispose()
    assert not is_newest(file)
    file.write_bytes(b"no database at all")
    assert not is_newest(file)
