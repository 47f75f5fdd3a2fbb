"""The system's own secrets: made once, by whoever comes first, for nobody else to read."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.errors import StartError
from server.secrets import ROLE_NAMES, ensure_role_secrets, ensure_session_key
from tests.conftest import ROOT
from tests.waiting import PATIENCE_S


def test_each_folder_gets_secrets_of_its_own_and_keeps_them(tmp_path: Path) -> None:
    first = ensure_role_secrets(tmp_path / "a")
    assert set(first) == set(ROLE_NAMES)
    assert len(set(first.values())) == len(ROLE_NAMES)
    assert all(len(secret) >= 43 for secret in first.values())  # 256 bits
    assert ensure_role_secrets(tmp_path / "a") == first
    assert ensure_role_secrets(tmp_path / "b") != first
    assert ensure_session_key(tmp_path / "a") == ensure_session_key(tmp_path / "a")


def test_only_their_user_reads_them(tmp_path: Path) -> None:
    ensure_role_secrets(tmp_path)
    ensure_session_key(tmp_path)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_roles_that_start_at_once_get_the_same_secrets(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from server.secrets import *; "
        "print(sorted(ensure_role_secrets(Path(sys.argv[1])).items()), ensure_session_key(Path(sys.argv[1])))"
    )
    argv = [sys.executable, "-c", script, str(tmp_path)]
    started = [subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(6)]
    assert len({process.communicate(timeout=PATIENCE_S)[0] for process in started}) == 1


def test_a_role_that_is_new_gets_one_and_the_others_keep_theirs(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/roles.json").write_text('{"role-web":"kept"}')
    secrets = ensure_role_secrets(tmp_path)
    assert secrets["role-web"] == "kept"
    assert set(secrets) == set(ROLE_NAMES)


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/roles.json").write_text("{")
    (tmp_path / "keys/session.key").write_bytes(b"short")
    for ensure in (ensure_role_secrets, ensure_session_key):
        with pytest.raises(StartError, match="delete it"):
            ensure(tmp_path)
