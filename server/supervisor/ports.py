"""Tell, before anything is started, whether an address can be listened on."""

import errno
import socket

from server.config import Address
from server.errors import StartError


def check_port(address: Address, option: str) -> None:
    """Raise StartError, naming the port and its option, when nobody could listen there now."""
    advice = f"choose another with {option} HOST:PORT"
    try:
        family, kind, proto, _, sockaddr = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(sockaddr)
            probe.listen(1)
    except socket.gaierror:
        raise StartError(
            f"{option} names the host {address.host}, which is not known here; {advice}"
        ) from None
    except OSError as why:
        if why.errno == errno.EADDRINUSE:
            said = f"port {address.port} on {address.host} is taken by another program; stop it, or {advice}"
        elif why.errno == errno.EACCES:
            said = f"port {address.port} on {address.host} may not be opened by this user; {advice}"
        elif why.errno == errno.EADDRNOTAVAIL:
            said = f"{address.host} is not an address of this machine; {advice}"
        else:
            said = f"port {address.port} on {address.host} can't be opened ({why.strerror}); {advice}"
        raise StartError(said) from None
