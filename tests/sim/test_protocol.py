"""The emulator as a process, over a real broker, keeps every promise of PROTOCOL."""

from __future__ import annotations

import http.server
import itertools
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest

from device_sim.logbook import read_log
from tests.sim.conftest import Emulator
from tests.sim.listener import Listener, Name
from tests.sim.mosquitto import Mosquitto
from tests.waiting import PATIENCE_S, promised, until

pytestmark = pytest.mark.mosquitto
Start = Callable[..., Emulator]
ONE, TWO = "ZW-0001", "ZW-0002"


def written(tmp_path: Path) -> set[Name]:
    return {(entry.device, entry.epoch, entry.seq) for entry in read_log(tmp_path / "state")}


def unsaved(tmp_path: Path) -> int:
    return sum(not entry.saved for entry in read_log(tmp_path / "state"))


def taken(listener: Listener, device: str) -> list[str]:
    """The cards of a bus's rides, in order."""
    records = [listener.records[device, 0, seq] for seq in listener.seqs(device)]
    return [record["card"] for record in records if record["k"] == "ride"]


def more_than(listener: Listener, count: int) -> bool:
    return len(listener.named()) > count


def logged_more_than(tmp_path: Path, count: int) -> bool:
    return len(written(tmp_path)) > count


def last_boot(listener: Listener, device: str) -> int:
    """The number of starts that it said of itself when it was last online."""
    return max((said.get("boot", 0) for said in list(listener.online[device])), default=0)


def agree(process: Emulator, listener: Listener, tmp_path: Path) -> None:
    """All that is written now arrives, and after the end nothing has arrived that isn't written."""
    now = written(tmp_path)
    until(lambda: now <= listener.named(), "what was logged has arrived")
    end(process)
    assert listener.named() <= written(tmp_path)


def end(process: Emulator) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


def test_everything_written_arrives_once_and_is_known_to_be_saved(
    device_sim: Start, listener: Listener, tmp_path: Path
) -> None:
    process = device_sim()
    until(lambda: sum(r["k"] == "ride" for r in listener.records.values()) >= 6, "six rides")
    agree(process, listener, tmp_path)
    assert {r["k"] for r in listener.records.values()} == {"pos", "ride", "duty", "event"}
    assert set(listener.copies.values()) == {1}
    assert listener.live


@pytest.mark.timed
def test_it_says_online_with_all_fields_and_offline_when_it_leaves(
    device_sim: Start, listener: Listener
) -> None:
    process = device_sim("--device", ONE)
    said = until(lambda: listener.online[ONE], "online")[0]
    assert said.keys() == {"v", "online", "t", "epoch", "oldest", "next", "buffered", "fw", "model", "boot"}
    assert (said["online"], said["epoch"], said["oldest"], said["boot"]) == (1, 0, 1, 1)
    begin = time.monotonic()
    end(process)
    promised("the end", time.monotonic() - begin, 2.0)
    until(lambda: listener.online[ONE][-1] == {"v": 1, "online": 0}, "offline")


def test_the_last_will_tells_of_a_killed_device(device_sim: Start, listener: Listener) -> None:
    process = device_sim("--device", ONE)
    until(lambda: listener.online[ONE], "online")
    process.kill()
    until(lambda: listener.online[ONE][-1] == {"v": 1, "online": 0}, "last will")


def test_started_in_the_middle_of_a_trip_its_past_comes_late_and_its_present_live(
    device_sim: Start, listener: Listener, tmp_path: Path
) -> None:
    device_sim("--device", ONE, clock="start=2026-09-01T07:05:00+08:00,speed=1")
    until(lambda: listener.batches and listener.live, "batch and live")
    until(lambda: written(tmp_path) == listener.named() and not unsaved(tmp_path), "all saved")
    late = [r for r in listener.records.values() if r["k"] == "pos" and r.get("late")]
    assert len(late) > 50
    assert any(r["k"] == "duty" for r in listener.records.values())
    assert max(listener.batches) <= 200


