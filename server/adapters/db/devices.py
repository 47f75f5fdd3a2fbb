"""The recorders in the database."""

from __future__ import annotations

from sqlalchemy import select, update

from server.adapters.db.counters import bump
from server.adapters.db.engine import Database, upsert
from server.adapters.db.tables import devices, vehicles
from server.errors import ConflictError
from server.service.devices import DeviceChange


class DbDevices:
    """Satisfies `server.service.devices.DeviceStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find_vehicle(self, code: str) -> str | None:
        """Give the id of a vehicle that isn't ended."""
        with self._db.read() as connection:
            found: str | None = connection.scalar(
                select(vehicles.c.id).where(vehicles.c.code == code, vehicles.c.ended_at_ms.is_(None))
            )
            return found

    def find_secret_hash(self, device_id: str) -> str | None:
        """Give the hash of an active device's secret."""
        with self._db.read() as connection:
            found: str | None = connection.scalar(
                select(devices.c.secret_hash).where(devices.c.id == device_id, devices.c.active)
            )
            return found

    def put(self, device_id: str, vehicle_id: str, secret_hash: str, now_ms: int) -> None:
        """Make the device active on the vehicle and end every other one there; raise ConflictError if it is fitted."""
        row = {"id": device_id, "vehicle_id": vehicle_id, "secret_hash": secret_hash, "active": True}
        row |= {"made_at_ms": now_ms, "changed_at_ms": now_ms, "ended_at_ms": None}
        with self._db.write() as connection:
            if connection.scalar(select(devices.c.active).where(devices.c.id == device_id)):
                raise ConflictError(
                    f"device {device_id} is fitted already; rotate its secret, or revoke it first",
                    code="exists",
                )
            connection.execute(
                update(devices)
                .where(devices.c.vehicle_id == vehicle_id, devices.c.active)
                .values(active=False, changed_at_ms=now_ms, ended_at_ms=now_ms)
            )
            upsert(connection, devices, [row], ["id"], [name for name in row if name != "id"])
            bump(connection, "catalog")

    def replace_secret(self, device_id: str, secret_hash: str, now_ms: int) -> bool:
        """Give an active device another secret; say whether there is such a one."""
        return self._change(device_id, {"secret_hash": secret_hash, "changed_at_ms": now_ms})

    def end(self, device_id: str, now_ms: int) -> bool:
        """Make a device inactive; say whether there was such an active one."""
        return self._change(device_id, {"active": False, "changed_at_ms": now_ms, "ended_at_ms": now_ms})

    def _change(self, device_id: str, values: dict[str, object]) -> bool:
        with self._db.write() as connection:
            done = connection.execute(
                update(devices).where(devices.c.id == device_id, devices.c.active).values(values)
            )
            if done.rowcount:
                bump(connection, "catalog")
            return done.rowcount > 0

    def changed_since(self, since_ms: int) -> list[DeviceChange]:
        """List the devices whose rights changed at or after an instant, oldest first."""
        query = (
            select(devices.c.id, devices.c.active, devices.c.changed_at_ms)
            .where(devices.c.changed_at_ms >= since_ms)
            .order_by(devices.c.changed_at_ms)
        )
        with self._db.read() as connection:
            return [DeviceChange(*row) for row in connection.execute(query)]

    def versions(self) -> dict[str, str]:
        """Give each active device with a text that changes with its secret."""
        query = select(devices.c.id, devices.c.secret_hash).where(devices.c.active)
        with self._db.read() as connection:
            return dict(connection.execute(query).all())
