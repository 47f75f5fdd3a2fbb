"""What children write, as the supervisor prints it."""

import io
from collections.abc import Callable

from server.supervisor.lines import Lines, LineSplitter
from tests.unit.supervisor.conftest import StartedUp
from tests.waiting import until


def test_a_childs_line_carries_time_and_role_and_obeys_nobody(start_up: Callable[..., StartedUp]) -> None:
    up = start_up("ingest=speaks")
    until(lambda: "half" in up.log and "x" * 100 in up.log, "the lines")
    said = [line[9:] for line in up.log.splitlines() if line[9:].startswith("ingest")]
    assert said[:2] == ["ingest  warning: \\x1b[31mred\\x07", "ingest  half 里"]
    assert "\x1b" not in up.log
    assert max(map(len, said)) < 70_000


def test_a_line_without_an_end_is_cut() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"a" * 8000) == []
    assert splitter.feed(b"a" * 8000) == ["a" * 16000]
    assert splitter.feed(b"rest") == []
    assert splitter.feed(b"") == ["rest"]


def test_no_colour_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    Lines(out).say("web", "error: broken")
    assert out.getvalue()[9:] == "web     error: broken\n"
