"""Know every setting: its name as option, environment variable and line of a file, and its value.

Precedence: option, then environment, then settings file, then default. There is no other source.
"""

import difflib
import os
import re
import tomllib
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from server.clock import parse_clock
from server.errors import SettingError

FILE_NAME = "settings.toml"
LOG_LEVELS = ("debug", "info", "warning", "error")


class Address(msgspec.Struct, frozen=True):
    """A host and a TCP port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def local(self) -> "Address":
        """Give the address at which this machine reaches a listener that listens on every address."""
        return Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one process was started with; one field for each of SETTINGS, paths absolute."""

    data: Path
    http: Address
    mqtt: Address
    broker_url: str | None
    database_url: str
    public_url: str | None
    tiles: str | None
    tiles_crs: str
    tiles_attribution: str
    clock: str
    outgoing_allow: tuple[str, ...]
    push_contact: str | None
    second_factor: Literal["off", "optional", "required-for-staff"]
    breached_passwords: Path | None
    oidc_issuer: str | None
    oidc_client_id: str
    oidc_client_secret: str
    keep_tracks: int
    keep_findings: int
    log_level: str
    demo: bool
    demo_buses: int

    @property
    def base_url(self) -> str:
        """Give the URL that people open: the public one, else the one this machine listens on."""
        return self.public_url or f"http://{self.http.local}"

    @property
    def contact(self) -> str:
        """Give whom a push service may turn to about what we send (RFC 8292, 2.1): the setting, else the public URL."""
        parts = urlsplit(self.public_url or "")
        if self.push_contact is not None or parts.hostname is None:
            return self.push_contact or "mailto:sixfixed@localhost"
        if parts.scheme == "https" and parts.port is None:
            return f"https://{parts.hostname}"
        return f"mailto:sixfixed@{parts.hostname if '.' in parts.hostname else 'localhost'}"


class Setting(msgspec.Struct, frozen=True):
    """One setting: its name (as in the settings file), how its text is read, its default's text, its help."""

    name: str
    metavar: str
    parse: Callable[[str], Any]
    default: str
    help: str

    @property
    def option(self) -> str:
        """Give the command line's spelling."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """Give the environment's spelling."""
        return f"SIXFIXED_{self.name.upper().replace('-', '_')}"

    @property
    def field(self) -> str:
        """Give the name in `Settings`."""
        return self.name.replace("-", "_")


def parse_address(text: str) -> Address:
    """Read HOST:PORT, an IPv6 host in brackets; raise ValueError."""
    host, sign, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not sign or not host or not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
        raise ValueError("write HOST:PORT with a port from 1 to 65535, for example 127.0.0.1:8000")
    return Address(host, int(port))


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _issuer(text: str) -> str | None:
    # Compared letter by letter with what the provider says of itself, so a last slash stays.
    return text if _url("http", "https")(text) else None


def _file(text: str) -> Path | None:
    return _path(text) if text else None


def _url(*schemes: str) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        if not text:
            return None
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(
                f"write a URL that begins with {' or '.join(f'{s}://' for s in schemes)} and names a host"
            )
        return text.rstrip("/")

    return parse


def _contact(text: str) -> str | None:
    if text and not re.fullmatch(r"mailto:[^@\s]+@[\w-]+(\.[\w-]+)+|https://[\w-]+(\.[\w-]+)+", text):
        raise ValueError("write mailto:NAME@HOST or https://HOST, where a push service reaches the operator")
    return text or None


def _database_url(text: str) -> str:
    """Give SQLAlchemy's spelling; empty stays empty and becomes the data folder's own SQLite file."""
    for plain in ("postgresql://", "postgres://"):
        if text.startswith(plain):
            return "postgresql+psycopg://" + text.removeprefix(plain)
    if text and not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("write sqlite:////absolute/path.db or postgresql://user:password@host/name")
    return text


def _tiles(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    whole = all(mark in text for mark in ("{z}", "{x}", "{y}")) or parts.path.endswith(".pmtiles")
    if not whole or (parts.scheme and parts.scheme not in ("http", "https")):
        raise ValueError("write an http(s) URL that holds {z}, {x} and {y}, or one that ends in .pmtiles")
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"write one of {', '.join(words)}")
        return text

    return parse


def _clock(text: str) -> str:
    parse_clock(text)
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in text.split(","))))