@pytest.mark.slow
@pytest.mark.parametrize("times", [3])
def test_killed_again_and_again_it_goes_on_with_seq_and_rides_are_never_doubled(
    device_sim: Start, listener: Listener, tmp_path: Path, times: int
) -> None:
    begin = round(time.time() * 1000)
    clock = f"start=2026-09-01T06:54:00+08:00,speed=60,at={begin}"
    for _ in range(times):
        process = device_sim(clock=clock)
        count = len(listener.named())
        until(partial(more_than, listener, count + 60), "more records")
        process.kill()
        process.wait()
    process = device_sim(clock=clock)
    for device in (ONE, TWO):
        up = partial(last_boot, listener, device)
        until(lambda up=up: up() == times + 1, f"{device} is up again")  # type: ignore[misc]
    # One whole trip to school of each bus: nine riders, on and off.
    until(
        lambda: all(len(taken(listener, device)) >= 18 for device in (ONE, TWO)), "all rides", 2 * PATIENCE_S
    )
    agree(process, listener, tmp_path)
    for device in (ONE, TWO):
        seqs = listener.seqs(device)
        assert seqs == list(range(1, len(seqs) + 1))
        records = [listener.records[(device, 0, seq)] for seq in seqs]
        assert [r["t"] for r in records] == sorted(r["t"] for r in records)
        assert set(Counter(taken(listener, device)[:18]).values()) == {2}
    assert listener.online[ONE][-2]["boot"] == times + 1


