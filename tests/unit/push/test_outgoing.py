"""Where this server may call for a stranger's URL."""

import pytest

from server.adapters.push.outgoing import Outgoing
from server.errors import InvalidError, SettingError


def reach(outgoing: Outgoing, url: str) -> list[str]:
    return outgoing.addresses(outgoing.target(url))


def to(*addresses: str) -> Outgoing:
    return Outgoing([], lambda _host, _port: addresses)


def test_a_public_address_over_https_is_called() -> None:
    assert reach(to("93.184.215.14"), "https://push.example.org/x?y=1") == ["93.184.215.14"]


def test_of_several_addresses_only_the_public_ones_are_called() -> None:
    assert reach(to("10.0.0.1", "93.184.215.14", "::1"), "https://push.example.org/x") == ["93.184.215.14"]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1",
     "2002:a00:1::", "2001:0:0:0:0:0:f5ff:fffe"],
)  # fmt: skip
def test_no_address_that_is_not_the_internets_is_called(address: str) -> None:
    with pytest.raises(InvalidError, match="private"):
        reach(to(address), "https://push.example.org/x")


@pytest.mark.parametrize(
    ("entry", "url", "address"),
    [
        ("10.0.0.8", "http://10.0.0.8:9000/x", "10.0.0.8"),
        ("10.0.0.0/8", "https://inside.example/x", "10.2.3.4"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/x", "127.0.0.1"),
        ("inside.example", "http://inside.example:81/x", "10.2.3.4"),
        ("Inside.Example:81", "http://inside.example:81/x", "10.2.3.4"),
        ("[::1]:9000", "http://[::1]:9000/x", "::1"),
        ("::1", "http://[::1]/x", "::1"),
    ],
)
def test_what_is_listed_is_called(entry: str, url: str, address: str) -> None:
    assert reach(Outgoing([entry], lambda _host, _port: [address]), url) == [address]


@pytest.mark.parametrize(
    ("entry", "url", "address"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9001/x", "127.0.0.1"),
        ("inside.example", "https://other.example/x", "10.2.3.4"),
        ("inside.example:81", "https://inside.example/x", "10.2.3.4"),
        ("10.0.0.0/8", "http://inside.example/x", "192.168.0.1"),
        ("10.0.0.0/8", "http://inside.example/x", "93.184.215.14"),
    ],
)
def test_what_is_listed_opens_nothing_else(entry: str, url: str, address: str) -> None:
    with pytest.raises(InvalidError):
        reach(Outgoing([entry], lambda _host, _port: [address]), url)


@pytest.mark.parametrize("entry", ["a b", "http://x", "10.0.0.8:0", "host:port", "x/y", ""])
def test_an_entry_that_is_none_is_one_sentence(entry: str) -> None:
    with pytest.raises(SettingError, match="outgoing-allow"):
        Outgoing([entry])
