"""The settings that the web role shows or checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.service.second_factor import Setting


@dataclass(frozen=True)
class WebSettings:
    """Settings as the web shows or checks them. `dist` is the folder of the built pages, `base_url` what links begin with."""

    public_url: str | None
    host: str
    tiles: str | None
    tiles_crs: str
    tiles_attribution: str
    demo: bool
    version: str
    dist: Path
    second_factor: Setting = "optional"
    base_url: str = "http://localhost"
    broker_url: str | None = None
    mqtt: str = ""
    data: Path = Path()
