"""Make the ids of rows: random, in the order of making, meaning nothing outside."""

import uuid_utils


def new_id() -> str:
    """Give a fresh UUIDv7 as 32 hexadecimal digits (RFC 9562, 5.7).

    Its time part is the machine's clock, whatever clock the school day goes by: it only keeps indexes dense.
    """
    return uuid_utils.uuid7().hex
