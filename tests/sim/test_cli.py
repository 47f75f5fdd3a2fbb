"""The command line: one sentence for an error, and loader, log and replay that do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.conftest import ROOT
from tests.sim.conftest import Emulator
from tests.sim.listener import Listener
from tests.sim.mosquitto import Mosquitto
from tests.sim.packs import PackFolder
from tests.sim.test_protocol import Start, end
from tests.waiting import PATIENCE_S, until

ONE = "ZW-0001"


def call(*args: object) -> subprocess.CompletedProcess[str]:
    """Run one command of the emulator to its end."""
    command = [sys.executable, "-m", "device_sim", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return PackFolder(tmp_path / "small").folder


def test_an_error_is_one_sentence_and_a_code(tmp_path: Path, small: Path) -> None:
    for args, words in (
        (["run", "--pack", tmp_path / "none"], "is no folder"),
        (["run", "--pack", small, "--clock", "speed=fast"], "must be numbers"),
        (["run", "--pack", small, "--device", "ZW-9"], "ZW-9 not in devices.csv"),
        (["run", "--pack", small, "--fault", "flood:1"], "cannot read 'flood:1'"),
        (["run", "--pack", small, "--scenario", "none"], "no scenario 'none'"),
        (["run", "--pack", small, "--mqtt", "nowhere"], "is no HOST:PORT"),
        (["log", "--state", tmp_path / "none"], "there is no log"),
        (["replay", "--state", tmp_path / "none"], "there is no log"),
        (
            ["load", "--pack", small, "--buses", 1, "--count", 5, "--mqtt", "127.0.0.1:1"],
            "is the broker running?",
        ),
    ):
        done = call(*args)
        assert done.returncode == 1, done
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert not done.stdout


def test_a_fault_of_the_pack_is_named_by_file_line_and_column(small: Path) -> None:
    (small / "stop_times.txt").write_text(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nR1-down-0700,7 o'clock,,S1-0,1\n"
    )
    done = call("run", "--pack", small)
    assert "stop_times.txt, line 2, column arrival_time" in done.stderr


def test_a_pack_may_have_marks_quotes_short_rows_and_columns_in_any_order(small: Path) -> None:
    path = small / "devices.csv"
    path.write_text('\ufeffsecret,"id",vehicle_id\n"s,1",ZW-0001,V1\n\nx,ZW-0002,V2\n', encoding="utf-8")
    (small / "calendar_dates.txt").write_text("service_id,date,exception_type,as_weekday\nevery,20260905,2\n")
    done = call("load", "--pack", small, "--buses", 2, "--count", 2, "--mqtt", "127.0.0.1:1")
    assert "no connection to 127.0.0.1:1 for ZW-0001" in done.stderr


def test_every_scenario_is_listed_with_what_it_shows() -> None:
    lines = call("scenarios").stdout.splitlines()
    files = sorted(file.stem for file in (ROOT / "device_sim/scenarios").glob("*.toml"))
    assert [line.split()[0] for line in lines] == files
    assert all(len(line.partition(": ")[2]) > 20 for line in lines)


def test_a_scenario_that_cannot_be_is_refused_with_what_to_write(tmp_path: Path, small: Path) -> None:
    for text, words in (
        ('kind = "flood"', "the kinds are late_start, "),
        ('kind = "late_start"', "missing required field `by_s`"),
        ('kind = "late_start"\nby_s = -1', "> 0"),
        ('kind = "late_start"\nby_s = 60\nstop = 1', "unknown field `stop`"),
        ('kind = "late_start"\nby_s = 60\nbus = 7', "no bus 7 in this session of 2"),
    ):
        file = tmp_path / "wrong.toml"
        file.write_text(f'title = "Wrong"\nshows = "nothing"\n[[deviation]]\n{text}\n', encoding="utf-8")
        done = call("run", "--pack", small, "--scenario", file, "--state", tmp_path / "state")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done
        assert words in done.stderr


@pytest.mark.mosquitto
def test_the_loader_sends_at_the_asked_rate_and_counts_every_puback(
    pack: Path, broker: Mosquitto, listener: Listener
) -> None:
    done = call(
        "load", "--pack", pack, "--buses", 2, "--rate", 500, "--for", 2, "--mqtt", f"127.0.0.1:{broker.port}"
    )
    result = msgspec.json.decode(done.stdout)
    assert (result["buses"], result["sent"], result["acked"]) == (2, 1000, 1000)
    # Never faster than asked; how much slower, a machine with other work decides.
    assert 50 < result["rate"] < 600
    assert 0 < result["puback_ms"]["p50"] <= result["puback_ms"]["p99"]
    until(lambda: len(listener.named()) == 1000, "all arrived")
    assert listener.records[ONE, 0, 1]["k"] == "duty"
    assert {record["k"] for name, record in listener.records.items() if name[2] > 1} == {"pos"}


@pytest.mark.mosquitto
@pytest.mark.parametrize("order", ["shuffled", "reversed"])
def test_a_recorded_log_is_sent_again_in_another_order_several_times_half_of_it_late(
    device_sim: Start, pack: Path, broker: Mosquitto, listener: Listener, tmp_path: Path, order: str
) -> None:
    process: Emulator = device_sim("--device", ONE)
    until(lambda: len(listener.seqs(ONE)) > 60, "records")
    end(process)
    said = call("log", "--state", tmp_path / "state", "--json").stdout.splitlines()
    entries = [msgspec.json.decode(line) for line in said]
    assert {"device", "epoch", "seq", "kind", "t", "saved", "body"} == entries[0].keys()
    again = Listener(broker.port, name="role-again")
    done = call(
        "replay", "--state", tmp_path / "state", "--pack", pack, "--mqtt", f"127.0.0.1:{broker.port}", "--order", order,
        "--times", 5, "--backlog", 0.5,
    )  # fmt: skip
    assert msgspec.json.decode(done.stdout)["records"] == 5 * len(entries)
    until(lambda: again.named() == {(ONE, 0, entry["seq"]) for entry in entries}, "all of them again")
    until(lambda: set(again.copies.values()) == {5}, "each of them five times")
    assert again.batches
    for entry in entries:
        sent = again.records[ONE, 0, entry["seq"]]
        assert {**sent, **entry["body"]} == sent
    again.close()


@pytest.mark.mosquitto
def test_a_state_folder_in_use_is_refused(device_sim: Start, listener: Listener) -> None:
    device_sim()
    until(lambda: listener.online[ONE], "the first is up")
    second = device_sim()
    assert second.wait(PATIENCE_S) == 1
    assert second.stderr is not None
    assert "in use by another device-sim" in second.stderr.read()


@pytest.mark.mosquitto
def test_a_plain_line_says_how_the_fleet_is(device_sim: Start, listener: Listener) -> None:
    process = device_sim("--for", "60")
    assert process.wait(PATIENCE_S) == 0
    assert process.stdout is not None
    assert "2 buses" in process.stdout.readline()
