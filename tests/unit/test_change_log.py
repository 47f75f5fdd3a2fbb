"""An outage is a line or two in the log, not one a second."""

import logging

import pytest

from server.adapters.mqtt.change_log import ChangeLog
from server.adapters.mqtt.connection import Change, State

REFUSED = Change(State.LOST, "mqtt://b can't be reached: connection refused")
LOST = Change(State.LOST, "mqtt://b: connection lost")
BACK = Change(State.READY, "connected to mqtt://b", session_present=True)
FORGOTTEN = Change(State.READY, "connected to mqtt://b", session_present=False)


def said(caplog: pytest.LogCaptureFixture, *changes: Change) -> list[str]:
    changes_log = ChangeLog(logging.getLogger("test"))
    with caplog.at_level(logging.INFO):
        for change in changes:
            changes_log.note(change, lasting=True)
    return [record.getMessage().split(";")[0] for record in caplog.records]


def test_each_cause_of_an_outage_is_said_once_and_the_next_outage_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = said(caplog, BACK, LOST, REFUSED, REFUSED, REFUSED, BACK, REFUSED, REFUSED)
    assert lines == [BACK.detail, LOST.detail, REFUSED.detail, BACK.detail, REFUSED.detail]


def test_a_session_that_was_wiped_between_two_connections_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert "forgotten" in said(caplog, FORGOTTEN, LOST, FORGOTTEN)[-1]


def test_the_first_session_ever_is_no_loss(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, FORGOTTEN) == [FORGOTTEN.detail]
