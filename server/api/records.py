"""Records of the plan over HTTP, written: POST, PATCH and DELETE of each plural, and a record's history."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from server.api.endpoint import Ask, Endpoint, Page
from server.errors import InvalidError
from server.service import catalog_read, policy
from server.service.ended import EndedMessage
from server.service.records import credentials
from server.service.records.audit import HistoryItem, list_history
from server.service.records.changing import Changed, Changer
from server.service.records.nouns import NOUNS, Noun
from server.service.records.storing import Credential
from server.service.shapes import Items
from server.service.web_ports import Work

WAKE = "wake/ingest"
Record = dict[str, Any]


def _changer(ask: Ask, work: Work) -> Changer:
    return Changer(work, ask.who, policy.scope_of(work.scopes, ask.who, ask.now_ms), ask.now_ms, ask.real_ms)


def _run(ask: Ask, noun: Noun, change: Callable[[Changer], Changed]) -> Record:
    """Change in a unit of work: the endpoint's, or one of its own where a secret was hashed before, which takes long."""
    if noun.secret is None:
        done = change(_changer(ask, ask.work))
    else:
        with ask.deps.store.write() as work:
            done = change(_changer(ask, work))
    # The worker makes trips and ingest reads again when the catalogue moves; this makes it at once.
    ask.after.append(lambda: ask.deps.publish(WAKE, b'{"why":"catalog"}'))
    if done.ends_user is not None:
        user_id = done.ends_user
        ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(user_id=user_id)))
    return done.record


def _shown(record: Record, noun: Noun, credential: Credential | None) -> Record:
    if noun.secret is None or credential is None or credential.shown is None:
        return record
    return record | {noun.secret: credential.shown}


def _creator(noun: Noun) -> Callable[[Ask], Record]:
    def create(ask: Ask) -> Record:
        credential = credentials.for_new(noun, ask.body, ask.deps.leaked)
        record = _run(ask, noun, lambda changer: changer.create(noun.plural, ask.body, credential))
        return _shown(record, noun, credential)

    return create


def _updater(noun: Noun) -> Callable[[Ask], Record]:
    def update(ask: Ask) -> Record:
        credential = None
        if noun.secret is not None and ask.body.get(noun.secret):
            with ask.deps.store.read() as work:
                found = catalog_read.get_one(work, ask.who, ask.scope, noun.plural, ask.path["ref"])
            credential = credentials.for_known(
                noun, ask.body, found["code"], found.get("name"), ask.deps.leaked
            )
        return _run(
            ask,
            noun,
            lambda changer: changer.update(
                noun.plural, ask.path["ref"], ask.body, version=ask.if_match, credential=credential
            ),
        )

    return update


def _ender(noun: Noun) -> Callable[[Ask], None]:
    def end(ask: Ask) -> None:
        _run(ask, noun, lambda changer: changer.end(noun.plural, ask.path["ref"]))

    return end


def _historian(noun: Noun) -> Callable[[Ask], Items[HistoryItem]]:
    def history(ask: Ask) -> Items[HistoryItem]:
        found = catalog_read.get_one(ask.work, ask.who, ask.scope, noun.plural, ask.path["ref"])
        if ask.query.after is not None and not re.fullmatch(r"[0-9]{1,18}", ask.query.after):
            raise InvalidError("`after` is none of this list's cursors: take `next` of the page before.")
        after = None if ask.query.after is None else int(ask.query.after)
        ask.note("read_history", found["id"])
        return list_history(ask.work, found["id"], after, ask.query.limit)

    return history


def endpoints() -> tuple[Endpoint, ...]:
    """Give the writing endpoints and the history of each plural."""
    made: list[Endpoint] = []
    for plural, noun in NOUNS.items():
        rule = policy.RECORDS[plural].write
        works: Any = "write" if noun.secret is None else "apart"
        one = f"/{plural}/{{ref}}"
        made += [
            Endpoint(
                "POST", f"/{plural}", rule, _creator(noun), Record, f"A new {noun.singular}",
                takes=Record, status=201, works=works,
            ),
            Endpoint("PATCH", one, rule, _updater(noun), Record, f"Change a {noun.singular}", takes=Record, works=works),
            Endpoint("DELETE", one, rule, _ender(noun), None, f"End a {noun.singular}", status=204, works=works),
            Endpoint(
                "GET", f"{one}/history", policy.HISTORY[plural], _historian(noun), Items[HistoryItem],
                f"Who changed a {noun.singular}", query=Page,
            ),
        ]  # fmt: skip
    return tuple(made)