def _count(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise ValueError(f"write a whole number from {least} to {most}")
        return int(text)

    return parse


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError("write true or false")
    return text.lower() in ("true", "1")


SETTINGS: tuple[Setting, ...] = (
    Setting("data", "DIR", _path, "./var", "folder of all state: database, broker store, keys, files"),
    Setting("http", "HOST:PORT", parse_address, "127.0.0.1:8000", "where the web listens"),
    Setting(
        "mqtt", "HOST:PORT", parse_address, "127.0.0.1:1883", "where the embedded broker listens for devices"
    ),
    Setting(
        "broker-url",
        "URL",
        _url("mqtt", "mqtts"),
        "",
        "another MQTT broker, used instead of the embedded one",
    ),
    Setting("database-url", "URL", _database_url, "", "the database (default: SQLite in the data folder)"),
    Setting("public-url", "URL", _url("http", "https"), "", "the address that people's browsers use"),
    Setting(
        "tiles", "URL", _tiles, "", "map tiles, XYZ or PMTiles (default: none, and no request to others)"
    ),
    Setting(
        "tiles-crs", "CRS", _one_of("wgs84", "gcj02"), "wgs84", "coordinates of the tiles: wgs84 or gcj02"
    ),
    Setting("tiles-attribution", "TEXT", str, "", "words that the tiles' owner wants on the map"),
    Setting("clock", "SPEC", _clock, "", "a shifted clock: start=TIME,speed=NUMBER (default: the machine's)"),
    Setting("outgoing-allow", "LIST", _words, "", "addresses that web push and channels may call, by commas"),
    Setting(
        "push-contact",
        "ADDRESS",
        _contact,
        "",
        "whom a push service may turn to: mailto:NAME@HOST or https://HOST",
    ),
    Setting(
        "second-factor",
        "WHEN",
        _one_of("off", "optional", "required-for-staff"),
        "optional",
        "codes of an authenticator at the log-in: off, optional, or required-for-staff (admin, regulator)",
    ),
    Setting(
        "breached-passwords",
        "FILE",
        _file,
        "",
        "a sorted list of SHA-1 hashes of passwords that have leaked, beside the small one that comes along",
    ),
    Setting("oidc-issuer", "URL", _issuer, "", "an OpenID Connect provider where accounts may log in too"),
    Setting("oidc-client-id", "TEXT", str, "", "who this server is there"),
    Setting("oidc-client-secret", "TEXT", str, "", "and its secret"),
    Setting(
        "keep-tracks",
        "DAYS",
        _count(184, 36_500),
        "184",
        "how long positions, cards and notices are kept, six months at least",
    ),
    Setting(
        "keep-findings",
        "DAYS",
        _count(1096, 36_500),
        "1096",
        "how long findings and the audit are kept, three years at least",
    ),
    Setting(
        "log-level",
        "LEVEL",
        _one_of(*LOG_LEVELS),
        "info",
        "least severe line to write: " + ", ".join(LOG_LEVELS),
    ),
    Setting("demo", "BOOL", _flag, "false", "make the demo county and run its emulated buses"),
    Setting("demo-buses", "COUNT", _count(1, 46), "46", "how many buses a new demo county has"),
)


def add_options(parser: ArgumentParser) -> None:
    """Give a command every setting as an option, and `--settings FILE`."""
    group = parser.add_argument_group(
        "settings", "each also SIXFIXED_NAME in the environment and a line of the file"
    )
    group.add_argument(
        "--settings", metavar="FILE", help=f"the settings file (default: {FILE_NAME} in the data folder)"
    )
    for setting in SETTINGS:
        if setting.parse is _flag:
            group.add_argument(setting.option, action="store_const", const="true", help=setting.help)
        else:
            group.add_argument(setting.option, metavar=setting.metavar, help=setting.help)


def load_settings(options: Namespace | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Put the settings together from options, environment, file and defaults; raise SettingError."""
    environ = os.environ if environ is None else environ
    given = {k: v for k, v in vars(options or Namespace()).items() if v is not None}
    by_field = {setting.field: setting for setting in SETTINGS}
    chosen: dict[str, tuple[str, str]] = {
        s.field: (environ[s.variable], s.variable) for s in SETTINGS if environ.get(s.variable)
    }
    chosen |= {field: (given[field], by_field[field].option) for field in by_field if field in given}
    named = given.get("settings") or environ.get("SIXFIXED_SETTINGS")
    data_text = chosen.get("data", (by_field["data"].default, ""))[0]
    path = Path(named).expanduser() if named else Path(data_text).expanduser() / FILE_NAME
    if named or path.exists():
        from_file = _read_file(path)
        if "data" in from_file and not named:
            raise SettingError(
                f"{path}: data can't be set by a file that lies in the data folder; remove the line"
            )
        chosen = {field: (text, str(path)) for field, text in from_file.items()} | chosen
    values = {}
    for field, setting in by_field.items():
        text, source = chosen.get(field, (setting.default, "the default"))
        try:
            values[field] = setting.parse(text)
        except ValueError as why:
            raise SettingError(f"{setting.name} from {source} is {text!r}: {why}") from None
    if not values["database_url"]:
        values["database_url"] = f"sqlite:///{values['data'] / 'sixfixed.db'}"
    return Settings(**values)


def settings_environ(settings: Settings) -> dict[str, str]:
    """Write settings as the variables that `load_settings` reads, so that a child gets exactly these.

    Not the command line, which every user of the machine can read: a URL may hold a password.
    """
    return {setting.variable: _text(getattr(settings, setting.field)) for setting in SETTINGS}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value)
    return str(value)


def _read_file(path: Path) -> dict[str, str]:
    try:
        lines = tomllib.loads(path.read_text("utf-8"))
    except OSError as why:
        raise SettingError(f"the settings file {path} can't be read: {why.strerror}") from why
    except ValueError as why:
        raise SettingError(f"the settings file {path} isn't TOML: {why}") from why
    found = {}
    names = {setting.name: setting for setting in SETTINGS}
    for name, value in lines.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "see docs/settings.md for the names"
            raise SettingError(f"the settings file {path} has the unknown setting {name!r}; {hint}")
        if isinstance(value, list) and names[name].parse is _words and all(isinstance(v, str) for v in value):
            value = tuple(value)
        elif not isinstance(value, str | bool):
            raise SettingError(
                f"the settings file {path}: {name} must be a text in quotes, as the option takes it"
            )
        found[names[name].field] = _text(value)
    return found