@pytest.mark.slow
def test_a_broker_that_dies_costs_nothing(
    device_sim: Start, broker: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    process = device_sim()
    for _ in range(2):
        count = len(listener.named())
        until(partial(more_than, listener, count + 20), "records")
        broker.stop()
        lost = len(written(tmp_path))
        until(partial(logged_more_than, tmp_path, lost + 20), "records while it is away")
        broker.start()
    count = len(listener.named())
    until(lambda: len(listener.named()) > count + 60, "records again")
    agree(process, listener, tmp_path)


def test_a_wrong_secret_is_tried_again_for_ever(
    device_sim: Start, broker: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    broker.set_secrets({ONE: "another", "ZW-0002": "secret-of-bus-2"})
    device_sim()
    until(lambda: listener.online[TWO], "the other bus is up")
    log = tmp_path / "broker" / "log"
    until(lambda: log.read_text().count("not authorised") >= 2, "refused twice")
    assert not listener.online[ONE]
    broker.set_secrets({ONE: "secret-of-bus-1", "ZW-0002": "secret-of-bus-2"})
    until(lambda: listener.online[ONE], "accepted in the end")
    until(lambda: listener.seqs(ONE)[:5] == [1, 2, 3, 4, 5], "its backlog")


@pytest.mark.slow
def test_a_hole_is_sent_again_when_it_is_asked_for(device_sim: Start, listener: Listener) -> None:
    listener.deaf = {(ONE, 3), (ONE, 4)}
    device_sim("--device", ONE)
    until(lambda: len(listener.seqs(ONE)) > 20, "records")
    assert 3 not in listener.seqs(ONE)
    listener.deaf = set()
    until(lambda: listener.seqs(ONE)[:5] == [1, 2, 3, 4, 5], "the hole is filled")


def test_a_server_restored_from_yesterday_gets_everything_again(
    device_sim: Start, listener: Listener, tmp_path: Path
) -> None:
    device_sim("--device", ONE)
    until(lambda: len(listener.seqs(ONE)) > 40 and unsaved(tmp_path) < 5, "records, saved")
    with listener._lock:
        for name in [name for name in listener.records if name[2] > 10]:
            del listener.records[name]
    until(lambda: listener.seqs(ONE)[:30] == list(range(1, 31)), "sent again")


@pytest.mark.slow
def test_a_lost_memory_is_found_out_and_begins_a_higher_epoch(
    device_sim: Start, listener: Listener, tmp_path: Path
) -> None:
    process = device_sim("--device", ONE)
    until(lambda: len(listener.seqs(ONE)) > 40, "records")
    end(process)
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    listener.online[ONE].clear()
    device_sim("--device", ONE)
    until(lambda: listener.online[ONE], "back")
    listener.settle(ONE)
    until(lambda: len(listener.seqs(ONE, 1)) > 20, "records of the next epoch")
    until(lambda: listener.seqs(ONE, 1)[0] == 1, "from 1 on")
    assert listener.online[ONE][-1]["epoch"] == 1


@pytest.mark.slow
def test_without_a_word_from_the_server_records_are_sent_again_after_thirty_seconds(
    device_sim: Start, broker: Mosquitto
) -> None:
    listener = Listener(broker.port, mute=True)
    device_sim("--device", ONE, clock="start=2026-09-01T06:54:00+08:00,speed=1")
    until(lambda: listener.seqs(ONE), "records")
    first = (ONE, 0, listener.seqs(ONE)[0])
    until(lambda: listener.copies[first] >= 2, "the oldest again")
    listener.close()


@pytest.mark.slow
def test_faults_no_network_then_a_batch(device_sim: Start, listener: Listener, tmp_path: Path) -> None:
    process = device_sim("--fault", "dead_zone:600-900@ZW-0001")
    until(lambda: len(listener.online[ONE]) >= 3, "online, last will, online")
    assert [said["online"] for said in listener.online[ONE]] == [1, 0, 1]
    assert [said["online"] for said in listener.online[TWO]] == [1]
    until(lambda: listener.batches and max(listener.batches) > 20, "the backlog")
    agree(process, listener, tmp_path)


def test_faults_twice_and_out_of_order_leave_the_same_records(
    device_sim: Start, listener: Listener, tmp_path: Path
) -> None:
    process = device_sim("--fault", "dup:3", "--fault", "shuffle:8")
    until(lambda: len(listener.live) > 150, "live messages")
    end(process)
    seqs = [seq for device, _, seq in listener.live if device == ONE]
    assert seqs != sorted(seqs)
    assert max(listener.copies.values()) >= 3
    until(lambda: listener.named() <= written(tmp_path), "nothing but what was logged")


def test_faults_a_recorder_without_power_writes_nothing_and_says_so_after(
    device_sim: Start, listener: Listener
) -> None:
    device_sim("--device", ONE, "--fault", "power_cut:120-240")
    until(lambda: any(r.get("data") == {"after": "cut"} for r in listener.records.values()), "power_on")
    times = sorted(r["t"] for r in listener.records.values())
    assert max(b - a for a, b in itertools.pairwise(times)) >= 115_000
    until(lambda: listener.online[ONE][-1].get("boot") == 2, "one boot more")
    seqs = listener.seqs(ONE)
    assert seqs == list(range(seqs[0], seqs[-1] + 1))


class _Receiver(http.server.BaseHTTPRequestHandler):
    got: ClassVar[list[tuple[str, bytes]]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, body))
        self.send_response(201)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_every_command_is_obeyed_and_answered_and_none_after_its_time(
    device_sim: Start, listener: Listener
) -> None:
    _Receiver.got = []
    web = http.server.HTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{web.server_port}"
    device_sim("--device", ONE)
    until(lambda: len(listener.seqs(ONE)) > 60, "it runs")
    far = 4_000_000_000_000
    listener.command(ONE, id="1", until=far, kind="set_interval", args={"moving_s": 2, "parked_s": 30})
    listener.command(ONE, id="2", until=far, kind="say", args={"text": "慢一点"})
    listener.command(ONE, id="3", until=far, kind="snapshot", args={"camera": "cabin", "upload": f"{url}/s"})
    listener.command(ONE, id="4", until=far, kind="dump", args={"from": 0, "to": far, "upload": f"{url}/d"})
    listener.command(ONE, id="5", until=far, kind="plan", args={"trips": [{"code": "R1"}]})
    listener.command(ONE, id="6", until=1, kind="say", args={"text": "too late"})
    listener.command(ONE, id="7", until=far, kind="stop_engine", args={})
    listener.command(ONE, id="2", until=far, kind="say", args={"text": "again"})
    listener.command(ONE, id="8", until=far, kind="set_interval", args={"moving_s": 0, "parked_s": 30})
    listener.command(
        ONE, id="9", until=far, kind="snapshot", args={"camera": "cabin", "upload": "ftp://127.0.0.1/x"}
    )
    until(lambda: len(listener.answers) >= 10, "ten answers")
    answers = {answer["id"]: answer for _, answer in listener.answers}
    assert [answers[str(n)]["ok"] for n in range(1, 10)] == [True] * 5 + [False] * 4
    assert all(answers[n].get("error") for n in "6789")
    assert answers["4"]["data"]["rows"] > 10
    web.shutdown()
    web.server_close()
    got = dict(_Receiver.got)
    assert got["/s"].startswith(b"\x89PNG")
    assert got["/d"].startswith(b"\x1f\x8b")
    until(lambda: any(r["k"] == "event" for r in listener.records.values()), "events")
    listener.command(ONE, id="r", until=far, kind="reboot", args={})
    until(lambda: listener.online[ONE][-1].get("boot") == 2, "booted again")
    assert [answer["id"] for _, answer in listener.answers][-1] == "r"
