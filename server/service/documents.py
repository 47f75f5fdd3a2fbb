"""Files that people attach: what they are is read from their content, pictures are drawn anew, names are text only."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from typing import Final, Protocol

import msgspec

from server.errors import InvalidError
from server.service.instants import at
from server.service.permits_rows import DocumentRow
from server.service.permits_shapes import Document

MOST_BYTES: Final = 10 * 1024 * 1024  # issue 5; a scanned page has a tenth of it
MOST_PIXELS: Final = 50_000_000  # own choice: A3 at 400 dots an inch
TYPES: Final = ("application/pdf", "image/png", "image/jpeg")
ENDINGS: Final = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
_FORMATS: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}
_UNSAID = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Sound(msgspec.Struct, frozen=True):
    """A file that may be kept."""

    name: str
    content_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Give the digest of the content that is kept."""
        return hashlib.sha256(self.content).hexdigest()


class Files(Protocol):
    """Where contents are kept, by names that the server makes."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it, whole or not at all."""

    def get(self, name: str) -> bytes | None:
        """Give it, None when it isn't there."""


def examine(name: str, content: bytes) -> Sound:
    """Say what a file is by its content and make it safe to hand out; raise InvalidError.

    A picture is decoded and drawn anew, which leaves out everything that isn't one (places, programs, a second file behind it).
    """
    if not content:
        raise InvalidError("The file is empty: choose another.", fields={"file": "empty"})
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise InvalidError(
                "The PDF has no end: it was cut short; send it again.", fields={"file": "cut short"}
            )
        return Sound(_plain(name, "application/pdf"), "application/pdf", content)
    return _picture(name, content)


def shape_of(row: DocumentRow, timezone: str) -> Document:
    """Give a document's shape."""
    return Document(
        row.id, row.condition, row.name, row.content_type, row.size, row.by, at(row.made_at_ms, timezone)
    )


def _picture(name: str, content: bytes) -> Sound:
    from PIL import Image, UnidentifiedImageError  # for the few who attach

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(_FORMATS)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise InvalidError(
                        f"The picture has {image.width} × {image.height} points; send one of {MOST_PIXELS // 1_000_000} million at most.",
                        fields={"file": "too many points"},
                    )
                kind = image.format or ""
                out = io.BytesIO()
                if kind == "JPEG":
                    image.convert("RGB").save(out, "JPEG", quality=88)
                else:
                    image.convert("RGBA" if "A" in image.getbands() else "RGB").save(out, "PNG")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        SyntaxError,
        ValueError,
    ) as why:
        raise InvalidError(
            "The file is no PDF, PNG or JPEG, or it is damaged: send one of these.",
            fields={"file": "unknown content"},
        ) from why
    return Sound(_plain(name, _FORMATS[kind]), _FORMATS[kind], out.getvalue())


def _plain(name: str, content_type: str) -> str:
    """Give the name that is shown, with the ending of what the file is; nothing on a disk is named so.

    >>> _plain("../../etc/pass\\x00wd.PDF", "image/png"), _plain("", "application/pdf")
    ('etc passwd.png', 'document.pdf')
    """
    stem = _UNSAID.sub(" ", name.replace("\0", "")).rsplit(".", 1)[0].strip(" .")
    return f"{' '.join(stem.replace('..', ' ').split())[:80] or 'document'}{ENDINGS[content_type]}"
