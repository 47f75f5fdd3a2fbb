"""The second factor: codes of an authenticator (TOTP, RFC 6238), each taken once, and recovery codes for who lost it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
import secrets
from typing import Final, Literal

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.errors import ConflictError, InvalidError, NotLoggedInError
from server.service import login_limits
from server.service.account_shapes import Factor, NewFactor
from server.service.instants import at
from server.service.passwords import verify_password
from server.service.policy import Caller
from server.service.vault import Vault
from server.service.web_ports import WebStore, Work

Setting = Literal["off", "optional", "required-for-staff"]
SETTINGS: Final[tuple[Setting, ...]] = ("off", "optional", "required-for-staff")
REQUIRED: Final = frozenset({"admin", "regulator"})  # issue 5: whom the setting requires it of

STEP_S, DIGITS = 30, 6  # what every authenticator takes; RFC 6238, 5.2 recommends the step
WINDOW = 1  # steps to either side, for a phone's clock (RFC 6238, 5.2: at most one)
_SECRET = 20  # bytes: the length of SHA-1's output (RFC 4226, 4: 160 bits recommended)
RECOVERY = 10
_RECOVERY = 10  # bytes: 80 random bits need no slow hash
_ISSUER = "SixFixed"


def is_required(setting: Setting, role: str) -> bool:
    """Say whether accounts of this role must have one."""
    return setting == "required-for-staff" and role in REQUIRED


def show(work: Work, caller: Caller, setting: Setting) -> Factor:
    """Say whether the caller has one."""

    row = work.factors.find(caller.user_id)
    on_ms = None if row is None else row.confirmed_at_ms
    made_at = at(on_ms, work.scopes.timezone())
    left = 0 if on_ms is None else work.factors.recovery_left(caller.user_id)
    return Factor(setting, on_ms is not None, made_at, left, is_required(setting, caller.role))


def begin(
    store: WebStore,
    vault: Vault,
    caller: Caller,
    setting: Setting,
    *,
    password: str,
    address: str,
    now_ms: int,
) -> NewFactor:
    """Make a secret for the caller, which counts once it is confirmed; raise ConflictError, InvalidError or TooManyError."""
    if setting == "off":
        raise ConflictError("Second factors are switched off here: ask who runs this server.", code="off")
    prove_password(store, caller, password, address, now_ms)
    secret = secrets.token_bytes(_SECRET)
    with store.write() as work:
        row = work.factors.find(caller.user_id)
        if row is not None and row.confirmed_at_ms is not None:
            raise ConflictError("This account has a second factor: end it first to enrol another.")
        work.factors.begin(caller.user_id, vault.seal(secret, caller.user_id), now_ms)
    url = _totp(secret).get_provisioning_uri(caller.username, _ISSUER)
    drawn = io.BytesIO()
    segno.make(url, error="m").save(
        drawn, kind="svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True, light="#fff"
    )
    return NewFactor(base64.b32encode(secret).decode().rstrip("="), url, drawn.getvalue().decode())


def confirm(
    store: WebStore, vault: Vault, caller: Caller, *, code: str, address: str, now_ms: int
) -> list[str]:
    """Switch it on by a first code and give the recovery codes; every other session of the account ends.

    Raise ConflictError where none was begun or it is on, InvalidError for a wrong code, TooManyError.
    """
    with store.read() as work:
        row = work.factors.find(caller.user_id)
    if row is None or row.confirmed_at_ms is not None:
        raise ConflictError("No second factor waits to be confirmed: begin to enrol one first.")
    _refuse_wrong(store, vault, caller, code, address, now_ms, recovery=False)
    fresh = _make_recovery()
    with store.write() as work:
        work.factors.confirm(caller.user_id, now_ms)
        work.factors.put_recovery(caller.user_id, [_digest(each) for each in fresh])
        work.accounts.end_sessions(caller.user_id, caller.session_id)
        if caller.session_id is not None:
            work.accounts.lift_limit(caller.session_id)
    return fresh


def renew_recovery(
    store: WebStore, vault: Vault, caller: Caller, *, password: str, code: str, address: str, now_ms: int
) -> list[str]:
    """Give new recovery codes and end the old ones; raise as `confirm` does."""
    _prove(store, vault, caller, password, code, address, now_ms)
    fresh = _make_recovery()
    with store.write() as work:
        work.factors.put_recovery(caller.user_id, [_digest(each) for each in fresh])
    return fresh


def end(
    store: WebStore,
    vault: Vault,
    caller: Caller,
    setting: Setting,
    *,
    password: str,
    code: str,
    address: str,
    now_ms: int,
) -> None:
    """Take it away; raise ConflictError where it is required, else as `confirm` does."""
    if is_required(setting, caller.role):
        raise ConflictError(
            f"The role {caller.role} must have a second factor here: enrol another device by ending "
            "this one with whoever runs the server (`sixfixed user forget-factor`)."
        )
    _prove(store, vault, caller, password, code, address, now_ms)
    with store.write() as work:
        work.factors.drop(caller.user_id)


def spend(store: WebStore, vault: Vault, user_id: str, code: str, address: str, now_ms: int) -> None:
    """Take a code at the log-in; raise NotLoggedInError for one that is wrong or was taken, TooManyError."""
    if not _spend(store, vault, user_id, code, address, now_ms):
        raise NotLoggedInError(
            "This code is wrong, or was used: wait for the next one and try again, or use a recovery code.",
            code="bad_code",
        )


def is_on(work: Work, user_id: str) -> bool:
    """Say whether a log-in to this account needs a code."""
    row = work.factors.find(user_id)
    return row is not None and row.confirmed_at_ms is not None


def prove_password(store: WebStore, caller: Caller, password: str, address: str, now_ms: int) -> None:
    """Raise InvalidError unless the password is the caller's; wrong ones are limited as log-ins are."""
    keys = login_limits.keys(caller.username, address)
    with store.read() as work:
        login_limits.refuse_early(work.accounts, keys, now_ms)
        account = work.accounts.find(caller.user_id)
    if account is None or not verify_password(account.password_hash, password):
        with store.write() as work:
            work.accounts.add_failure([key for key, _ in keys], now_ms)
        raise InvalidError("The password is wrong: check it and try again.", fields={"password": "wrong"})


