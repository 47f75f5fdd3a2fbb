"""Open a pack's folder, zip or lone workbook and give its files' bytes, within limits that no zip bomb passes."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from server.errors import NotFoundError
from server.service.packs.fault import Remarks
from server.service.packs.pack import BY_NAME
from server.service.packs.workbook import is_workbook

MOST_FILES = 200
OTHER_BOOKS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".et")
LARGEST_BYTES = (
    256 * 1024 * 1024
)  # of all files together, inflated; a province's stop_times.txt is about a third


def read_source(path: Path, remarks: Remarks) -> dict[str, bytes]:
    """Give the bytes of each known file, and of one workbook, by name, noting others; raise NotFoundError."""
    if path.is_dir():
        found = _read_folder(path, remarks)
    elif path.is_file() and is_workbook(path.name):
        found = _read_alone(path, remarks)
    elif path.is_file():
        found = _read_zip(path, remarks)
    else:
        raise NotFoundError(
            f"there is no pack at {path}; name a folder or a zip file of CSV files, or a workbook"
        )
    if not found and not remarks.faults:
        remarks.fault(path.name, 0, "", None, "this holds no file of a pack; agency.txt is the first of them")
    _judge_workbooks(found, remarks)
    return found


def _judge_workbooks(found: dict[str, bytes], remarks: Remarks) -> None:
    books = list(filter(is_workbook, found))
    for name in books[1:]:
        remarks.fault(
            name, 0, "", None, f"a pack has one workbook, and {books[0]} is there; leave one of them"
        )


def _read_alone(path: Path, remarks: Remarks) -> dict[str, bytes]:
    if path.stat().st_size > LARGEST_BYTES:
        remarks.fault(path.name, 0, "", None, _too_large())
        return {}
    return {path.name: path.read_bytes()}


def _read_folder(path: Path, remarks: Remarks) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = LARGEST_BYTES
    for file in sorted(path.iterdir()):
        if not file.is_file() or file.name.startswith("."):
            continue
        if _is_known(file.name, remarks):
            if file.stat().st_size > left:
                remarks.fault(file.name, 0, "", None, _too_large())
                continue
            found[file.name] = file.read_bytes()
            left -= len(found[file.name])
    return found


def _read_zip(path: Path, remarks: Remarks) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                remarks.fault(
                    path.name, 0, "", None, f"this zip holds over {MOST_FILES} files; a pack has some twenty"
                )
                return {}
            left = LARGEST_BYTES
            for entry in entries:
                name = PurePosixPath(entry.filename).name
                if name.startswith(".") or "__MACOSX" in entry.filename or not _is_known(name, remarks):
                    continue
                if name in found:
                    remarks.fault(name, 0, "", None, "this zip holds the file twice; leave one")
                    continue
                with archive.open(entry) as file:
                    content = file.read(left + 1)  # what it inflates to, whatever its header says
                if len(content) > left:
                    remarks.fault(name, 0, "", None, _too_large())
                    return {}
                found[name] = content
                left -= len(content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as why:
        remarks.fault(
            path.name, 0, "", None, f"this is no zip file that can be read ({why}); zip the folder again"
        )
        return {}
    return found


def _is_known(name: str, remarks: Remarks) -> bool:
    if name in BY_NAME or is_workbook(name):
        return True
    if not name.startswith("~$"):  # a spreadsheet's mark that it has the file open
        advice = (
            "save it as .xlsx" if name.lower().endswith(OTHER_BOOKS) else "no part of a pack has this name"
        )
        remarks.warn(name, 0, "", None, f"this file is not read; {advice}")
    return False


def _too_large() -> str:
    return f"the pack's files are over {LARGEST_BYTES // 1024 // 1024} MiB together; split it by operator"
