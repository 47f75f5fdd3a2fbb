"""Choose ports to listen on that nobody else takes meanwhile."""

import os
import random
import socket

# Below those that Linux gives to outgoing connections (32768 and up), one of which could take a port that was free a moment ago.
FIRST, LAST = 10_240, 32_767
_dice = random.Random(os.getpid() * 1_000_003 + 617)
_given: set[int] = set()


def free_port() -> int:
    """Give a TCP port that is free on loopback and that this process wasn't given before."""
    while True:
        port = _dice.randint(FIRST, LAST)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
