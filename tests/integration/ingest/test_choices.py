"""Each guardian is told by their own choice, once, whatever the order and however often it is folded; muted is kept and not told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.adapters.db.outbox import DatabaseOutbox
from server.adapters.db.preferences import PreferencesDb
from server.domain.preference import HOLDS_AFTER_MS, Lead, Preference
from server.domain.trip import NoticeKind
from server.service.courier import Courier
from tests.builders.road import START_MS, Recorder, a_morning
from tests.integration.ingest.conftest import House, Make
from tests.integration.ingest.test_crash import Page
from tests.integration.ingest.test_people import go_to

LONG_AGO = START_MS - 86_400_000
FATHER = "father"


def add_father(house: House) -> None:
    """Give rider4 a second guardian."""
    with house.database.write() as connection:
        connection.execute(
            t.users.insert().values(
                id=FATHER, username=FATHER, role="guardian", password_hash="-", made_at_ms=0, changed_at_ms=0
            )
        )
        connection.execute(
            t.guardians.insert().values(id="g-father", user_id=FATHER, rider_id="rider4", name="Father")
        )
        bump(connection, "catalog")


def choose(house: House, user_id: str, lead: Lead, at_ms: int, muted: tuple[NoticeKind, ...] = ()) -> None:
    with house.database.write() as connection:
        PreferencesDb(connection).put(user_id, "rider4", "to_school", Preference(lead, muted), at_ms)
        bump(connection, "inputs")


def near(house: House) -> dict[str, Any]:
    """Give the one notice of each guardian that the bus comes near to rider4."""
    with house.database.read() as connection:
        rows = list(
            connection.execute(
                select(t.notices).where(
                    t.notices.c.rider_id == "rider4",
                    t.notices.c.kind == "approaching",
                    t.notices.c.withdrawn_at_ms.is_(None),
                )
            )
        )
    found = {row.user_id: row for row in rows}
    assert len(found) == len(rows), "exactly one for a guardian, child and trip"
    return found


def drive(house: House, reverse: bool = False) -> None:
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t)
    house.feed([house.message(entry) for entry in (reversed(entries) if reverse else entries)])
    house.settle()


def test_two_guardians_of_a_child_are_told_each_by_their_own_choice(make_any_house: Make) -> None:
    house = make_any_house()
    add_father(house)
    choose(house, FATHER, Lead("stops", 1), LONG_AGO)
    drive(house)
    told = near(house)
    assert set(told) == {"user-rider4", FATHER}
    assert told[FATHER].at_ms > told["user-rider4"].at_ms
    assert told[FATHER].text_zh.startswith("1 号车的下一站就是Stop 3")
    assert "分钟后到" in told["user-rider4"].text_zh


def test_a_choice_that_changes_during_the_trip_never_tells_twice_and_folds_again_to_the_same(
    make_any_house: Make,
) -> None:
    outcomes = []
    for reverse in (False, True):
        house = make_any_house()
        add_father(house)
        # By stops he is told early; then he wants to be told late, and has been told.
        choose(house, FATHER, Lead("stops", 3), LONG_AGO)
        choose(house, FATHER, Lead("minutes", 1), START_MS + 200_000)
        # She was told by the default, and chooses meanwhile.
        choose(house, "user-rider4", Lead("minutes", 2), START_MS + 240_000)
        drive(house, reverse)
        house.start()
        house.settle()
        outcomes.append({user: (row.at_ms, row.text_zh) for user, row in near(house).items()})
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {"user-rider4", FATHER}
    assert "还有 3 站到" in outcomes[0][FATHER][1]


def test_a_choice_reaches_a_bus_that_is_on_its_way(make_any_house: Make) -> None:
    house = make_any_house()
    entries = a_morning()
    rest = go_to(house, entries, START_MS + 30_000)
    assert near(house) == {}
    choose(house, "user-rider4", Lead("minutes", 30), START_MS + 30_000)
    go_to(house, rest, START_MS + 60_000)
    said = near(house)["user-rider4"]
    assert START_MS + 30_000 + HOLDS_AFTER_MS <= said.at_ms <= START_MS + 60_000


def test_a_late_record_takes_an_early_notice_back_from_who_had_it_and_leaves_the_others(
    make_house: Make,
) -> None:
    house = make_house()
    add_father(house)
    choose(house, FATHER, Lead("stops", 5), LONG_AGO)
    entries = a_morning()
    go_to(house, entries, START_MS + 30_000)
    assert set(near(house)) == {FATHER}
    # The child was aboard already: nobody need be told that the bus comes.
    early = Recorder(at_ms=START_MS - 50_000)
    early.seq = 900
    early.card("CARD4")
    house.feed([house.message(early.entries[0])])
    house.settle()
    assert near(house) == {}


def test_what_is_muted_is_kept_in_the_list_and_told_to_nobody(make_any_house: Make) -> None:
    house = make_any_house()
    add_father(house)
    choose(house, FATHER, Lead("minutes", 5), LONG_AGO, muted=("approaching", "boarded"))
    entries = a_morning()
    go_to(house, entries, START_MS + 420_000)
    page = Page()
    Courier(DatabaseOutbox(house.database), [page], house.clock).deliver()
    with house.database.read() as connection:
        rows = list(connection.execute(select(t.notices).where(t.notices.c.rider_id == "rider4")))
    kinds = {(row.user_id, row.kind): row for row in rows}
    assert {kind for user, kind in kinds if user == FATHER} == {
        kind for user, kind in kinds if user != FATHER
    }
    for kind in ("approaching", "boarded"):
        mine, hers = kinds[FATHER, kind], kinds["user-rider4", kind]
        assert (mine.muted, mine.sent_at_ms, mine.expired_at_ms) == (True, None, None)
        assert not hers.muted and hers.id in page.told and mine.id not in page.told


def test_a_place_that_was_told_wrongly_is_put_right_by_name(make_any_house: Make) -> None:
    """The card that was read at stop 2 had been read at stop 1 already: the bus was in a dead zone there."""
    house = make_any_house()
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.duty()
    bus.wait(60)
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, 1000)
    bus.stop_at(1000)
    early_ms = bus.t - 2000
    bus.drive(1000, 2000)
    bus.stop_at(2000, ("CARD1",), way="off")
    go_to(house, bus.entries, bus.t)
    Courier(DatabaseOutbox(house.database), [Page()], house.clock).deliver()
    late = Recorder(at_ms=early_ms)
    late.seq = 900
    late.card("CARD1", "off")
    house.feed([house.message(late.entries[0])])
    house.settle()
    with house.database.read() as connection:
        said = select(t.notices).where(t.notices.c.rider_id == "rider1", t.notices.c.kind == "correction")
        texts = [row.text_en for row in connection.execute(said.order_by(t.notices.c.occurrence))]
    at = next(text for text in texts if "got off at Stop 1" in text)
    assert at.endswith("not at Stop 2.")
