"""A line of the log is one line, whatever was put into it."""

import logging
import sys

from server.log import LineFormatter, configure_logging


def record(message: str, *args: object, level: int = logging.INFO) -> logging.LogRecord:
    """Make a record as a logger would."""
    return logging.LogRecord("server", level, __file__, 1, message, args, None)


def test_a_name_cannot_forge_a_line() -> None:
    line = LineFormatter(None).format(record("login of %s failed", "eve\nerror: broker is gone\x1b[2J\u2028"))
    assert line == "login of eve\\nerror: broker is gone\\x1b[2J\\u2028 failed"


def test_the_level_stands_before_all_but_the_usual() -> None:
    assert LineFormatter(None).format(record("gone", level=logging.WARNING)) == "warning: gone"
    assert LineFormatter("web").format(record("校车"))[9:] == "web      校车"


def test_a_traceback_stands_indented() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        with_traceback = record("failed", level=logging.ERROR)
        with_traceback.exc_info = sys.exc_info()
    lines = LineFormatter(None).format(with_traceback).splitlines()
    assert lines[0] == "error: failed"
    assert len(lines) > 2
    assert all(line.startswith("    ") for line in lines[1:])


def test_a_library_that_tells_of_its_own_workings_is_heard_at_debug_only() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("web", "info")
        assert not logging.getLogger("alembic.runtime.migration").isEnabledFor(logging.INFO)
        assert logging.getLogger("web").isEnabledFor(logging.INFO)
        configure_logging("web", "debug")
        assert logging.getLogger("alembic.runtime.migration").isEnabledFor(logging.INFO)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in ("alembic", "apscheduler"):
            logging.getLogger(name).setLevel(logging.NOTSET)
