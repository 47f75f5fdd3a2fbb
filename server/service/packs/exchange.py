"""Packs in and out as bytes, for whoever isn't at the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from server.service.devices import DeviceHasher
from server.service.packs.exporting import zip_pack
from server.service.packs.fault import FileChanges, PackFault, PackRejected
from server.service.packs.importing import import_pack, preview_pack
from server.service.packs.narrowing import narrow_pack
from server.service.packs.port import PackStore
from server.service.packs.upload import stored
from server.service.passwords import PersonHasher


class FaultItem(msgspec.Struct, frozen=True):
    """A fault or warning beside its row; `line` counts from 1 with the header, 0: the whole file."""

    file: str
    line: int
    column: str
    value: str
    why: str


class MadeSecret(msgspec.Struct, frozen=True):
    """A secret or password that the import made, shown here once."""

    of: str
    value: str


class PackAnswer(msgspec.Struct, frozen=True):
    """What an import changed or would change; with faults nothing was."""

    changes: Mapping[str, FileChanges]
    faults: Sequence[FaultItem]
    warnings: Sequence[FaultItem]
    made_secrets: Sequence[MadeSecret] = ()
    made_passwords: Sequence[MadeSecret] = ()


def preview_body(content: bytes, store: PackStore, now_ms: int) -> PackAnswer:
    """Say what importing a zip or workbook would change, and all that is wrong with it; raise InvalidError for neither."""
    with stored(content) as path:
        found = preview_pack(path, store, now_ms)
    return PackAnswer(found.changes, _items(found.faults), _items(found.warnings))


def import_body(content: bytes, store: PackStore, now_ms: int) -> PackAnswer:
    """Import a zip or workbook; with faults nothing is changed; raise InvalidError for neither, ConflictError."""
    with stored(content) as path:
        try:
            report = import_pack(
                path, store, secret_hasher=DeviceHasher(), password_hasher=PersonHasher(), now_ms=now_ms
            )
        except PackRejected as rejected:
            return PackAnswer({}, _items(rejected.pack_faults), ())
    return PackAnswer(
        report.changes,
        (),
        _items(report.warnings),
        [MadeSecret(*made) for made in report.made_secrets],
        [MadeSecret(*made) for made in report.made_passwords],
    )


def export_for(store: PackStore, operator: str | None) -> bytes:
    """Give the pack of what is there as a zip; `operator`: one company's part, by its code."""
    pack = store.load().pack
    return zip_pack(pack if operator is None else narrow_pack(pack, operator))


def _items(found: Sequence[PackFault]) -> list[FaultItem]:
    return [FaultItem(one.file, one.line, one.column, one.value, one.message) for one in found]
