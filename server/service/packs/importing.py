"""Import a pack: read, judge, and store it whole; or report every fault and change nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from server.errors import ConflictError
from server.service.packs.comparing import compare
from server.service.packs.coverage import warn_uncovered
from server.service.packs.fault import FileChanges, PackPreview, PackReport, Remarks
from server.service.packs.judging import judge
from server.service.packs.network import PlanDraft, lay_out
from server.service.packs.pack import FILES, Pack
from server.service.packs.port import CatalogMovedError, Change, Current, PackStore, SecretHasher
from server.service.packs.reading import complete, read_pack
from server.service.packs.source import read_source

TRIES = 5  # another import or a new device may come in between, hardly five times
HASHERS = 4  # argon2 leaves Python's lock, so that as many passwords are hashed at once


class Judged(msgspec.Struct, frozen=True):
    """A pack against what the database says."""

    pack: Pack
    full: Pack
    current: Current
    drafts: list[PlanDraft] | None
    remarks: Remarks

    def changes(self) -> dict[str, FileChanges]:
        """Say what it changes, file by file."""
        return compare(self.pack, self.current.pack, self.drafts)


def judge_pack(read: Pack, early: Remarks, current: Current, now_ms: int) -> Judged:
    """Judge what was read of a pack; its remarks hold every fault, with those of the reading."""
    remarks = Remarks(early)
    pack = complete(read, current.pack, remarks)
    full = pack.over(current.pack)
    judge(pack, full, remarks)
    warn_uncovered(pack, full, remarks, now_ms)
    drafts = lay_out(full, remarks) if moves_plans(pack) else None
    return Judged(pack, full, current, drafts, remarks)


def preview_pack(path: Path, store: PackStore, now_ms: int) -> PackPreview:
    """Say what importing the folder, zip or workbook at `path` would change, and every fault; raise NotFoundError."""
    early = Remarks()
    read = read_pack(read_source(path, early), early)
    judged = judge_pack(read, early, store.load(), now_ms)
    return PackPreview(
        judged.changes(), tuple(sorted(judged.remarks.faults)), tuple(sorted(judged.remarks.warnings))
    )


def import_pack(
    path: Path, store: PackStore, *, secret_hasher: SecretHasher, password_hasher: SecretHasher, now_ms: int
) -> PackReport:
    """Import the folder or zip at `path`; raise PackRejected with every fault, or NotFoundError.

    The report carries the secrets and passwords that were made: they are kept nowhere else.
    """
    early = Remarks()
    read = read_pack(read_source(path, early), early)
    for _ in range(TRIES):
        current = store.load()
        judged = judge_pack(read, early, current, now_ms)
        judged.remarks.raise_if_any()
        pack = judged.pack
        made_secrets, secret_hashes = _credentials(
            ((device.id, device.secret) for device in pack.devices or ()),
            current.secret_hashes,
            secret_hasher,
            24,
        )
        made_passwords, password_hashes = _credentials(
            ((user.username, user.password) for user in pack.users or ()),
            current.password_hashes,
            password_hasher,
            12,
        )
        try:
            changed = store.apply(
                Change(pack, judged.full, judged.drafts, secret_hashes, password_hashes),
                current.version,
                now_ms,
            )
        except CatalogMovedError:
            continue
        counts = {kind.name: len(rows) for kind in FILES if (rows := pack.of(kind)) is not None}
        warnings = tuple(sorted(judged.remarks.warnings))
        return PackReport(counts, warnings, made_secrets, made_passwords, changed, judged.changes())
    raise ConflictError(f"the database changed {TRIES} times while the pack was judged; import it again")


def moves_plans(pack: Pack) -> bool:
    """Say whether a pack holds anything that plan versions are made of."""
    parts = (pack.agencies, pack.stops, pack.routes, pack.timetables, pack.stop_times, pack.shape_points)
    return any(part is not None for part in parts)


def _credentials(
    wanted: Iterable[tuple[str, str | None]],
    known: Mapping[str, str],
    hasher: SecretHasher,
    random_bytes: int,
) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Give the secrets that had to be made, and the hashes of those that are new: a kept one costs no hash."""
    made: list[tuple[str, str]] = []
    changed: list[tuple[str, str]] = []
    for name, secret in wanted:
        if secret is not None:
            if name not in known or not hasher.verify(known[name], secret):
                changed.append((name, secret))
        elif name not in known:
            made.append((name, secrets.token_urlsafe(random_bytes)))
    with ThreadPoolExecutor(HASHERS) as pool:
        fresh = made + changed
        hashes = dict(
            zip((name for name, _ in fresh), pool.map(hasher.hash, (one for _, one in fresh)), strict=True)
        )
    return tuple(made), hashes
