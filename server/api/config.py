"""What a page must know before anyone has logged in."""

from __future__ import annotations

from server.api.endpoint import Ask, Endpoint
from server.service import policy
from server.service.instants import at
from server.service.shapes import PublicConfig, Tiles

MAX_ZOOM = 18  # what public raster sources offer; a vector source draws beyond it


def show_config(ask: Ask) -> PublicConfig:
    """Give it; nothing in it is about a person."""
    settings = ask.deps.settings
    tiles = None
    if settings.tiles is not None:
        tiles = Tiles(
            kind="pmtiles" if settings.tiles.split("?")[0].endswith(".pmtiles") else "xyz",
            url=settings.tiles,
            crs="gcj02" if settings.tiles_crs.lower().replace("-", "") == "gcj02" else "wgs84",
            attribution=settings.tiles_attribution,
            maxzoom=MAX_ZOOM,
        )
    now = at(ask.now_ms, ask.work.scopes.timezone())
    provider = None if ask.deps.provider is None else ask.deps.provider.name
    return PublicConfig(
        tiles, settings.demo, settings.version, now, ask.deps.clock.speed, ask.deps.push.public_key, provider
    )


ENDPOINTS = (Endpoint("GET", "/config", policy.PUBLIC, show_config, PublicConfig, "Settings of the pages"),)
