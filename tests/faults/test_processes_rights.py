"""Rights that are changed by the command line on a running system take effect: who is put out, who is let in, what is known."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from server.adapters.mqtt.endpoint import Endpoint
from tests.faults.conftest import House
from tests.faults.system import System
from tests.integration.mqtt.device import TestDevice
from tests.waiting import PATIENCE_S, promised, until

pytestmark = [pytest.mark.slow, pytest.mark.timed, pytest.mark.timeout(600)]
OUT_S, IN_S = 10.0, 5.0  # QUALITY, security 17; INTERFACES ruling 15


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """Give a running system of two buses at the clock's own pace; no emulator: the test is the recorder."""
    system, recorders = make_house(2, 1, 1)
    system.start()
    return system, recorders


def secret_of(house: House, device: str) -> str:
    """Give a recorder's secret from the pack."""
    with (house[1].pack / "devices.csv").open(encoding="utf-8") as file:
        return next(row["secret"] for row in csv.DictReader(file) if row["id"] == device)


def recorder(system: System, device: str, secret: str) -> TestDevice:
    """Connect as a recorder."""
    host, port = system.mqtt.split(":")
    return TestDevice(Endpoint(host, int(port), device, secret))


def say(device: TestDevice, name: str, kind: str, **fields: object) -> None:
    """Send one record; the broker must take it."""
    assert device.publish(f"bus/{name}/{kind}", json.dumps({"v": 1, **fields}).encode())


def test_a_rotated_recorder_is_put_out_within_ten_seconds_and_only_the_new_secret_lets_it_in(
    house: House,
) -> None:
    system, _ = house
    old = secret_of(house, "DEV-0001")
    with (
        recorder(system, "DEV-0001", old) as before,
        recorder(system, "DEV-0002", secret_of(house, "DEV-0002")) as other,
    ):
        assert before.let_in() and other.let_in()
        began = time.monotonic()
        new = json.loads(system.command("device", "rotate", "DEV-0001", "--json"))["secret"]
        assert before.gone.wait(PATIENCE_S)
        promised("put out", time.monotonic() - began, OUT_S)
        with recorder(system, "DEV-0001", old) as again:
            assert not again.let_in()
        with recorder(system, "DEV-0001", new) as renewed:
            assert renewed.let_in()
        assert not other.gone.is_set()


def test_a_new_recorder_on_a_bus_puts_the_old_one_out_and_is_heard(house: House) -> None:
    system, recorders = house
    with recorder(system, "DEV-0001", secret_of(house, "DEV-0001")) as before:
        assert before.let_in()
        began = time.monotonic()
        secret = system.command("device", "add", "NEW-1", "--vehicle", "V-0001").splitlines()[-1]
        with recorder(system, "NEW-1", secret) as fresh:
            assert fresh.let_in()
            say(fresh, "NEW-1", "pos", seq=1, t=recorders.now_ms(), lat=37.5, lon=105.0, spd=0)
            until(
                lambda: system.value("SELECT vehicle_id FROM records WHERE device_id = 'NEW-1'"),
                "its record",
            )
            assert before.gone.wait(PATIENCE_S)
            promised("the old one was put out", time.monotonic() - began, OUT_S)


def test_a_recorder_that_an_import_leaves_out_is_put_out_and_stays_out(house: House) -> None:
    system, recorders = house
    secret = secret_of(house, "DEV-0002")
    with (
        recorder(system, "DEV-0002", secret) as revoked,
        recorder(system, "DEV-0001", secret_of(house, "DEV-0001")) as kept,
    ):
        assert revoked.let_in() and kept.let_in()
        began = time.monotonic()
        change_rows(recorders.pack / "devices.csv", lambda row: None if row["id"] == "DEV-0002" else row)
        system.command("import", str(recorders.pack))
        assert revoked.gone.wait(PATIENCE_S)
        promised("out", time.monotonic() - began, OUT_S)
        with recorder(system, "DEV-0002", secret) as again:
            assert not again.let_in()
        assert not kept.gone.is_set()


def test_an_account_that_is_added_may_log_in_at_once(house: House) -> None:
    system, _ = house
    password = "four quiet lanterns at dusk"
    system.command(
        "user",
        "add",
        "desk2",
        "--role",
        "operator",
        "--scope",
        "OP",
        "--password-stdin",
        stdin=password + "\n",
    )

    def log_in() -> bool:
        body = {"username": "desk2", "password": password}
        return (
            requests.post(f"http://{system.http}/api/v1/session", json=body, timeout=PATIENCE_S).status_code
            == 200
        )

    began = time.monotonic()
    until(log_in, "the new account logs in")
    promised("the first log-in of a new account", time.monotonic() - began, IN_S)


def test_a_card_that_an_import_changes_is_known_to_the_bus_that_runs(house: House) -> None:
    system, recorders = house
    pack, trip, rider = recorders.pack, "B0001-0-T", "ST-0001-0-0-0"
    with recorder(system, "DEV-0001", secret_of(house, "DEV-0001")) as device:
        assert device.let_in()
        now_ms = recorders.now_ms()
        say(device, "DEV-0001", "duty", seq=1, t=now_ms, badge="D-0001", role="driver", state="on", trip=trip)
        say(device, "DEV-0001", "ride", seq=2, t=now_ms + 1, card="NEWCARD1", by="card")
        until(lambda: system.value("SELECT count(*) FROM rides") == 1, "the ride of an unknown card")
        assert system.value("SELECT rider_id FROM rides") is None
        change_rows(
            pack / "riders.csv", lambda row: row | {"card": "NEWCARD2"} if row["id"] == rider else row
        )
        system.command("import", str(pack))
        began = time.monotonic()
        seq = 2

        def known() -> str | None:
            nonlocal seq
            seq += 1
            say(
                device,
                "DEV-0001",
                "ride",
                seq=seq,
                t=recorders.now_ms(),
                card="NEWCARD2",
                by="card",
                dir="on",
            )
            found: str | None = system.value(
                "SELECT r.code FROM rides JOIN riders r ON r.id = rides.rider_id WHERE rides.card = 'NEWCARD2'"
            )
            return found

        assert until(known, "the new card is known") == rider
        promised("what an import changed is known", time.monotonic() - began, IN_S)


def change_rows(path: Path, change: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    """Write a file of the pack again with each row as the change gives it, without those that it gives None for."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [changed for row in csv.DictReader(file) if (changed := change(row)) is not None]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
