"""The settings that the web role shows or checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WebSettings:
    """Settings as the web shows or checks them. `dist` is the folder of the built pages."""

    public_url: str | None
    host: str
    tiles: str | None
    tiles_crs: str
    tiles_attribution: str
    demo: bool
    version: str
    dist: Path
