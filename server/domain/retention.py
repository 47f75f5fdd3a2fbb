"""How long what is kept: tracks at least six months, violations and their handling at least three years (PRODUCT, numbers)."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Kept = Literal["tracks", "rejected", "notices", "findings", "audit"]
DAY_MS: Final = 86_400_000
_LONG: Final[tuple[Kept, ...]] = ("findings", "audit")


class Retention(msgspec.Struct, frozen=True):
    """Days that tracks are kept, with what was refused and what people were told; and findings, with who read and did what."""

    tracks_days: int = 184
    findings_days: int = 1096

    def before_ms(self, kind: Kept, now_ms: int) -> int:
        """Give the instant (UTC ms) before which a kind is deleted.

        >>> Retention(tracks_days=200).before_ms("notices", 200 * DAY_MS + 5)
        5
        """
        return now_ms - (self.findings_days if kind in _LONG else self.tracks_days) * DAY_MS
