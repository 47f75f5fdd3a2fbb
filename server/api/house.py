"""Alive, ready, measured: /healthz, /readyz and /metrics, for this machine only."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from server.api.endpoint import under
from server.api.errors import answer
from server.service import policy, readiness
from server.service.origin import is_local
from server.service.push_delivery import OUTCOMES
from server.service.web_deps import WebDeps

# What proxies say of whom they speak for, each by another custom.
PROXIED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via")


def add(app: Flask, deps: WebDeps) -> None:
    """Put the three under their addresses."""
    state = readiness.Readiness(deps)

    def healthz() -> Response:
        return answer(200, {"alive": True})

    def readyz() -> Response:
        reasons = deps.pool.run(state.reasons)
        return answer(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})

    def read_pushes() -> None:
        with deps.store.read() as work:
            deps.metrics.pushes_waiting.set(work.house.pushes_waiting())
            for outcome in OUTCOMES:
                deps.metrics.push_attempts.labels(outcome).set(work.house.counter(f"push.{outcome}") or 0)

    def metrics() -> Response:
        deps.pool.run(read_pushes)
        return Response(deps.metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    for name, view in (("healthz", healthz), ("readyz", readyz), ("metrics", metrics)):
        app.add_url_rule(f"/{name}", name, _local(view), methods=["GET"])


def _local(view: Callable[[], Response]) -> Callable[[], Response]:
    def guarded() -> Response:
        # A proxy on this machine speaks for someone elsewhere.
        if not is_local(request.remote_addr) or any(name in request.headers for name in PROXIED):
            raise NotFound
        return view()

    return under(policy.LOCAL, guarded)
