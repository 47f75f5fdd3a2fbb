"""How the house is, for the administrator."""

from __future__ import annotations

from server.api.endpoint import Ask, Endpoint
from server.service import policy, readiness
from server.service.system import System, read_system


def show(ask: Ask) -> System:
    """Give how the house is now."""
    reasons = readiness.Readiness(ask.deps).reasons()
    return read_system(ask.work, ask.deps, reasons)


ENDPOINTS = (Endpoint("GET", "/system", policy.SYSTEM, show, System, "How the house is"),)
