"""Say to whoever started this process that it does its work now.

The words are systemd's (sd_notify), so `sixfixed up` and a unit with `Type=notify` hear the same thing.
"""

import os
import socket


def announce_ready() -> None:
    """Send READY=1 to the socket named by NOTIFY_SOCKET; nothing happens when there is none."""
    _send(b"READY=1")


def _send(words: bytes) -> None:
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            # "@" is how an abstract name (no file) is written in the environment.
            sender.sendto(words, "\0" + name[1:] if name.startswith("@") else name)
        except OSError:
            # Whoever asked is gone; that is their end, not ours.
            return
