"""The picture of a bus's camera: colour bars and the bus's own pattern, as a PNG file."""

from __future__ import annotations

import hashlib
import struct
import zlib

WIDTH, HEIGHT = 320, 180
_BARS = (
    (235, 235, 235),
    (235, 235, 16),
    (16, 235, 235),
    (16, 235, 16),
    (235, 16, 235),
    (235, 16, 16),
    (16, 16, 235),
)


def take_picture(device: str, camera: str, at_ms: int) -> bytes:
    """A PNG that is the same for the same device, camera and instant, and different for others."""
    mark = hashlib.blake2b(f"{device}/{camera}/{at_ms}".encode(), digest_size=32).digest()
    rows = []
    for y in range(HEIGHT):
        row = bytearray(b"\x00")
        for x in range(WIDTH):
            if y < HEIGHT * 2 // 3:
                row += bytes(_BARS[x * len(_BARS) // WIDTH])
            else:
                bit = mark[(x * 32 // WIDTH)] >> ((y - HEIGHT * 2 // 3) * 8 // (HEIGHT // 3 + 1)) & 1
                row += b"\x10\x10\x10" if bit else b"\xeb\xeb\xeb"
        rows.append(bytes(row))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows), 6)), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
