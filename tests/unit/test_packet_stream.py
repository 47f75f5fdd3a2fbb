"""Packets are framed the same however the network cuts them, and what is published never reaches paho."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.mqtt.packet_stream import PacketStream, Publish

Pair = tuple[PacketStream, socket.socket]


@contextlib.contextmanager
def a_pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    stream = PacketStream(ours)
    try:
        yield stream, theirs
    finally:
        stream.close()
        theirs.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    with a_pair() as made:
        yield made


def packet(head: int, body: bytes) -> bytes:
    left, length = len(body), b""
    while left > 127:
        length += bytes([left & 127 | 128])
        left >>= 7
    return bytes([head]) + length + bytes([left]) + body


def wire(one: Publish) -> bytes:
    name = one.topic.encode()
    mid = one.mid.to_bytes(2, "big") if one.qos else b""
    return packet(0x30 | one.qos << 1 | one.retain, len(name).to_bytes(2, "big") + name + mid + one.payload)


def for_paho(stream: PacketStream) -> bytes:
    taken = b""
    while stream.has_news:
        some = stream.recv(3)
        if not some:
            break
        taken += some
    return taken


publishes = st.builds(
    lambda mid, topic, payload, qos, retain: Publish(mid if qos else 0, topic, payload, qos, retain),
    st.integers(1, 65535),
    st.text("abc/测", min_size=1, max_size=80),
    st.binary(max_size=300),
    st.sampled_from([0, 1]),
    st.booleans(),
)
others = st.sampled_from([packet(0x20, b"\0\0"), packet(0x90, b"\0\1\1\1\1"), packet(0xD0, b"")])


@given(st.lists(publishes | others, max_size=12), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_whatever_the_cuts_publishes_come_in_order_and_the_rest_goes_to_paho(
    said: list[Publish | bytes], cuts: list[int]
) -> None:
    stream_bytes = b"".join(wire(one) if isinstance(one, Publish) else one for one in said)
    found: list[Publish] = []
    with a_pair() as (stream, broker):
        at = turn = 0
        while at < len(stream_bytes):
            size = cuts[turn % len(cuts)]
            broker.send(stream_bytes[at : at + size])
            found += stream.receive()
            at, turn = at + size, turn + 1
        assert found == [one for one in said if isinstance(one, Publish)]
        assert for_paho(stream) == b"".join(one for one in said if isinstance(one, bytes))


def test_a_topic_that_is_no_text_is_empty_and_its_message_kept(pair: Pair) -> None:
    stream, broker = pair
    broker.send(packet(0x32, b"\0\2\xff\xfe\0\7{}"))
    assert stream.receive() == [Publish(7, "", b"{}", 1, False)]


@pytest.mark.parametrize(
    "malformed", [packet(0x32, b"\0\x09abc\0\1"), packet(0x30, b"\0"), packet(0x32, b"\0\1a\0")]
)
def test_a_malformed_message_is_left_to_paho(pair: Pair, malformed: bytes) -> None:
    stream, broker = pair
    broker.send(malformed)
    assert stream.receive() == []
    assert for_paho(stream) == malformed


def test_a_length_without_end_ends_the_connection(pair: Pair) -> None:
    stream, broker = pair
    broker.send(b"\x32\x80\x80\x80\x80\x01")
    assert stream.receive() == []
    with pytest.raises(ConnectionError, match="four bytes"):
        stream.recv(1)


def test_the_end_is_told_to_paho_after_all_that_came_before_it(pair: Pair) -> None:
    stream, broker = pair
    broker.send(packet(0xD0, b""))
    broker.close()
    stream.receive()
    stream.receive()
    assert stream.recv(9) == packet(0xD0, b"")
    assert stream.has_news and stream.recv(1) == b""


def test_nothing_to_read_is_said_as_a_socket_says_it(pair: Pair) -> None:
    stream, _ = pair
    assert stream.receive() == [] and not stream.has_news
    with pytest.raises(BlockingIOError):
        stream.recv(1)


def test_acknowledgements_and_messages_go_out_together_and_are_what_the_protocol_says(pair: Pair) -> None:
    stream, broker = pair
    stream.acknowledge([1, 65535])
    stream.publish("bus/B1/saved", b"x" * 200, retain=True)
    assert stream.wants_write
    stream.flush()
    said = Publish(0, "bus/B1/saved", b"x" * 200, 0, True)
    assert broker.recv(4096) == b"\x40\2\0\1\x40\2\xff\xff" + wire(said)
    assert not stream.wants_write


def test_what_the_socket_does_not_take_waits_and_is_sent_later_in_order(pair: Pair) -> None:
    stream, broker = pair
    said = bytes(range(256)) * 8192
    stream.send(said)
    stream.flush()
    assert stream.wants_write
    heard = b""
    while stream.wants_write or len(heard) < len(said):
        heard += broker.recv(1 << 20)
        stream.flush()
    assert heard == said
