"""A disk that runs full under the broker, on a small file system of its own, and is freed again."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.mqtt.broker_config import BrokerSettings
from tests.integration.mqtt.conftest import DeviceTable, Ingest, RunningBroker
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until
from tests.ports import free_port
from tests.waiting import PATIENCE_S


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk]).returncode
    ):
        pytest.skip("a small file system can't be mounted here (needs root)")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.slow
def test_a_full_disk_ends_the_broker_in_words_and_freed_it_works_again(
    small_disk: Path, devices: DeviceTable
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(8 * 1024**2))
    settings = BrokerSettings(data_dir=small_disk / "data", mqtt_port=free_port(), ack_wait_s=1)
    running = RunningBroker(settings, devices)
    ingest = Ingest(running.endpoint())
    kept: set[bytes] = set()
    try:
        ingest.until_ready()
        with TestDevice(running.device_endpoint()) as device:
            assert device.let_in()
            for number in range(1000):
                payload = b"%04d" % number + bytes(8000)
                if not device.publish("bus/ZW-0017/event", payload):
                    break
                kept.add(payload)
        assert 50 < len(kept) < 1000, "the disk ran full"
        # Without this end the broker would run on, without its store, after the disk was freed.
        reason = running.run(asyncio.wait_for(running.broker.wait(), PATIENCE_S))
        assert "no space left on device" in reason
        ballast.unlink()
        running.restart()
        seen: set[bytes] = set()

        def all_kept() -> bool:
            seen.update(message.payload for message in ingest.take(0.1))
            return kept <= seen

        until(all_kept, "everything that was acknowledged comes", lambda: f"{len(seen)} of {len(kept)}")
        with TestDevice(running.device_endpoint()) as device:
            assert device.let_in()
            assert device.publish("bus/ZW-0017/event", b"room again")
    finally:
        ingest.subscriber.close()
        running.stop()
