"""Settings: precedence, faults in one sentence, and what a child gets."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from server.config import Address, Settings, add_options, load_settings, parse_address, settings_environ
from server.errors import SettingError


def load(*argv: str, **environ: str) -> Settings:
    """Load as the command line does, from this environment alone."""
    parser = ArgumentParser()
    add_options(parser)
    return load_settings(parser.parse_args(argv), environ)


def test_an_option_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    data = str(tmp_path)
    assert load("--data", data).http.port == 8000
    (tmp_path / "settings.toml").write_text('http = "127.0.0.1:8001"\nlog-level = "debug"\n')
    assert load("--data", data).http.port == 8001
    assert load("--data", data, SIXFIXED_HTTP="127.0.0.1:8002").http.port == 8002
    chosen = load("--data", data, "--http", "127.0.0.1:8003", SIXFIXED_HTTP="127.0.0.1:8002")
    assert chosen.http.port == 8003
    assert chosen.log_level == "debug"


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert load("--data", str(tmp_path), SIXFIXED_HTTP="").http.port == 8000


def test_paths_are_absolute_and_the_database_lies_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load()
    assert settings.data == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/sixfixed.db"


def test_a_child_gets_exactly_these_settings_whatever_the_file_says(tmp_path: Path) -> None:
    data = str(tmp_path / "数据 folder")
    settings = load(
        *("--data", data, "--http", "[::1]:8080", "--outgoing-allow", "a.example,10.0.0.8", "--demo"),
        *(
            "--clock",
            "start=2026-09-01T06:30:00+08:00,speed=20",
            "--tiles",
            "https://t.example/{z}/{x}/{y}.png",
        ),
    )
    assert load(**settings_environ(settings)) == settings


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--http", "8000"),
        ("--http", "localhost:0"),
        ("--http", "localhost:65536"),
        ("--mqtt", ":1883"),
        ("--broker-url", "http://host"),
        ("--public-url", "bus.example.org"),
        ("--database-url", "mysql://host/name"),
        ("--tiles", "https://t.example/z/x/y.png"),
        ("--tiles-crs", "bd09"),
        ("--log-level", "loud"),
        ("--demo-buses", "0"),
        ("--demo-buses", "47"),
        ("--demo-buses", "ten"),
        ("--clock", "start=2026-09-01T06:30:00"),
    ],
)
def test_a_wrong_value_is_told_with_its_source_and_what_to_write(option: str, text: str) -> None:
    with pytest.raises(SettingError) as told:
        load(option, text)
    assert text.partition("=")[2] in told.value.message or text in told.value.message
    assert "\n" not in told.value.message


def test_an_unknown_line_of_the_file_is_told_with_the_near_name(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('htp = "127.0.0.1:1"\n')
    with pytest.raises(SettingError, match="did you mean http"):
        load("--data", str(tmp_path))


@pytest.mark.parametrize("line", ["http = ", "http = 8000", 'data = "/elsewhere"', "demo = [true]"])
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "settings.toml").write_text(line + "\n")
    with pytest.raises(SettingError, match=r"settings\.toml"):
        load("--data", str(tmp_path))


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="can't be read"):
        load("--settings", str(tmp_path / "none.toml"))


def test_postgresql_is_reached_by_the_driver_we_ship() -> None:
    url = load("--database-url", "postgresql://u:p@db/sixfixed").database_url
    assert url == "postgresql+psycopg://u:p@db/sixfixed"


def test_addresses() -> None:
    assert parse_address("[::]:80") == Address("::", 80)
    assert str(parse_address("[::]:80").local) == "[::1]:80"
    assert str(parse_address("0.0.0.0:80").local) == "127.0.0.1:80"
    assert load("--http", "0.0.0.0:80").base_url == "http://127.0.0.1:80"
    assert load("--public-url", "https://bus.example.org/").base_url == "https://bus.example.org"
