"""Write the OpenAPI 3.1 document from the endpoints themselves, and a page that a person can read it on."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from flask import Flask, Response

from server.api.endpoint import PREFIX, Endpoint, under
from server.service import policy

TEMPLATE = "#/components/schemas/{name}"


class ErrorBody(msgspec.Struct, frozen=True):
    """What is wrong, where and what to do."""

    code: str
    message: str
    fields: dict[str, str]


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Every error has this shape."""

    error: ErrorBody


def document(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """Build the document; `x-roles` says who may."""
    shapes = [
        shape for each in endpoints for shape in (each.gives, each.takes, each.query) if shape is not None
    ]
    found, components = msgspec.json.schema_components([*shapes, ErrorAnswer], ref_template=TEMPLATE)
    schema_of = dict(zip(map(repr, [*shapes, ErrorAnswer]), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        operation = _operation(each, schema_of, components)
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "SixFixed", "version": version, "description": "School-bus fleet tracking."},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "sixfixed"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(each: Endpoint, schema_of: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": "id or unique code",
        }
        for name in re.findall(r"{(\w+)}", each.path)
    ]
    if each.query is not None:
        schema = components[schema_of[repr(each.query)]["$ref"].rsplit("/", 1)[-1]]
        parameters += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": part}
            for name, part in schema["properties"].items()
        ]
    good: dict[str, Any] = {"description": "Done" if each.gives is None else each.summary}
    if each.gives is not None:
        good["content"] = {"application/json": {"schema": schema_of[repr(each.gives)]}}
    wrong = {
        "description": "Error",
        "content": {"application/json": {"schema": schema_of[repr(ErrorAnswer)]}},
    }
    operation: dict[str, Any] = {
        "summary": each.summary,
        "description": (each.answer.__doc__ or each.summary).strip(),
        "operationId": f"{each.method.lower()}{re.sub(r'[^a-z]+', '_', each.path)}".rstrip("_"),
        "responses": {str(each.status): good, "default": wrong},
        "security": [] if each.rule.roles is None else [{"session": []}, {"token": []}],
        "x-roles": sorted(each.rule.roles or ()),
    }
    if parameters:
        operation["parameters"] = parameters
    if each.takes is not None:
        body = {"application/json": {"schema": schema_of[repr(each.takes)]}}
        operation["requestBody"] = {"required": True, "content": body}
    if each.files:
        content: dict[str, Any] = {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in each.files
        }
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def page(described: dict[str, Any]) -> str:
    """Write the document as one page without scripts: each path with who may, what it takes and gives."""
    parts = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            roles = ", ".join(operation["x-roles"]) or "everyone, without log-in"
            parts.append(
                f"<section><h2><b>{method.upper()}</b> <code>{html.escape(path)}</code></h2>"
                f"<p>{html.escape(operation['description'])}</p><p class=quiet>For: {html.escape(roles)}</p>"
                f"{_details(operation)}</section>"
            )
    schemas = "".join(
        f"<details id='{html.escape(name)}'><summary><code>{html.escape(name)}</code></summary>"
        f"<pre>{_pretty(schema)}</pre></details>"
        for name, schema in described["components"]["schemas"].items()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>SixFixed: HTTP</title><link rel=stylesheet href=/docs.css>"
        f"<main><h1>SixFixed, HTTP</h1><p>The same as <a href={PREFIX}/openapi.json>openapi.json</a>.</p>"
        f"{''.join(parts)}<h2>Shapes</h2>{schemas}</main></html>"
    )


def _details(operation: dict[str, Any]) -> str:
    shown = {
        name: operation[name] for name in ("parameters", "requestBody", "responses") if name in operation
    }
    return f"<details><summary>Takes and gives</summary><pre>{_pretty(shown)}</pre></details>"


def _pretty(value: object) -> str:
    return html.escape(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


CSS = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:auto;padding:1rem}
section{border-top:1px solid #8884;padding:.5rem 0}h2{font-size:1rem}.quiet{opacity:.7}pre{overflow:auto;font-size:.85rem}
summary{cursor:pointer;min-height:44px;line-height:44px}
"""


def add(app: Flask, endpoints: Sequence[Endpoint], version: str) -> None:
    """Serve /api/v1/openapi.json, /docs and its style; /openapi.json is the same document."""
    described = document(endpoints, version)
    served = {
        f"{PREFIX}/openapi.json": (msgspec.json.encode(described), "application/json"),
        "/openapi.json": (msgspec.json.encode(described), "application/json"),
        f"{PREFIX}/docs": (page(described).encode(), "text/html; charset=utf-8"),
        "/docs": (page(described).encode(), "text/html; charset=utf-8"),
        "/docs.css": (CSS.encode(), "text/css; charset=utf-8"),
    }
    for address, (content, content_type) in served.items():

        def view(content: bytes = content, content_type: str = content_type) -> Response:
            return Response(content, content_type=content_type)

        app.add_url_rule(address, f"GET {address}", under(policy.PUBLIC, view), methods=["GET"])
