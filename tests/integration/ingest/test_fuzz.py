"""Anything on any topic: ingest never stops, what is bad is counted with its reason, and the good around it lands (fault 14)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.adapters.db import tables as t
from tests.builders.road import START_MS
from tests.fakes.line import FedMessage
from tests.integration.ingest.conftest import House, Make

EVERY = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # fmt: skip
GOOD_EPOCH = 77_777  # what is thrown never names it
KINDS = ("pos", "ride", "duty", "event", "batch", "online", "ack", "gap", "cmd", "saved", "x")


class Street:
    """A house whose device says good records between which anything may be thrown."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.seq = 0

    def good(self) -> FedMessage:
        """Make the next good position."""
        self.seq += 1
        body = b'{"v":1,"epoch":%d,"seq":%d,"t":%d,"lat":37.5,"lon":105.0,"spd":0}'
        body %= (GOOD_EPOCH, self.seq, START_MS + self.seq)
        return self.house.raw("DEV-1", "pos", body)

    def throw(self, *bad: FedMessage) -> None:
        """Feed messages between two good ones by the loop itself; what is good must land, and all be acknowledged."""
        before = (len(self.house.line.acked), self.house.ingest.counts.accepted, self._refused())
        self.house.work_off([self.good(), *bad, self.good()])
        self.house.ingest._stop.clear()
        assert len(self.house.line.acked) == before[0] + len(bad) + 2
        assert self.house.ingest.counts.accepted >= before[1] + 2
        with self.house.database.read() as connection:
            stored = connection.scalar(
                select(func.count()).where(
                    t.records.c.device_id == "DEV-1",
                    t.records.c.epoch == GOOD_EPOCH,
                    t.records.c.seq > self.seq - 2,
                )
            )
        assert stored == 2

    def refused(self, *bad: FedMessage) -> list[str]:
        """Throw what must be refused, each a message of one record; give the reasons that were kept."""
        before = self._refused()
        self.throw(*bad)
        assert self._refused() == before + len(bad)
        with self.house.database.read() as connection:
            rows = connection.execute(
                select(t.rejected.c.reason).order_by(t.rejected.c.id.desc()).limit(len(bad))
            )
            reasons = list(rows.scalars())
        assert len(reasons) == len(bad) and all(reasons)
        return reasons

    def _refused(self) -> int:
        return sum(self.house.ingest.rejected.values())


@pytest.fixture
def street(make_any_house: Make) -> Iterator[Street]:
    house = make_any_house()
    yield Street(house)
    assert not any("could not be worked" in reason for reason in _reasons(house)), (
        "the gate lets nothing through"
    )


def _reasons(house: House) -> list[str]:
    with house.database.read() as connection:
        return list(connection.execute(select(t.rejected.c.reason)).scalars())


topics = st.one_of(
    st.builds("bus/DEV-1/{}".format, st.sampled_from(KINDS)),
    st.builds("bus/{}/{}".format, st.text(max_size=40), st.sampled_from(KINDS)),
    st.builds("bus/DEV-1/{}".format, st.text(max_size=80)),
    st.text(max_size=40),
)


@EVERY
@given(st.lists(st.tuples(topics, st.binary(max_size=300)), min_size=1, max_size=4))
def test_any_bytes_on_any_topic(street: Street, thrown: list[tuple[str, bytes]]) -> None:
    street.throw(
        *(FedMessage(topic, payload, START_MS) for topic, payload in thrown if topic != "wake/ingest")
    )


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "v", "seq", "t", "epoch", "lat", "lon", "spd", "hdg", "fix", "ign", "door", "card", "dir", "by", "badge", "role",
    "state", "trip", "tag", "kind", "data", "k", "to", "online", "oldest", "next", "id", "records",
)  # fmt: skip
VALID: dict[str, dict[str, Any]] = {
    "pos": {"v": 1, "seq": 7_000_001, "t": START_MS, "lat": 37.5, "lon": 105.0, "spd": 3.5, "door": 0},
    "ride": {"v": 1, "seq": 7_000_002, "t": START_MS, "card": "CARD1", "dir": None},
    "duty": {
        "v": 1,
        "seq": 7_000_003,
        "t": START_MS,
        "badge": "D-1",
        "role": "driver",
        "state": "on",
        "trip": "T1",
    },
    "event": {"v": 1, "seq": 7_000_004, "t": START_MS, "kind": "sos", "data": {"g": 1.0}},
    "online": {"v": 1, "online": 1, "t": START_MS, "epoch": 3, "oldest": 1, "next": 2},
    "batch": {
        "v": 1,
        "records": [{"k": "pos", "seq": 7_000_009, "t": START_MS, "lat": 1, "lon": 2, "spd": 3}],
    },
}


