"""Tells the log when a connection came and when it went: each once, however often it is tried in between."""

from __future__ import annotations

from logging import Logger

from server.adapters.mqtt.connection import Change, State


class ChangeLog:
    """Takes every change of one connection."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._was_ready = False
        self._said: set[str] = set()

    def note(self, change: Change, *, lasting: bool = False, more: str = "") -> None:
        """Say a change that is news; each cause of one outage once, and a `lasting` session that the broker has forgotten."""
        if change.state is State.READY:
            self._said.clear()
            self._log.info("%s%s", change.detail, more)
            if lasting and self._was_ready and not change.session_present:
                self._log.warning(
                    "the broker has forgotten what it kept for this role; recorders send again what was not saved"
                )
            self._was_ready = True
        elif change.state is State.LOST and change.detail not in self._said:
            self._said.add(change.detail)
            self._log.warning("%s; trying again until it is back", change.detail)
