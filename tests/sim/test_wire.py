"""The bytes are those of PROTOCOL's pages."""

from __future__ import annotations

import gzip

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.wire import (
    BATCH_LIMIT,
    MESSAGE_LIMIT,
    Answer,
    Duty,
    Event,
    Online,
    Pos,
    Record,
    Ride,
    batch_item,
    decode_command,
    decode_saved,
    encode_answer,
    encode_batch,
    encode_online,
    encode_record,
    fits_batch,
    gap_item,
)

POS = Pos(
    t=1795390323000, lat=37.51427, lon=105.18962, spd=31.4, hdg=92.0, acc=3.8, sat=17, fix=1, odo=48211903, ign=1,
    door=0, lamp=0, arm=0,
)  # fmt: skip


def test_a_position_is_the_pages_example() -> None:
    assert encode_record(POS, 0, 88121) == (
        b'{"v":1,"seq":88121,"t":1795390323000,"lat":37.51427,"lon":105.18962,"spd":31.4,"hdg":92.0,"acc":3.8,"sat":17,'
        b'"fix":1,"odo":48211903,"ign":1,"door":0,"lamp":0,"arm":0}'
    )


@pytest.mark.parametrize(
    ("record", "required"),
    [
        (POS, {"v", "seq", "t", "lat", "lon", "spd"}),
        (Ride(t=1, card="04A1B2C3", by="card", lat=37.5, lon=105.2), {"v", "seq", "t", "card"}),
        (Duty(t=1, badge="D-1", role="driver", state="on"), {"v", "seq", "t", "badge", "role", "state"}),
        (Event(t=1, kind="sos", lat=37.5, lon=105.2), {"v", "seq", "t", "kind"}),
    ],
)
def test_required_fields_are_there_and_epoch_only_when_it_says_something(
    record: Record, required: set[str]
) -> None:
    plain = msgspec.json.decode(encode_record(record, 0, 7))
    assert required <= plain.keys()
    assert "epoch" not in plain
    assert msgspec.json.decode(encode_record(record, 3, 7)) == plain | {"epoch": 3}


def test_a_batch_holds_the_records_with_kind_and_late() -> None:
    body = encode_record(POS, 0, 5)
    ride = encode_record(Ride(t=1, card="A", lat=37.5, lon=105.2), 0, 6)
    wire = encode_batch([batch_item("pos", body), batch_item("ride", ride), gap_item(0, 8, 9)])
    plain = msgspec.json.decode(gzip.decompress(wire) if wire[:2] == b"\x1f\x8b" else wire)
    assert plain["v"] == 1
    assert plain["records"] == [
        {"k": "pos", "late": 1, **msgspec.json.decode(body)},
        {"k": "ride", **msgspec.json.decode(ride)},
        {"k": "gap", "v": 1, "seq": 8, "to": 9},
    ]


def test_a_batch_of_two_hundred_positions_fits_and_one_of_eight_thousand_does_not() -> None:
    item = batch_item("pos", encode_record(POS, 0, 88121))
    few = encode_batch([item] * 200)
    assert len(few) < BATCH_LIMIT
    assert fits_batch(few, [item] * 200)
    assert not fits_batch(encode_batch([item] * 8000), [item] * 8000)


def test_an_event_with_too_much_to_tell_goes_without_it() -> None:
    body = encode_record(Event(t=1, kind="collision", lat=37.5, lon=105.2, data={"x": "y" * 9000}), 0, 1)
    assert len(body) <= MESSAGE_LIMIT
    assert msgspec.json.decode(body)["data"]["cut"] > 9000


def test_online_has_every_field_of_the_page() -> None:
    online = Online(t=5, epoch=0, oldest=1, next=9, buffered=3, fw="1", model="m", boot=2)
    assert msgspec.json.decode(encode_online(online)).keys() == {
        "v", "online", "t", "epoch", "oldest", "next", "buffered", "fw", "model", "boot",
    }  # fmt: skip


def test_an_answer_too_large_is_cut() -> None:
    assert len(encode_answer(Answer(id="1", ok=True, data={"x": "y" * 9000}))) <= MESSAGE_LIMIT


def test_unknown_fields_of_the_server_are_ignored() -> None:
    saved = decode_saved(b'{"v":1,"epoch":2,"upto":9,"missing":[[3,4]],"new":{}}')
    assert (saved.epoch, saved.upto, saved.missing) == (2, 9, [(3, 4)])
    assert decode_command(b'{"v":1,"id":"a","kind":"say","until":5,"args":{"text":"x"},"z":1}').args == {
        "text": "x"
    }


@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(1, 2**53))
def test_numbers_survive(lat: float, lon: float, t: int) -> None:
    ride = msgspec.json.decode(encode_record(Ride(t=t, card="A", lat=lat, lon=lon), 0, 1))
    assert (ride["lat"], ride["lon"], ride["t"]) == (lat, lon, t)
