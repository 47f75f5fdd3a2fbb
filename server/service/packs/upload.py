"""Take a pack that came as one body: a zip or a workbook, told by its content, put where the reading of packs finds it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from server.errors import InvalidError
from server.secrets import write_secret_file

MOST_BYTES = 50 * 1024 * 1024  # own choice: ten times what a province of 100,000 riders has, zipped
_MAGIC = b"PK\x03\x04"
_BOOK = "xl/workbook.xml"  # what every workbook has (ECMA-376, part 2) and no pack


@contextmanager
def stored(content: bytes) -> Iterator[Path]:
    """Give the path of the content as a file with a name of this program's making; raise InvalidError for no zip at all.

    It is 0600 in a folder of its own, and gone afterwards: it names children.
    """
    if not content.startswith(_MAGIC):
        raise InvalidError(
            "This is no pack: send a zip of the pack's files, or an .xlsx workbook.",
            fields={"pack": "no zip"},
        )
    with TemporaryDirectory(prefix="sixfixed-pack-") as folder:
        path = Path(folder) / ("workbook.xlsx" if _is_workbook(content) else "pack.zip")
        write_secret_file(path, content)
        yield path


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _BOOK in archive.namelist()
    except zipfile.BadZipFile:
        return False  # reading it as a pack says what is wrong
