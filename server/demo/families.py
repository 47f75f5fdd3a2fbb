"""The demo's children and who looks after them: some have two guardians, some guardians two children."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import msgspec

from server.demo.names import Names
from server.service.packs import rows as p

_GRADES = "一二三四五六"


class _Elder(msgspec.Struct, frozen=True):
    """A guardian who may get a second child at the same stop."""

    username: str
    name: str
    family: str
    stop: str


class Families:
    """Grows by a child at a time; a seed decides the names."""

    def __init__(self, seed: int) -> None:
        self.riders: list[p.Rider] = []
        self.guardians: list[p.Guardian] = []
        self.ride_plans: list[p.RidePlan] = []
        self.users: list[p.User] = []
        self._names = Names(seed + 1)
        self._random = Random(seed)
        self._last: _Elder | None = None

    def add(self, school: str, stop: str, timetables: Iterable[str]) -> None:
        """Add a child who rides these timetables every day, an account that is told, and now and then a second one."""
        number = len(self.riders) + 1
        code = f"ST-{number:05}"
        same_stop = self._last is not None and self._last.stop == stop
        elder = self._last if same_stop and self._random.random() < 0.15 else None
        family = elder.family if elder else self._names.family()
        self.riders.append(
            p.Rider(
                id=code,
                school_id=school,
                name=family + self._names.given(),
                grade=f"{self._random.choice(_GRADES)}年级",
                card=f"04{self._random.getrandbits(24):06X}{number:06X}",
            )
        )
        self.ride_plans += [
            p.RidePlan(rider_id=code, trip_id=timetable, stop_id=stop, weekdays="1234567")
            for timetable in timetables
        ]
        if elder:
            self._last = None
            self._guard(elder.username, elder.name, code, "母亲")
        else:
            username, name = f"p{number:05}", family + self._names.given()
            self._account(username, name, code, "父亲")
            self._last = _Elder(username, name, family, stop)
        if self._random.random() < 0.15:
            self._account(f"q{number:05}", self._names.person(), code, "祖父母")

    def _account(self, username: str, name: str, rider: str, relation: str) -> None:
        self.users.append(p.User(username=username, role="guardian", name=name))
        self._guard(username, name, rider, relation)

    def _guard(self, username: str, name: str, rider: str, relation: str) -> None:
        self.guardians.append(
            p.Guardian(
                username=username, rider_id=rider, name=name, phone=self._names.phone(), relation=relation
            )
        )
