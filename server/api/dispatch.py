"""Take a request through its endpoint: who asks, may they, what do they send; one unit of work on the pool; then the answer."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from server.api.client import client_address
from server.api.endpoint import PREFIX, Ask, Cookie, Endpoint, Reply, under
from server.api.errors import MalformedError, invalid
from server.errors import ForbiddenError
from server.service import accounts, policy
from server.service.origin import cookie_name, is_secure
from server.service.policy import Caller
from server.service.rows import AuditEntry
from server.service.web_deps import WebDeps
from server.service.web_ports import Work

CSRF_HEADER = "X-CSRF-Token"


class Credentials(msgspec.Struct, frozen=True):
    """What a request brings to say who it is; a token goes before a cookie."""

    token: str | None
    cookie: str | None
    csrf: str | None


def add(app: Flask, deps: WebDeps, endpoint: Endpoint) -> None:
    """Put an endpoint under its address; its view carries the rule, which the app checks for at start."""

    def view(**path: str) -> Response:
        began = time.perf_counter()
        response = _answer(deps, endpoint, path)
        deps.metrics.seconds.labels(endpoint.path).observe(time.perf_counter() - began)
        return response

    address = PREFIX + endpoint.path.replace("{", "<").replace("}", ">")
    app.add_url_rule(
        address, f"{endpoint.method} {endpoint.path}", under(endpoint.rule, view), methods=[endpoint.method]
    )


def read_credentials(deps: WebDeps) -> Credentials:
    """Read the request's bearer token, session cookie and CSRF token."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return Credentials(
        token.strip() if kind.lower() == "bearer" and token.strip() else None,
        request.cookies.get(cookie_name(deps.settings)),
        request.headers.get(CSRF_HEADER),
    )


def authenticate(work: Work, given: Credentials, now_ms: int) -> tuple[Caller | None, bool]:
    """Say who asks, and whether their session's or token's mark is due; a wrong token is nobody, even with a right cookie."""
    found = None
    if given.token is not None:
        found = accounts.find_by_token(work, given.token, now_ms)
    elif given.cookie is not None:
        found = accounts.find_by_cookie(work, given.cookie, now_ms)
    return (None, False) if found is None else found


def _answer(deps: WebDeps, endpoint: Endpoint, path: dict[str, str]) -> Response:
    given = read_credentials(deps)
    # The body is read here, where the connection is; only then does the work leave for another thread.
    raw, query = _read_raw(endpoint), request.args.to_dict()
    if endpoint.takes is not None and raw and request.mimetype != "application/json":
        # A page of another site can send a form without asking, but not JSON.
        raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
    written = b"" if endpoint.files else raw
    if any("\0" in value for value in (*path.values(), *query.values())) or b"\\u0000" in written:
        # No name, id or text holds one, and PostgreSQL refuses it in a query.
        raise MalformedError("The request holds a NUL character: leave it out.")
    changes = request.method not in ("GET", "HEAD")
    ask = Ask(
        deps=deps, caller=None, subject="", path=path, body=None, query=None,
        address=client_address(deps.settings), agent=request.headers.get("User-Agent"),
        accept_csv=request.accept_mimetypes.best_match(["application/geo+json", "text/csv"]) == "text/csv",
        now_ms=deps.clock.now_ms(), real_ms=deps.real.now_ms(), content_type=request.mimetype,
        if_match=request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"') or None,
    )  # fmt: skip

    def admit(work: Work) -> bool:
        caller, due = authenticate(work, given, ask.real_ms)
        policy.require_role(endpoint.rule, caller, changes=changes)
        ask.caller = caller
        if (
            caller is not None
            and changes
            and caller.session_id is not None
            and (endpoint.rule.roles is not None or endpoint.rule.guarded)
        ):
            _require_csrf(caller, given)
        return due

    def locate(work: Work) -> None:
        if ask.caller is None or endpoint.rule.roles is None:
            return
        ask._scope = policy.scope_of(work.scopes, ask.caller, ask.now_ms)
        if endpoint.rule.subject is not None:
            ref = next(iter(path.values()))
            ask.subject = policy.find_subject(work.scopes, endpoint.rule, ask.caller, ask._scope, ref)

    def parse() -> None:
        if endpoint.files and ask.content_type not in endpoint.files:
            raise UnsupportedMediaType(
                f"Send the file with one of these Content-Types: {', '.join(endpoint.files)}."
            )
        ask.body = raw if endpoint.files else _read_body(endpoint.takes, raw)
        ask.query = _read_query(endpoint.query, query)

    def reading() -> tuple[object, bool]:
        with deps.store.read() as work:
            due = admit(work)
            locate(work)
            parse()
            ask._work = work
            return endpoint.answer(ask), due

    def writing() -> tuple[object, bool]:
        # Who may not change anything must not even wait for the one writer.
        with deps.store.read() as work:
            due = admit(work)
            locate(work)
        parse()
        with deps.store.write() as work:
            locate(work)
            ask._work = work
            return endpoint.answer(ask), due

    def apart() -> tuple[object, bool]:
        with deps.store.read() as work:
            due = admit(work)
            locate(work)
        parse()
        return endpoint.answer(ask), due

    jobs: dict[str, Callable[[], tuple[object, bool]]] = {"read": reading, "write": writing, "apart": apart}
    run = deps.pool.run_slow if endpoint.works == "apart" else deps.pool.run
    found, due = run(jobs[endpoint.works])
    if due and ask.caller is not None:
        deps.audit.touch(ask.caller, ask.real_ms)
    deps.audit.add([_with_route(entry, endpoint) for entry in ask.audit])
    for job in ask.after:
        job()
    return _reply(deps, endpoint, found)