def _prove(
    store: WebStore, vault: Vault, caller: Caller, password: str, code: str, address: str, now_ms: int
) -> None:
    with store.read() as work:
        if not is_on(work, caller.user_id):
            raise ConflictError("This account has no second factor: enrol one first.")
    prove_password(store, caller, password, address, now_ms)
    _refuse_wrong(store, vault, caller, code, address, now_ms)


def _refuse_wrong(
    store: WebStore,
    vault: Vault,
    caller: Caller,
    code: str,
    address: str,
    now_ms: int,
    *,
    recovery: bool = True,
) -> None:
    if not _spend(store, vault, caller.user_id, code, address, now_ms, recovery=recovery):
        raise InvalidError(
            "This code is wrong, or was used: wait for the next one and try again.", fields={"code": "wrong"}
        )


def _spend(
    store: WebStore,
    vault: Vault,
    user_id: str,
    code: str,
    address: str,
    now_ms: int,
    *,
    recovery: bool = True,
) -> bool:
    """Take a code if it is right and fresh; count it where it isn't. The factor need not be confirmed."""
    counted = login_limits.code_keys(user_id, address)
    with store.read() as work:
        login_limits.refuse_early(work.accounts, counted, now_ms)
        row = work.factors.find(user_id)
    plain = re.sub(r"[\s-]", "", code).casefold()
    step = None
    if row is not None and re.fullmatch(r"[0-9]{6}", plain):
        step = _step_of(vault.open(row.secret, user_id), plain, now_ms)
    with store.write() as work:
        taken = step is not None and work.factors.spend_step(user_id, step)
        if not taken and recovery and row is not None:
            taken = work.factors.spend_recovery(user_id, _digest(plain), now_ms)
        if taken:
            work.accounts.forget_failures(counted[0][0])
        else:
            work.accounts.add_failure([key for key, _ in counted], now_ms)
    return taken


def _step_of(secret: bytes, code: str, now_ms: int) -> int | None:
    """Find the time step whose code this is, among those of the window."""
    now = now_ms // 1000 // STEP_S
    totp = _totp(secret)
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):
        # All of them are looked at, each in constant time: how long it took tells nothing.
        if hmac.compare_digest(totp.generate(step * STEP_S), code.encode()):
            found = step
    return found


def _totp(secret: bytes) -> TOTP:
    # Other hashes are allowed by RFC 6238, but most authenticators know this one alone.
    return TOTP(secret, DIGITS, SHA1(), STEP_S)


def _make_recovery() -> list[str]:
    made = [base64.b32encode(secrets.token_bytes(_RECOVERY)).decode().casefold() for _ in range(RECOVERY)]
    return ["-".join(each[n : n + 4] for n in range(0, len(each), 4)) for each in made]


def _digest(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()
