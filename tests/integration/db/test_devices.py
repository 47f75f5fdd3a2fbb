"""Recorders get a secret once, are known by it, and lose their rights at once."""

from pathlib import Path

import pytest

from server.adapters.db.devices import DbDevices
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.errors import ConflictError, InvalidError, NotFoundError
from server.service.devices import DeviceHasher, Devices
from server.service.packs.importing import import_pack
from tests.builders.pack import write_pack
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def devices(db: Database, tmp_path: Path, clock: FakeClock) -> Devices:
    hasher = DeviceHasher()
    import_pack(
        write_pack(tmp_path / "pack"),
        DbPackStore(db),
        secret_hasher=hasher,
        password_hasher=hasher,
        now_ms=clock.now_ms(),
    )
    return Devices(DbDevices(db), hasher, clock)


def test_a_device_is_known_by_its_own_secret_alone(devices: Devices) -> None:
    assert devices.authenticate_device("ZW-0001", "first-device-secret")
    assert not devices.authenticate_device("ZW-0001", "first-device-secreT")
    assert not devices.authenticate_device("ZW-0001", "")
    assert not devices.authenticate_device("ZW-0002", "first-device-secret")
    assert not devices.authenticate_device("nobody", "first-device-secret")


def test_a_new_device_takes_the_old_ones_place(devices: Devices, clock: FakeClock) -> None:
    clock.advance(10)
    secret = devices.add("ZW-0101", "V1")
    assert len(secret) == 32
    assert devices.authenticate_device("ZW-0101", secret)
    assert not devices.authenticate_device("ZW-0001", "first-device-secret")
    changed = {change.id: change.active for change in devices.devices_changed_since(clock.now_ms())}
    assert changed == {"ZW-0001": False, "ZW-0101": True}


def test_rotating_ends_the_old_secret(devices: Devices, clock: FakeClock) -> None:
    clock.advance(10)
    secret = devices.rotate("ZW-0001")
    assert devices.authenticate_device("ZW-0001", secret)
    assert not devices.authenticate_device("ZW-0001", "first-device-secret")
    assert [change.id for change in devices.devices_changed_since(clock.now_ms())] == ["ZW-0001"]
    assert devices.devices_changed_since(clock.now_ms() + 1) == []


def test_a_revoked_device_may_be_fitted_again(devices: Devices) -> None:
    devices.revoke("ZW-0001")
    assert not devices.authenticate_device("ZW-0001", "first-device-secret")
    with pytest.raises(NotFoundError, match="no active device"):
        devices.revoke("ZW-0001")
    with pytest.raises(NotFoundError, match="no active device"):
        devices.rotate("ZW-0001")
    secret = devices.add("ZW-0001", "V2")
    assert devices.authenticate_device("ZW-0001", secret)
    assert not devices.authenticate_device("ZW-0001", "first-device-secret")


def test_what_cannot_be_fitted_is_said(devices: Devices) -> None:
    with pytest.raises(InvalidError, match="1 to 32"):
        devices.add("a/b", "V1")
    with pytest.raises(NotFoundError, match="no vehicle 'V9'"):
        devices.add("ZW-0200", "V9")
    with pytest.raises(ConflictError, match="rotate"):
        devices.add("ZW-0001", "V2")
