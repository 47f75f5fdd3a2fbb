"""Names, payloads and addresses: what is pure of the MQTT side."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.mqtt.codec import LiveEnded, LiveTrips, WakeIngest, encode, encode_saved
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.rights import client_id_fits, device_rights, role_rights
from server.adapters.mqtt.topics import INGEST_TOPICS, bus_topic, is_device_id, nats_subject, parse_bus_topic

device_ids = st.from_regex(r"\A[A-Za-z0-9_-]{1,32}\Z")


@given(device_ids, st.sampled_from(["pos", "ride", "duty", "event", "batch", "online", "ack"]))
def test_a_bus_topic_is_read_as_it_was_built(device: str, kind: str) -> None:
    assert parse_bus_topic(bus_topic(device, kind)) == (device, kind)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "bus",
        "bus/a",
        "bus//pos",
        "bus/a/pos/",
        "bus/a/saved",
        "bus/a/cmd",
        "bus/a b/pos",
        "bus/a/pos\n",
        "x/a/pos",
    ],
)
def test_other_topics_are_nobodys(topic: str) -> None:
    assert parse_bus_topic(topic) is None


@given(st.text(max_size=40))
def test_no_text_but_a_device_id_gets_into_a_topic(text: str) -> None:
    if is_device_id(text):
        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    else:
        with pytest.raises(ValueError, match="device id"):
            bus_topic(text, "pos")
        assert not client_id_fits(text, f"bus-{text}") or text.startswith("role-")


def test_a_device_named_like_a_role_gets_no_roles_client_id() -> None:
    assert not client_id_fits("role-ingest", "bus-role-ingest")
    assert not client_id_fits("role-webx", "role-webx")
    assert not client_id_fits("role-web", "role-webx")
    assert client_id_fits("role-web", "role-web-1")


def test_rights_name_every_subject() -> None:
    rights = device_rights("D1")
    assert "bus.D1.pos" in rights.publish and "bus.D1.cmd" not in rights.publish
    assert rights.subscribe == ("bus.D1.cmd", "bus.D1.saved")
    assert "bus.>" not in role_rights("role-web").subscribe
    assert nats_subject(INGEST_TOPICS[0]) == "bus.*.pos"


def test_saved_is_as_the_protocol_writes_it() -> None:
    assert msgspec.json.decode(encode_saved(0, 88120, [(88051, 88063)])) == {
        "v": 1,
        "epoch": 0,
        "upto": 88120,
        "missing": [[88051, 88063]],
    }


def test_saved_stops_before_the_21st_hole() -> None:
    holes = [(10 * n, 10 * n + 3) for n in range(1, 25)]
    saved = msgspec.json.decode(encode_saved(2, 1000, holes))
    assert len(saved["missing"]) == 20
    assert saved["upto"] == holes[20][0] - 1


def test_house_payloads() -> None:
    assert encode(LiveTrips(("a", "b"))) == b'{"ids":["a","b"]}'
    assert encode(LiveEnded(user_id="u")) == b'{"user_id":"u"}'
    assert encode(WakeIngest("catalog")) == b'{"why":"catalog","vehicles":[]}'


def test_an_endpoint_is_read_and_written_back() -> None:
    endpoint = Endpoint.parse("mqtts://us%40er:p%3Ass@broker.example:8884?ca=/etc/ca.pem")
    assert (endpoint.username, endpoint.password, endpoint.port, endpoint.tls) == (
        "us@er",
        "p:ss",
        8884,
        True,
    )
    assert Endpoint.parse(endpoint.url()) == endpoint
    assert "p:ss" not in str(endpoint)
    assert Endpoint.parse("mqtt://broker").port == 1883


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "broker:1883", "mqtt://u:topsecret@x:99999"])
def test_a_bad_url_says_what_to_write_and_not_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="write") as fault:
        Endpoint.parse(url)
    assert "topsecret" not in str(fault.value)
