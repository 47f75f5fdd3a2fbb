"""What is known of a vehicle between batches: what its device says of itself, its last position, its checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, bindparam, delete, select, update

from server.adapters.db.engine import upsert, upsert_rows
from server.adapters.db.ingest_store.waiting import WaitingRows
from server.adapters.db.tables import checkpoints, device_status, vehicle_heads
from server.domain.vehicle_day import VehicleState
from server.service.ingest_ports import Head

# Built once: to build a statement takes longer than to run it, and these are run for every bus that comes into memory.
_HEAD: Final = select(vehicle_heads.c.at_ms, vehicle_heads.c.interval_s).where(
    vehicle_heads.c.vehicle_id == bindparam("vehicle")
)
_CHECKPOINT: Final = (
    select(checkpoints.c.body)
    .where(
        checkpoints.c.vehicle_id == bindparam("vehicle"),
        checkpoints.c.t_ms < bindparam("below_ms", type_=BigInteger),
    )
    .order_by(checkpoints.c.t_ms.desc(), checkpoints.c.source.desc())
    .limit(1)
)
_EVER: Final = 2**62
_COLUMNS: Final = (
    "vehicle_id", "device_id", "trip_id", "at_ms", "received_ms", "lat", "lon", "spd", "hdg", "metre", "interval_s",
)  # fmt: skip

_state_decoder: Final = msgspec.json.Decoder(VehicleState)


class HeadRows(WaitingRows):
    """Writes and reads heads and checkpoints."""

    def put_presence(
        self, device_id: str, online: bool, at_ms: int, skew_ms: int | None, body: bytes
    ) -> None:
        """Keep what a device says of itself; a last will says only that it went."""
        values: dict[str, Any] = {"device_id": device_id, "online": online, "changed_at_ms": at_ms}
        if online:
            values |= {"seen_at_ms": at_ms, "body": body}
        if online and skew_ms is not None:
            values["skew_ms"] = skew_ms
        upsert(self._connection, device_status, [values], ("device_id",), tuple(values)[1:])

    def put_heads(self, heads: Iterable[Head]) -> None:
        """Keep last positions."""
        rows = [
            (
                head.vehicle_id, head.device_id, head.trip_id, head.at_ms, head.received_ms, head.lat, head.lon, head.spd,
                head.hdg, head.metre, head.interval_s,
            )
            for head in heads
        ]  # fmt: skip
        upsert_rows(self._connection, vehicle_heads, _COLUMNS, rows, _COLUMNS[:1], _COLUMNS[1:])

    def put_heard(self, heard: Mapping[str, int]) -> None:
        """Keep when (UTC ms) vehicles were last heard of that said nothing of their place."""
        self._connection.execute(
            update(vehicle_heads)
            .where(
                vehicle_heads.c.vehicle_id == bindparam("vehicle"),
                vehicle_heads.c.received_ms < bindparam("heard_ms"),
            )
            .values(received_ms=bindparam("heard_ms")),
            [{"vehicle": vehicle_id, "heard_ms": heard_ms} for vehicle_id, heard_ms in heard.items()],
        )

    def load_head(self, vehicle_id: str) -> tuple[int, float] | None:
        """Load the instant of a vehicle's last position, and its interval."""
        row = self._connection.execute(_HEAD, {"vehicle": vehicle_id}).one_or_none()
        return (row.at_ms, row.interval_s) if row else None

    def find_checkpoint(self, vehicle_id: str, below_ms: int | None) -> VehicleState | None:
        """Find the newest checkpoint whose input is older than below_ms (the newest of all when None)."""
        asked = {"vehicle": vehicle_id, "below_ms": _EVER if below_ms is None else below_ms}
        body = self._connection.execute(_CHECKPOINT, asked).scalar_one_or_none()
        return None if body is None else _state_decoder.decode(body)

    def put_checkpoint(self, state: VehicleState) -> None:
        """Keep a state to fold on from."""
        key = state.key
        assert key is not None
        row = {
            "vehicle_id": state.vehicle_id,
            "t_ms": key.t,
            "source": f"{key.device}:{key.epoch}:{key.seq:020d}",
            "body": msgspec.json.encode(state),
        }
        upsert(self._connection, checkpoints, [row], ("vehicle_id", "t_ms", "source"), ("body",))

    def drop_checkpoints(self, vehicle_id: str, from_ms: int) -> None:
        """Forget the checkpoints at or after an instant: an older record has come."""
        self._connection.execute(
            delete(checkpoints).where(checkpoints.c.vehicle_id == vehicle_id, checkpoints.c.t_ms >= from_ms)
        )