def _read_raw(endpoint: Endpoint) -> bytes:
    if endpoint.files:
        request.max_content_length = endpoint.most_bytes
    raw = request.get_data()
    if request.content_length is None and len(raw) >= (request.max_content_length or 0):
        # A body that comes in chunks has no length before it ends; what is beyond the limit was left unread.
        raise RequestEntityTooLarge
    return raw


def _require_csrf(caller: Caller, given: Credentials) -> None:
    # Compared in constant time: the token is a secret of the session.
    if given.csrf is None or caller.csrf is None or not hmac.compare_digest(given.csrf, caller.csrf):
        raise ForbiddenError(
            f"The {CSRF_HEADER} header is missing or wrong: send the `csrf` of GET /api/v1/me with each change.",
            code="csrf",
        )


def _read_body(shape: Any, raw: bytes) -> Any:  # noqa: ANN401 - the shape says
    if shape is None:
        return None
    try:
        return msgspec.json.decode(raw or b"{}", type=shape)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedError("The body is no JSON: send one JSON object in UTF-8.") from None


def _read_query(shape: type[msgspec.Struct] | None, given: dict[str, str]) -> msgspec.Struct | None:
    if shape is None:
        return None
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def _with_route(entry: AuditEntry, endpoint: Endpoint) -> AuditEntry:
    if entry.detail is not None:
        return entry
    return msgspec.structs.replace(entry, detail=f"{endpoint.method} {endpoint.path}")


def _reply(deps: WebDeps, endpoint: Endpoint, found: object) -> Response:
    reply = found if isinstance(found, Reply) else Reply(found)
    status = reply.status or endpoint.status
    content: bytes = b""
    if isinstance(reply.content, bytes):
        content = reply.content
    elif status != 204:
        content = msgspec.json.encode(reply.content)
    response = Response(content, status)
    if status != 204:
        response.content_type = reply.content_type
    if reply.filename is not None:
        # A name that isn't ASCII is written as RFC 8187 has it.
        response.headers.set("Content-Disposition", "attachment", filename=reply.filename)
    if reply.cookie is not None:
        _set_cookie(deps, response, reply.cookie)
    return response


def _set_cookie(deps: WebDeps, response: Response, cookie: Cookie) -> None:
    response.set_cookie(
        cookie_name(deps.settings),
        cookie.value,
        max_age=cookie.max_age_s,
        path="/",
        secure=is_secure(deps.settings),
        httponly=True,
        samesite="Lax",
    )