@EVERY
@given(
    st.sampled_from(sorted(VALID)),
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=3),
    st.sets(st.sampled_from(FIELDS), max_size=2),
    st.integers(0, 2**53),
)
def test_a_valid_message_with_any_fields_changed_or_left_out(
    street: Street, kind: str, changed: dict[str, Any], left_out: set[str], seq: int
) -> None:
    body = {**VALID[kind], "epoch": 5, "seq": seq, **changed}
    body = {name: value for name, value in body.items() if name not in left_out}
    if body.get("epoch") == GOOD_EPOCH:
        body["epoch"] = 5
    payload = json.dumps(body).encode("utf-8", "surrogatepass")
    street.throw(street.house.raw("DEV-1", kind, payload))


@EVERY
@given(st.sampled_from(sorted(VALID)), st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_a_valid_message_cut_or_overwritten(street: Street, kind: str, at: int, junk: bytes) -> None:
    body = json.dumps({**VALID[kind], "epoch": 5}).encode()
    cut = body[: at % len(body)]
    overwritten = body[: at % len(body)] + junk + body[at % len(body) + len(junk) :]
    street.throw(street.house.raw("DEV-1", kind, cut), street.house.raw("DEV-1", kind, overwritten))


def deep(levels: int) -> bytes:
    return b'{"v":1,"seq":9000001,"t":%d,"kind":"sos","data":%s1%s}' % (
        START_MS, b'{"a":' * levels, b"}" * levels,
    )  # fmt: skip


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "deep nesting": ("event", lambda: deep(1200)),
    "deeper than allowed": ("event", lambda: deep(40)),
    "deep lists": ("pos", lambda: b'{"v":1,"seq":1,"x":' + b"[" * 4000 + b"]" * 4000 + b"}"),
    "a million digits": ("batch", lambda: b'{"v":1,"records":' + b"9" * 48_000 + b"}"),
    "many digits": ("pos", lambda: b'{"v":1,"seq":' + b"9" * 8000 + b"}"),
    "a huge exponent": ("pos", lambda: b'{"v":1,"seq":9000002,"t":1e999,"lat":1,"lon":1,"spd":1}'),
    "NaN": ("pos", lambda: b'{"v":1,"seq":9000003,"t":%d,"lat":NaN,"lon":1,"spd":1}' % START_MS),
    "Infinity": ("pos", lambda: b'{"v":1,"seq":9000004,"t":%d,"lat":1,"lon":1,"spd":Infinity}' % START_MS),
    "a bool for a number": ("pos", lambda: b'{"v":1,"seq":9000005,"t":%d,"lat":1,"lon":1,"spd":true}' % START_MS),
    "text for a number": ("pos", lambda: b'{"v":1,"seq":9000006,"t":%d,"lat":"1","lon":1,"spd":1}' % START_MS),
    "another version": ("pos", lambda: b'{"v":2,"seq":9000007,"t":%d,"lat":1,"lon":1,"spd":1}' % START_MS),
    "duplicate keys that end badly": ("pos", lambda: b'{"v":1,"seq":9000008,"seq":-1,"t":1,"lat":1,"lon":1,"spd":1}'),
    "not UTF-8": ("ride", lambda: b'{"v":1,"seq":9000009,"t":%d,"card":"\xff\xfe"}' % START_MS),
    "a card with a line break": ("ride", lambda: b'{"v":1,"seq":9000010,"t":%d,"card":"A\\n"}' % START_MS),
    "a card with NUL": ("ride", lambda: b'{"v":1,"seq":9000011,"t":%d,"card":"A\\u0000"}' % START_MS),
    "an unknown kind with NUL": ("batch", lambda: b'{"v":1,"records":[{"k":"a\\u0000b","seq":9000012}]}'),
    "a kind of its own": ("x" * 60, lambda: b'{"v":1,"seq":9000013}'),
    "oversize": ("pos", lambda: b'{"v":1,"seq":9000014,"x":"' + b"a" * 9000 + b'"}'),
    "oversize batch": ("batch", lambda: b" " * 49_000),
    "a gzip bomb": ("batch", lambda: gzip.compress(b" " * 20_000_000)),
    "a gzip cut": ("batch", lambda: gzip.compress(b'{"v":1,"records":[]}')[:-6]),
    "no gzip": ("batch", lambda: b"\x1f\x8b" + b"junk" * 10),
    "two gzip members": ("batch", lambda: gzip.compress(b'{"v":1,"records":[]}') * 2),
    "a million entries": ("batch", lambda: gzip.compress(b'{"v":1,"records":[' + b"1," * 500_000 + b"1]}")),
    "the future": ("pos", lambda: b'{"v":1,"seq":9000015,"t":%d,"lat":1,"lon":1,"spd":1}' % (START_MS + 90_000)),
    "1970": ("pos", lambda: b'{"v":1,"seq":9000016,"t":1000,"lat":1,"lon":1,"spd":1}'),
    "2038 and beyond": ("pos", lambda: b'{"v":1,"seq":9000017,"t":9007199254740991,"lat":1,"lon":1,"spd":1}'),
    "a gap of everything": ("batch", lambda: b'{"v":1,"records":[{"k":"gap","seq":9000018,"to":9007199254740991}]}'),
    "an online of another planet": ("online", lambda: b'{"v":1,"online":1,"t":1' + b"0" * 40 + b"}"),
    "a backward gap": ("batch", lambda: b'{"v":1,"records":[{"k":"gap","seq":9000019,"to":3}]}'),
    "nothing": ("pos", lambda: b""),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_each_known_evil_is_refused_with_its_reason(street: Street, what: str) -> None:
    kind, make = BAD[what]
    payload = make()
    if b'"seq":' in payload:
        payload = payload.replace(b'"v":1,"seq"', b'"epoch":5,"v":1,"seq"')
    (reason,) = street.refused(street.house.raw("DEV-1", kind, payload))
    assert len(reason) <= 500
    assert set(street.house.ingest.rejected) <= {
        "pos",
        "ride",
        "duty",
        "event",
        "gap",
        "batch",
        "online",
        "ack",
        "topic",
        "other",
    }


@pytest.mark.parametrize(
    "topic",
    [
        "bus//pos",
        "bus/DEV 1/pos",
        "bus/DEV-1",
        "bus/DEV-1/pos/x",
        "",
        "bus/Ä/pos",
        "BUS/DEV-1/pos",
        f"bus/{'a' * 33}/pos",
    ],
)
def test_a_topic_that_is_no_devices_is_refused(street: Street, topic: str) -> None:
    body = b'{"v":1,"seq":1,"t":%d,"lat":1,"lon":1,"spd":1}' % START_MS
    (reason,) = street.refused(FedMessage(topic, body, START_MS))
    assert "topic" in reason


def test_a_flood_of_nameless_rubbish_keeps_some_and_counts_all(street: Street) -> None:
    bad = [street.house.raw("DEV-1", "pos", b"rubbish %d" % n) for n in range(400)]
    street.throw(*bad)
    assert street.house.ingest.rejected["pos"] == 400
    assert len(_reasons(street.house)) <= 60


def test_a_message_that_breaks_the_server_is_kept_and_the_others_land(make_house: Make) -> None:
    """What the gate should have caught and did not must not stop the stream either."""
    house = make_house()
    street = Street(house)
    poison = house.raw("DEV-1", "ride", json.dumps({**VALID["ride"], "epoch": 5}).encode())
    find = house.ingest._catalogue.find_bus
    house.ingest._catalogue.find_bus = _broken_for(house, find)  # type: ignore[method-assign,assignment]
    bad = house.raw("DEV-9", "ride", poison.payload)
    (reason,) = street.refused(bad)
    assert "could not work it" in reason


def _broken_for(house: House, find: Callable[[str], Any]) -> Callable[[str], Any]:
    def broken(device: str) -> Any:  # noqa: ANN401 - as the original
        if device == "DEV-9":
            raise ZeroDivisionError("a fault of the server")
        return find(device)

    return broken


def test_a_batch_of_a_million_entries_is_refused_before_each_is_looked_at(street: Street) -> None:
    payload = gzip.compress(b'{"v":1,"records":[' + b"{}," * 300_000 + b"{}]}")
    (reason,) = street.refused(street.house.raw("DEV-1", "batch", payload))
    assert "300001 records" in reason
