"""The command line as a whole: help, errors, statuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.waiting import PATIENCE_S


def sixfixed(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it to its end, with no setting from outside."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("SIXFIXED_")}
    argv = [sys.executable, "-m", "server", *words]
    return subprocess.run(
        argv, cwd=ROOT, env=environ, input=stdin, capture_output=True, text=True, timeout=PATIENCE_S
    )


def test_help_names_the_commands_and_none_that_is_not_there_yet() -> None:
    done = sixfixed("--help")
    assert done.returncode == 0
    for command in (
        "up",
        "web",
        "ingest",
        "worker",
        "broker",
        "db",
        "import",
        "user",
        "device",
        "token",
        "replay",
        "backup",
        "restore",
        "doctor",
    ):
        assert f"\n    {command} " in done.stdout
    assert "\n    demo " not in done.stdout


def test_a_wrong_setting_is_one_sentence_and_a_status(tmp_path: Path) -> None:
    done = sixfixed("up", "--data", str(tmp_path), "--http", "nowhere")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("sixfixed: http from --http is 'nowhere': ")
    assert done.stderr.count("\n") == 1


def test_a_program_gets_the_error_as_json(tmp_path: Path) -> None:
    done = sixfixed(
        "user", "add", "li", "--role", "admin", "--password-stdin", "--json", "--data", str(tmp_path)
    )
    assert done.returncode == 1
    assert done.stdout.startswith('{"error": {"code": "invalid"')


@pytest.mark.parametrize(
    "words", [("fly",), ("user", "add", "li", "--role", "king"), ("device", "add", "D1")]
)
def test_what_is_no_command_is_refused(words: tuple[str, ...]) -> None:
    done = sixfixed(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and "--help" in done.stderr


def test_replay_without_a_database_is_one_sentence_and_makes_none(tmp_path: Path) -> None:
    done = sixfixed("replay", "2026-09-21", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f"sixfixed: There is no database {tmp_path / 'sixfixed.db'}; name the data folder with --data DIR.\n"
    )
    assert list(tmp_path.iterdir()) == []
