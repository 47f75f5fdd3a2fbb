"""Make the HTTP application from what it is given."""

from __future__ import annotations

from flask import Flask

from server.api import (
    carers,
    catalog,
    children,
    config,
    crew,
    devices,
    dispatch,
    drivers,
    errors,
    findings,
    headers,
    house,
    invitations,
    notices,
    openapi,
    packs,
    pages,
    permits,
    preferences,
    provider,
    push,
    records,
    second_factor,
    session,
    substitutions,
    system,
    trips,
    verdicts,
)
from server.api.endpoint import Endpoint
from server.errors import StartError
from server.service.policy import Rule
from server.service.web_deps import WebDeps

MAX_BODY = 64 * 1024  # INTERFACES 3 caps live messages at this; no request of a page comes near


def endpoints() -> tuple[Endpoint, ...]:
    """Give every endpoint below the prefix."""
    return (
        *session.ENDPOINTS,
        *second_factor.ENDPOINTS,
        *provider.ENDPOINTS,
        *invitations.ENDPOINTS,
        *carers.ENDPOINTS,
        *config.ENDPOINTS,
        *children.ENDPOINTS,
        *preferences.ENDPOINTS,
        *notices.ENDPOINTS,
        *push.ENDPOINTS,
        *findings.ENDPOINTS,
        *trips.ENDPOINTS,
        *crew.ENDPOINTS,
        *verdicts.ENDPOINTS,
        *substitutions.ENDPOINTS,
        *permits.ENDPOINTS,
        *drivers.ENDPOINTS,
        *devices.ENDPOINTS,
        *system.ENDPOINTS,
        *catalog.endpoints(),
        *records.endpoints(),
        *packs.ENDPOINTS,
    )


def create_app(deps: WebDeps) -> Flask:
    """Make the app; raise StartError when a route stands under no policy."""
    app = Flask("server.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    errors.register(app)
    headers.add(app, deps)
    every = endpoints()
    for endpoint in every:
        dispatch.add(app, deps, endpoint)
    openapi.add(app, every, deps.settings.version)
    house.add(app, deps)
    pages.add(app, deps)
    require_rules(app)
    return app


def require_rules(app: Flask) -> dict[str, Rule]:
    """Give the rule of each route; raise StartError for one without, since it would be open to everyone."""
    found = {}
    for route in app.url_map.iter_rules():
        rule = getattr(app.view_functions[route.endpoint], "rule", None)
        if not isinstance(rule, Rule):
            raise StartError(
                f"the route {route.rule} ({route.endpoint}) stands under no policy; name its rule from service/policy"
            )
        found[route.endpoint] = rule
    return found
