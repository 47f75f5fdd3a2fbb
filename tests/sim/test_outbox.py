"""The log outlives the program, and nothing in it is numbered twice."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from device_sim.errors import SimError
from device_sim.fleet import Written
from device_sim.lock import lock_folder
from device_sim.logbook import read_log
from device_sim.outbox import KEEP_MS, Outbox
from device_sim.wire import Event, Ride

NOW = 1_788_220_000_000
DAY_MS = 86_400_000


def open_box(folder: Path, *devices: str) -> Outbox:
    box = Outbox(folder)
    box.remember(devices or ("A", "B"))
    return box


def rides(device: str, count: int, state: bytes = b"{}") -> Written:
    return Written(device, [Ride(t=NOW + i, card=f"C{i}", lat=37.5, lon=105.2) for i in range(count)], state)


def test_seq_rises_over_all_kinds_and_restarts(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    logged = box.append(
        [rides("A", 2), rides("B", 1), Written("A", [Event(t=NOW, kind="sos", lat=0, lon=0)], b"{}")]
    )
    assert [(one.device, one.seq, one.kind) for one in logged] == [
        ("A", 1, "ride"), ("A", 2, "ride"), ("B", 1, "ride"), ("A", 3, "event"),
    ]  # fmt: skip
    box.close()
    again = open_box(tmp_path)
    assert [one.seq for one in again.append([rides("A", 2)])] == [4, 5]
    again.close()


def test_what_was_logged_is_there_after_a_crash_with_the_state_of_its_bus(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    box.append([rides("A", 3, b'{"x":1}')])
    # No close: a second reader sees what a crash would leave.
    assert [(entry.seq, entry.saved) for entry in read_log(tmp_path)] == [(1, False), (2, False), (3, False)]
    crashed = open_box(tmp_path)
    assert crashed.memories["A"].state == b'{"x":1}'
    assert crashed.memories["A"].next_seq == 4
    assert crashed.memories["A"].boot == 2
    crashed.close()
    box._db.close()


def test_the_log_tells_what_the_server_has(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    box.append([rides("A", 6)])
    box.note_saved("A", 5, [(2, 3)], NOW)
    box.close()
    assert [entry.seq for entry in read_log(tmp_path) if entry.saved] == [1, 4, 5]
    again = open_box(tmp_path)
    assert list(again.memories["A"].unsaved()) == [(2, 3), (6, 6)]
    again.close()


def test_records_are_kept_until_seven_days_after_they_were_saved(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    box.append([rides("A", 10)])
    box.note_saved("A", 8, [(5, 5)], NOW)
    assert box.purge(NOW + KEEP_MS - DAY_MS) == 0
    assert box.oldest("A") == 1
    assert box.purge(NOW + KEEP_MS + DAY_MS) == 4
    assert box.oldest("A") == 5
    box.close()


def test_a_restored_servers_lower_word_keeps_what_it_lacks(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    box.append([rides("A", 10)])
    box.note_saved("A", 10, [], NOW)
    box.note_saved("A", 3, [], NOW + 1)
    assert box.purge(NOW + KEEP_MS + DAY_MS) == 3
    box.close()


def test_a_lost_memory_starts_again_at_one_under_a_higher_epoch(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    box.append([rides("A", 3)])
    box.forget("A")
    logged = box.append([rides("A", 1)])
    assert logged[0].seq == 1
    assert msgspec.json.decode(logged[0].body)["epoch"] == 1
    assert [(entry.epoch, entry.seq) for entry in read_log(tmp_path)] == [(1, 1)]
    box.close()


def test_a_memory_found_lost_renumbers_its_log_under_the_next_epoch(tmp_path: Path) -> None:
    box = open_box(tmp_path)
    before = box.append([rides("A", 3)])
    box.new_epoch("A", 5)
    box.append([rides("A", 1)])
    entries = list(read_log(tmp_path))
    assert [(entry.epoch, entry.seq, entry.saved) for entry in entries] == [
        (5, n, False) for n in (1, 2, 3, 4)
    ]
    for entry, old in zip(entries, before, strict=False):
        assert msgspec.json.decode(entry.body) == msgspec.json.decode(old.body) | {"epoch": 5}
    box.close()


def test_two_emulators_cannot_write_one_log(tmp_path: Path) -> None:
    held = lock_folder(tmp_path)
    with pytest.raises(SimError, match="in use by another device-sim"):
        lock_folder(tmp_path)
    held.close()
    lock_folder(tmp_path).close()


def test_a_log_that_is_none_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_text(
        "this is no database, but long enough to be taken for a file" * 20
    )
    with pytest.raises(SimError, match="move it away or name another --state"):
        Outbox(tmp_path)
