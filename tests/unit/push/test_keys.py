"""The key that pushes are signed with, and whom a push service may turn to."""

import subprocess
import sys
from pathlib import Path

import pytest
from py_vapid import Vapid02

from server.adapters.push.vapid import GOOD_FOR_S, VapidKey
from server.config import load_settings
from server.errors import SettingError, StartError
from server.secrets import ensure_push_key
from tests.conftest import ROOT
from tests.fakes.clock import FakeClock
from tests.waiting import PATIENCE_S


def test_the_key_is_made_once_for_its_user_alone_and_kept(tmp_path: Path) -> None:
    first = ensure_push_key(tmp_path)
    assert ensure_push_key(tmp_path) == first != ensure_push_key(tmp_path / "other")
    assert (tmp_path / "keys/push.pem").stat().st_mode & 0o777 == 0o600


def test_roles_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from server.secrets import *; print(ensure_push_key(Path(sys.argv[1])))"
    argv = [sys.executable, "-c", script, str(tmp_path)]
    started = [subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate(timeout=PATIENCE_S)[0] for process in started}) == 1


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"])
def test_a_broken_key_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/push.pem").write_bytes(content)
    with pytest.raises(StartError, match=r"push\.pem holds no P-256 private key"):
        ensure_push_key(tmp_path)


def test_a_signature_is_kept_for_hours_and_never_past_its_end(tmp_path: Path) -> None:
    real = FakeClock()
    key = VapidKey(ensure_push_key(tmp_path), "mailto:me@bus.example", real)
    first = key.authorization("https://push.example")
    assert Vapid02.verify(first) and first.endswith(f"k={key.public}")
    real.advance(3600)
    assert key.authorization("https://push.example") == first
    assert key.authorization("https://other.example") != first
    real.advance(GOOD_FOR_S - 3600 - 1)
    assert key.authorization("https://push.example") != first


@pytest.mark.parametrize(
    ("variables", "contact"),
    [
        ({}, "mailto:sixfixed@localhost"),
        ({"SIXFIXED_PUBLIC_URL": "https://bus.example.org"}, "https://bus.example.org"),
        ({"SIXFIXED_PUBLIC_URL": "https://bus.example.org:8443"}, "mailto:sixfixed@bus.example.org"),
        ({"SIXFIXED_PUBLIC_URL": "http://10.0.0.8:8000"}, "mailto:sixfixed@10.0.0.8"),
        ({"SIXFIXED_PUBLIC_URL": "http://bus"}, "mailto:sixfixed@localhost"),
        ({"SIXFIXED_PUSH_CONTACT": "mailto:it@bus.example"}, "mailto:it@bus.example"),
    ],
)
def test_a_push_service_may_turn_to_somebody(tmp_path: Path, variables: dict[str, str], contact: str) -> None:
    settings = load_settings(environ={"SIXFIXED_DATA": str(tmp_path)} | variables)
    assert settings.contact == contact
    # Whatever it is, the library that signs takes it.
    key = VapidKey(ensure_push_key(tmp_path), settings.contact, FakeClock())
    assert Vapid02.verify(key.authorization("https://push.example"))


def test_a_contact_that_is_none_is_one_sentence() -> None:
    with pytest.raises(SettingError, match="push-contact"):
        load_settings(environ={"SIXFIXED_PUSH_CONTACT": "me"})
