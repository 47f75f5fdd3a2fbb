"""Write the log: one line an occurrence, on standard error, that nobody's name or payload can forge."""

import logging
import os
import sys
from typing import Any

SUPERVISED = "SIXFIXED_SUPERVISED"
# Libraries that tell of their own workings at info; whoever wants that asks for debug.
_CHATTY = ("alembic", "apscheduler")


def configure_logging(role: str, level: str) -> None:
    """Send every logger's lines of at least `level` (a word of config.LOG_LEVELS) to standard error.

    Under `sixfixed up` the line is `level: message`, since the supervisor writes time and role before it.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(None if os.environ.get(SUPERVISED) else role))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING if level == "info" else logging.NOTSET)


def printable(text: str) -> str:
    """Give the text with everything that a terminal or a reader of lines would obey written out.

    >>> printable("name\\nerror: forged \\x1b[31m")
    'name\\\\nerror: forged \\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii") for mark in text
    )


class LineFormatter(logging.Formatter):
    """Format a record as one line, and a traceback as lines that begin with spaces."""

    def __init__(self, role: str | None) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Give `[HH:MM:SS role ]level: message`; the level is left out where it is info."""
        line = printable(record.getMessage())
        if record.levelno != logging.INFO:
            line = f"{record.levelname.lower()}: {line}"
        if self._role is not None:
            line = f"{self.formatTime(record, self.datefmt)} {self._role:8} {line}"
        if record.exc_info and record.exc_info[0]:
            line += "".join(f"\n    {printable(row)}" for row in self._traceback(record.exc_info))
        return line

    def _traceback(self, exc_info: Any) -> list[str]:  # noqa: ANN401 - logging's own union of tuples
        return self.formatException(exc_info).splitlines()
