"""Export what the database says as a pack: the same files, without secrets and passwords."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from server.errors import ConflictError
from server.secrets import write_secret_file
from server.service.packs.bookwriting import write_workbook
from server.service.packs.pack import FILES, SHEETS, Pack
from server.service.packs.port import PackStore
from server.service.packs.sheet import write_sheet
from server.service.packs.workbook import is_workbook


def export_pack(path: Path, store: PackStore) -> dict[str, int]:
    """Write a folder, or a zip or a workbook when the name ends so; give the rows by file; raise ConflictError.

    A workbook holds what import reads from one: all but the files of GTFS. Files are of mode 0600: they name children.
    """
    pack = store.load().pack
    if is_workbook(path.name):
        write_secret_file(path, write_workbook(pack))
        return {kind.name: len(pack.of(kind) or ()) for kind in SHEETS.values()}
    if path.suffix.lower() == ".zip":
        write_secret_file(path, zip_pack(pack))
    else:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConflictError(
                f"{path} is there and not an empty folder; name a new one, or a .zip or .xlsx file"
            )
        write_folder(path, pack)
    return {kind.name: len(pack.of(kind) or ()) for kind in FILES}


def write_folder(path: Path, pack: Pack) -> None:
    """Write the present files of a pack into a folder (0700, files 0600), whole or not at all each."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kind in FILES:
        rows = pack.of(kind)
        if rows is not None:
            write_secret_file(path / kind.name, write_sheet(kind, rows).encode())


def zip_pack(pack: Pack) -> bytes:
    """Give the present files of a pack as a zip; the same pack is the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in FILES:
            rows = pack.of(kind)
            if rows is None:
                continue
            # A date of its own, so that two exports of one database are the same bytes.
            entry = zipfile.ZipInfo(kind.name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, write_sheet(kind, rows))
    return out.getvalue()
