"""A file of leaked passwords is searched where it lies, and a password on it is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.adapters.files.breached import BreachedFile
from server.errors import InvalidError, StartError
from server.service.passwords import refuse_weak

LEAKED = [f"copper meadow violin {n}" for n in range(500)]


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def write(path: Path, lines: list[str], end: str = "\n") -> BreachedFile:
    path.write_bytes("".join(line + end for line in sorted(lines)).encode())
    return BreachedFile(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("form", ["{0}:{1}", "{0}", "{0:.16}"])
def test_each_of_the_list_is_found_and_nothing_else(tmp_path: Path, form: str, end: str) -> None:
    lines = [form.format(sha1(word), n + 1) for n, word in enumerate(LEAKED)]
    breached = write(tmp_path / "list.txt", lines, end)
    assert all(breached.holds(word) for word in LEAKED)
    assert not any(breached.holds(f"{word}!") for word in LEAKED)


def test_small_letters_and_a_last_line_without_an_end_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("\n".join(sorted(sha1(word).lower() for word in LEAKED[:3])))
    assert all(BreachedFile(path).holds(word) for word in LEAKED[:3])


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=40), st.text(max_size=8))
def test_it_says_what_a_set_would(
    tmp_path_factory: pytest.TempPathFactory, words: set[str], asked: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.txt"
    breached = write(path, [f"{sha1(word)}:1" for word in words])
    assert all(breached.holds(word) for word in words)
    assert breached.holds(asked) == (asked in words)


def test_a_list_that_is_replaced_holds_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    breached = write(path, [sha1(LEAKED[0])])
    refuse_weak(LEAKED[1], username="dora", leaked=breached.holds)
    fresh = tmp_path / "fresh.txt"
    write(fresh, [sha1(LEAKED[1])])
    fresh.replace(path)
    with pytest.raises(InvalidError, match="leaked"):
        refuse_weak(LEAKED[1], username="dora", leaked=breached.holds)


@pytest.mark.parametrize("content", [None, b"", b"password\nqwerty\n", b"\xff" * 500])
def test_what_is_no_list_is_told_at_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartError, match="breached-passwords"):
        BreachedFile(path)
