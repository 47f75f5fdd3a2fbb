"""My second factor: enrolled, confirmed, ended; recovery codes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Reply, Text
from server.service import policy, second_factor
from server.service.account_shapes import Factor, NewFactor, RecoveryCodes
from server.service.ended import EndedMessage

Secret = Annotated[str, Meta(max_length=1024)]


class Beginning(msgspec.Struct, frozen=True):
    """POST /me/second-factor."""

    password: Secret


class Code(msgspec.Struct, frozen=True):
    """POST /me/second-factor/confirm."""

    code: Text


class Proof(msgspec.Struct, frozen=True):
    """What a change of it needs: the password and a code, or a recovery code."""

    password: Secret
    code: Text


def show(ask: Ask) -> Factor:
    """Say whether the caller has one."""
    return second_factor.show(ask.work, ask.who, ask.deps.settings.second_factor)


def begin(ask: Ask) -> NewFactor:
    """Make a secret for an authenticator; nothing changes before it is confirmed."""
    body: Beginning = ask.body
    ask.note("begin_second_factor")
    return second_factor.begin(
        ask.deps.store, ask.deps.vault, ask.who, ask.deps.settings.second_factor, password=body.password,
        address=ask.address, now_ms=ask.real_ms,
    )  # fmt: skip


def confirm(ask: Ask) -> RecoveryCodes:
    """Switch it on by a first code; the account's other sessions end."""
    body: Code = ask.body
    who = ask.who
    codes = second_factor.confirm(
        ask.deps.store, ask.deps.vault, who, code=body.code, address=ask.address, now_ms=ask.real_ms
    )
    ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(user_id=who.user_id, keep=who.session_id)))
    ask.note("confirm_second_factor")
    return RecoveryCodes(codes)


def renew_recovery(ask: Ask) -> RecoveryCodes:
    """Make new recovery codes; the old ones end."""
    body: Proof = ask.body
    codes = second_factor.renew_recovery(
        ask.deps.store, ask.deps.vault, ask.who, password=body.password, code=body.code, address=ask.address,
        now_ms=ask.real_ms,
    )  # fmt: skip
    ask.note("renew_recovery_codes")
    return RecoveryCodes(codes)


def end(ask: Ask) -> Reply:
    """Take it away."""
    body: Proof = ask.body
    second_factor.end(
        ask.deps.store, ask.deps.vault, ask.who, ask.deps.settings.second_factor, password=body.password,
        code=body.code, address=ask.address, now_ms=ask.real_ms,
    )  # fmt: skip
    ask.note("end_second_factor")
    return Reply(status=204)


PATH = "/me/second-factor"
RULE = policy.OWN_FACTOR
ENDPOINTS = (
    Endpoint("GET", PATH, RULE, show, Factor, "My second factor"),
    Endpoint(
        "POST", PATH, RULE, begin, NewFactor, "Begin to enrol a second factor", takes=Beginning, status=201, works="apart"
    ),
    Endpoint("POST", f"{PATH}/confirm", RULE, confirm, RecoveryCodes, "Switch it on", takes=Code, works="apart"),
    Endpoint(
        "POST", f"{PATH}/recovery-codes", policy.OWN_ACCOUNT, renew_recovery, RecoveryCodes, "New recovery codes",
        takes=Proof, works="apart",
    ),
    Endpoint("DELETE", PATH, policy.OWN_ACCOUNT, end, None, "End it", takes=Proof, status=204, works="apart"),
)  # fmt: skip
