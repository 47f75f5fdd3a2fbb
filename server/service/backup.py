"""The archive of a whole system: every table, the keys and the files, in a zip that restores into SQLite or PostgreSQL.

`tables/NAME.jsonl` has one JSON array a row, in the order of the manifest's columns (bytes as base64); `manifest.json` comes last, so an
archive that was cut short has none. The tables are those of one snapshot, whatever is written meanwhile.
"""

from __future__ import annotations

import base64
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Protocol

import msgspec

from server.errors import InvalidError
from server.secrets import write_secret_file

FORMAT: Final = 1
AT_ONCE: Final = 2_000
MANIFEST: Final = "manifest.json"
SECRET_FOLDER: Final = "keys"
FOLDERS: Final = (SECRET_FOLDER, "files")
SETTINGS: Final = "settings.toml"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

Rows = Iterator[list[tuple[Any, ...]]]


class Columns(msgspec.Struct, frozen=True):
    """A table's name and columns; `binary` are those whose values are bytes."""

    name: str
    columns: tuple[str, ...]
    binary: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True):
    """A table of the archive, and how many rows it has."""

    table: Columns
    rows: int


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds: of which version of the schema, made when (RFC 3339)."""

    format: int
    made_at: str
    revision: str
    tables: tuple[Part, ...]
    files: tuple[str, ...]


class Snapshot(Protocol):
    """The database as it is at one instant."""

    @property
    def revision(self) -> str:
        """The version of its schema."""

    def list_tables(self) -> Sequence[Columns]:
        """List the tables to keep."""

    def read(self, table: Columns, at_once: int) -> Rows:
        """Give its rows in portions of `at_once`."""


class Loading(Protocol):
    """An empty database that is filled, all or nothing."""

    def load(self, revision: str, tables: Iterable[tuple[Columns, Rows]], quiet_until_ms: int) -> None:
        """Make the schema at `revision`, fill it, bring it up to date; nothing before `quiet_until_ms` is announced again."""


def write_backup(target: Path, snapshot: Snapshot, data: Path, made_at: str) -> dict[str, Any]:
    """Write the archive (mode 0600) whole or not at all; give its path, size in bytes, tables and rows; raise InvalidError."""
    if target.exists():
        raise InvalidError(f"{target} is there already; name a file that isn't, or move that one away")
    fresh = target.with_name(f".{target.name}.part")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                manifest = _write(archive, snapshot, data, made_at)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as why:
        fresh.unlink(missing_ok=True)
        raise InvalidError(
            f"the backup {target} can't be written ({why.strerror or why}); nothing of it is left: "
            "name a folder that this user may write and that has room"
        ) from why
    return _said(target, manifest)


def restore_backup(source: Path, loading: Loading, data: Path, now_ms: int) -> dict[str, Any]:
    """Fill an empty database and data folder from an archive, once all of it was read and found whole; raise InvalidError.

    What happened before `now_ms` is announced to nobody again, but for a condition that still holds: people may have been told.
    """
    taken = [data / name for name in (*FOLDERS, SETTINGS) if (data / name).exists()]
    if taken:
        raise InvalidError(
            f"{taken[0]} is there already; restore into an empty place: choose another with --data DIR"
        )
    with _opened(source) as archive:
        manifest = _checked(archive, source)
        tables = ((part.table, _rows(archive, part.table)) for part in manifest.tables)
        loading.load(manifest.revision, tables, now_ms)
        for name in manifest.files:
            _unpack(archive, name, data)
    return _said(source, manifest)


def _write(archive: zipfile.ZipFile, snapshot: Snapshot, data: Path, made_at: str) -> Manifest:
    encoder = msgspec.json.Encoder()
    parts = []
    for table in snapshot.list_tables():
        count = 0
        with archive.open(_member(table.name), "w", force_zip64=True) as out:
            for rows in snapshot.read(table, AT_ONCE):
                out.write(encoder.encode_lines(rows))
                count += len(rows)
        parts.append(Part(table, count))
    files = sorted(_files(data))
    for name in files:
        archive.write(data / name, name)
    manifest = Manifest(FORMAT, made_at, snapshot.revision, tuple(parts), tuple(files))
    archive.writestr(MANIFEST, msgspec.json.format(encoder.encode(manifest)))
    return manifest


def _files(data: Path) -> Iterator[str]:
    """Name what is kept beside the database; hidden files are locks and half-written ones."""
    if (data / SETTINGS).is_file():
        yield SETTINGS
    for folder in FOLDERS:
        for path in (data / folder).rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(data).as_posix()


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as why:
        raise InvalidError(
            f"the backup {source} can't be opened ({getattr(why, 'strerror', None) or why}); nothing was changed: "
            "name a whole archive that `sixfixed backup` wrote"
        ) from why
    with archive:
        yield archive


def _checked(archive: zipfile.ZipFile, source: Path) -> Manifest:
    """Read all of it once: nothing is begun with an archive that is damaged or isn't one."""
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
        if manifest.format != FORMAT:
            raise ValueError(f"its format is {manifest.format}, this program reads {FORMAT}")
        for name in manifest.files:
            _target(Path(), name)
        for part in manifest.tables:
            found = sum(map(len, _rows(archive, part.table)))
            if found != part.rows:
                raise ValueError(f"{part.table.name} has {found} rows, not {part.rows}")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is damaged")
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as why:
        raise InvalidError(
            f"{source} is no whole backup ({why}); nothing was changed: take another copy of it, or an older one"
        ) from why
    return manifest


def _rows(archive: zipfile.ZipFile, table: Columns) -> Rows:
    if not _NAME.fullmatch(table.name):
        raise ValueError(f"{table.name!r} is no table's name")
    decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[Any]).decode
    binary = [table.columns.index(name) for name in table.binary]
    with archive.open(_member(table.name)) as lines:
        portion: list[tuple[Any, ...]] = []
        for row in _decoded(lines, decode, table, binary):
            portion.append(row)
            if len(portion) == AT_ONCE:
                yield portion
                portion = []
        if portion:
            yield portion


def _decoded(
    lines: IO[bytes], decode: Callable[[bytes], list[Any]], table: Columns, binary: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    for number, line in enumerate(lines, 1):
        row = decode(line)
        if len(row) != len(table.columns):
            raise ValueError(
                f"{table.name}, line {number}: {len(row)} values for {len(table.columns)} columns"
            )
        for at in binary:
            row[at] = None if row[at] is None else base64.b64decode(row[at], validate=True)
        yield tuple(row)


def _unpack(archive: zipfile.ZipFile, name: str, data: Path) -> None:
    target = _target(data, name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secret_file(target, archive.read(name))


def _target(data: Path, name: str) -> Path:
    """Say where a file of the archive belongs; raise ValueError for any place that isn't the system's own."""
    path = PurePosixPath(name)
    inside = name == SETTINGS or (len(path.parts) > 1 and path.parts[0] in FOLDERS)
    if not inside or ".." in path.parts or str(path) != name:
        raise ValueError(f"{name!r} is no file of a backup")
    return data.joinpath(*path.parts)


def _member(table: str) -> str:
    return f"tables/{table}.jsonl"


def _said(path: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "backup": str(path),
        "bytes": path.stat().st_size,
        "made_at": manifest.made_at,
        "tables": len(manifest.tables),
        "rows": sum(part.rows for part in manifest.tables),
        "files": len(manifest.files),
    }
