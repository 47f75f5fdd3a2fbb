"""`saved` as devices hear it (PROTOCOL; INTERFACES ruling 12): once a second at most, at once on `online`, only for what is committed."""

from __future__ import annotations

from server.service.watermark import SavedAnswer
from tests.builders.road import START_MS, Recorder
from tests.integration.ingest.conftest import House, Make


def standing(n: int, device: str = "DEV-1") -> Recorder:
    bus = Recorder(device, START_MS - 600_000)
    for _ in range(n):
        bus.pos(0)
        bus.wait(1)
    return bus


def hear(house: House) -> list[SavedAnswer]:
    house.ingest.tick()
    heard = [answer for _, answer in house.speaker.answers]
    house.speaker.answers.clear()
    return heard


def feed(house: House, bus: Recorder, *seqs: int) -> None:
    house.feed([house.message(bus.entries[seq - 1]) for seq in seqs])


def test_saved_goes_out_at_most_once_a_second_and_loses_nothing(make_house: Make) -> None:
    house, bus = make_house(), standing(30)
    heard: list[SavedAnswer] = []
    for seq in range(1, 31):
        feed(house, bus, seq)
        heard += hear(house)
        house.clock.advance(0.1)
    house.clock.advance(1)
    heard += hear(house)
    assert 4 <= len(heard) <= 5
    assert heard[-1] == SavedAnswer(0, 30, ())


def test_a_hole_is_asked_for_after_five_seconds_though_the_device_says_nothing_more(make_house: Make) -> None:
    house, bus = make_house(), standing(10)
    feed(house, bus, 1, 2, 3, 7, 8)
    assert hear(house) == [SavedAnswer(0, 3, ())]
    house.clock.advance(5.1)
    assert hear(house) == [SavedAnswer(0, 8, ((4, 6),))]


def test_after_a_restart_a_hole_is_asked_for_though_the_device_only_says_that_it_is_there(
    make_house: Make,
) -> None:
    house, bus = make_house(), standing(10)
    feed(house, bus, 1, 2, 3, 7, 8)
    house.start()
    house.feed([house.raw("DEV-1", "online", b'{"v":1,"online":1,"oldest":1,"next":11}')])
    assert hear(house) == [SavedAnswer(0, 3, ())]
    house.clock.advance(5.1)
    assert hear(house) == [SavedAnswer(0, 8, ((4, 6),))]


def test_a_device_that_comes_back_with_a_hole_is_answered_at_once_and_again(make_house: Make) -> None:
    house, bus = make_house(), standing(10)
    feed(house, bus, 1, 2, 3, 7, 8)
    house.clock.advance(5.1)
    hear(house)
    online = house.raw("DEV-1", "online", b'{"v":1,"online":1,"oldest":1,"next":9}')
    for _ in range(2):
        house.feed([online])
        assert hear(house) == [SavedAnswer(0, 8, ((4, 6),))], "the one before may have been lost on its way"


def test_a_device_that_sends_again_what_is_saved_is_told_so_again(make_house: Make) -> None:
    house, bus = make_house(), standing(10)
    feed(house, bus, 1, 2, 3, 7, 8)
    house.clock.advance(5.1)
    hear(house)
    house.clock.advance(1.1)
    feed(house, bus, 1, 2)
    assert hear(house) == [SavedAnswer(0, 8, ((4, 6),))]


def test_a_named_gap_counts_as_received_and_what_it_overlaps_stays(make_any_house: Make) -> None:
    house, bus = make_any_house(), standing(10)
    feed(house, bus, 1, 2, 3, 4, 8)
    house.feed([house.raw("DEV-1", "batch", b'{"v":1,"records":[{"k":"gap","seq":3,"to":7}]}')])
    assert hear(house) == [SavedAnswer(0, 8, ())]
    found = house.outcome()["records"]
    assert [(row[2], row[3]) for row in found] == [
        (1, "pos"), (2, "pos"), (3, "pos"), (4, "pos"), (5, "gap"), (8, "pos"),
    ]  # fmt: skip


def test_a_higher_epoch_begins_anew_and_the_old_one_is_still_answered(make_house: Make) -> None:
    house, bus = make_house(), standing(5)
    feed(house, bus, 1, 2, 3)
    hear(house)
    house.clock.advance(1.1)
    again = b'{"v":1,"epoch":1,"seq":1,"t":%d,"lat":37.5,"lon":105.0,"spd":0}' % START_MS
    house.feed([house.raw("DEV-1", "pos", again)])
    assert hear(house) == [SavedAnswer(1, 1, ())]
    house.clock.advance(1.1)
    feed(house, bus, 4)
    assert SavedAnswer(0, 4, ()) in hear(house)


def test_a_rejected_record_counts_as_saved_and_is_kept_with_its_reason(make_any_house: Make) -> None:
    house, bus = make_any_house(), standing(3)
    feed(house, bus, 1)
    house.feed([house.raw("DEV-1", "pos", b'{"v":1,"seq":2,"t":%d,"lat":91,"lon":0,"spd":0}' % START_MS)])
    feed(house, bus, 3)
    assert hear(house) == [SavedAnswer(0, 3, ())]
    assert len(house.outcome()["records"]) == 2
