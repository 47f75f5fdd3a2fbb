"""The demo county is of real size, plausible and sound; every plan can be kept, and every run has riders."""

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import msgspec
import pytest

from server.demo.areas import AREAS
from server.demo.county_pack import make_county, renew
from server.demo.routes import ROUTES
from server.demo.streets import draw, sharpest_turn
from server.domain.geo import distance_m
from server.service.packs.fault import Remarks
from server.service.packs.judging import judge
from server.service.packs.network import PlanDraft, lay_out
from server.service.packs.pack import Pack

SPARES = 6
TODAY = date(2026, 9, 1)
LAW_MPS = 60 / 3.6  # State Council decree 617, article 35
BRAKING_S = 17.0  # what pulling away at 1 m/s² and braking add to a leg at 60 km/h


@pytest.fixture(scope="module")
def county() -> Pack:
    return make_county(TODAY)


@pytest.fixture(scope="module")
def drafts(county: Pack) -> dict[str, PlanDraft]:
    return {draft.code: draft for draft in lay_out(county.over(Pack()), Remarks())}


def test_it_has_the_size_of_a_real_county(county: Pack) -> None:
    assert len(county.routes or ()) == 46
    assert len(county.vehicles or ()) == len(county.devices or ()) == 46 + SPARES
    assert Counter(person.role for person in county.people or ()) == {
        "driver": 46 + SPARES,
        "attendant": 46 + SPARES,
    }
    assert 2_000 <= len(county.riders or ()) <= 2_200
    assert len(county.schools or ()) == 18
    assert {level for *_, level in AREAS} == {"city", "county", "township"}
    assert {user.role for user in county.users or ()} == {
        "admin", "regulator", "operator", "school", "attendant", "driver", "guardian",
    }  # fmt: skip


@pytest.mark.parametrize("buses", [1, 6, 46])
def test_the_pack_is_sound(buses: int) -> None:
    county = make_county(TODAY, buses)
    remarks = Remarks()
    judge(county, county.over(Pack()), remarks)
    lay_out(county.over(Pack()), remarks)
    assert (remarks.faults, remarks.warnings) == ([], [])
    assert len(county.vehicles or ()) == buses + (SPARES if buses == 46 else 0)


def test_each_company_has_two_spare_buses_that_no_permit_names(county: Pack) -> None:
    driving = {permit.vehicle_id for permit in county.permits or ()}
    spare = [bus for bus in county.vehicles or () if bus.id not in driving]
    assert Counter(bus.operator_id for bus in spare) == {"ZWXC": 2, "ZNXC": 2, "HYXC": 2}
    assert {device.vehicle_id for device in county.devices or ()} >= {bus.id for bus in spare}
    crews = {permit.driver_badge for permit in county.permits or ()}
    idle = [person for person in county.people or () if person.role == "driver" and person.badge not in crews]
    accounts = {user.scope_id for user in county.users or () if user.role == "driver"}
    assert len(idle) == SPARES and {person.badge for person in idle} <= accounts


def test_every_leg_can_be_kept_by_a_bus_that_keeps_the_law(
    county: Pack, drafts: dict[str, PlanDraft]
) -> None:
    riders = Counter((plan.trip_id, plan.stop_id) for plan in county.ride_plans or ())
    aboard = Counter(plan.trip_id for plan in county.ride_plans or ())
    seats = min(vehicle.seats for vehicle in county.vehicles or ())
    schools = {school.stop_id for school in county.schools or ()}
    for draft in drafts.values():
        assert 10 <= aboard[draft.code] <= seats
        for here, there in pairwise(draft.stops):
            leg_m, leg_s = there[3] - here[3], there[1] - here[2]
            assert 900 <= leg_m <= 2_700
            assert 25 <= leg_m / leg_s * 3.6 <= 42
            assert leg_s > leg_m / LAW_MPS + BRAKING_S + 10
        for code, arrival_s, departure_s, _ in draft.stops[:-1]:
            count = aboard[draft.code] if code in schools else riders[draft.code, code]
            assert count >= 1
            assert departure_s - arrival_s >= 12 + 4 * count


def test_roads_bend_without_corners_and_lie_around_zhongwei() -> None:
    for route in ROUTES:
        line, stops = draw(route.street)
        assert sharpest_turn(line) < 8
        assert len(stops) == len(route.stops) + 1 == len(set(route.stops)) + 1
        length_m, straight_m = sum(route.street.legs_m), distance_m(*line[0], *line[-1])
        assert 1.01 < length_m / straight_m < 1.4
        # A point of the line may be left out only where it hardly bends.
        drawn_m = sum(distance_m(*a, *b) for a, b in pairwise(line))
        assert 0.998 < drawn_m / length_m < 1.002
        # Zhongwei's three counties.
        assert all(36.3 < lat < 37.8 and 104.8 < lon < 106.3 for lat, lon in line)


def test_buses_run_around_the_clock_one_trip_after_the_other(
    county: Pack, drafts: dict[str, PlanDraft]
) -> None:
    work: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for permit in county.permits or ():
        stops = drafts[permit.trip_id].stops
        work[permit.vehicle_id].append((stops[0][1], stops[-1][1], permit.trip_id))
    for runs in work.values():
        runs.sort()
        runs.append((runs[0][0] + 86_400, 0, ""))
        gaps = [there[0] - here[1] for here, there in pairwise(runs)]
        assert min(gaps) >= 240
        assert max(gaps) <= 400
        assert [trip[-1] for *_, trip in runs[:-1]] == ["T", "F"] * ((len(runs) - 1) // 2)


def test_most_buses_are_on_the_road_at_any_minute(drafts: dict[str, PlanDraft]) -> None:
    on_the_road = [0] * 1440
    for draft in drafts.values():
        for minute in range(draft.stops[0][2] // 60, draft.stops[-1][1] // 60):
            on_the_road[minute % 1440] += 1
    assert min(on_the_road) >= 34


def test_every_child_goes_to_school_and_home_by_turns_and_never_while_on_another_bus(
    county: Pack, drafts: dict[str, PlanDraft]
) -> None:
    rides: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for plan in county.ride_plans or ():
        draft = drafts[plan.trip_id]
        at = {code: arrival_s for code, arrival_s, _, _ in draft.stops}[plan.stop_id]
        to_school = plan.trip_id.endswith("T")
        span = (at, draft.stops[-1][1]) if to_school else (draft.stops[0][2], at)
        rides[plan.rider_id].append((*span, plan.trip_id[-1], plan.stop_id))
    assert set(rides) == {rider.id for rider in county.riders or ()}
    for mine in rides.values():
        mine.sort()
        assert [way for *_, way, _ in mine] in (["T", "F"] * 5, ["F", "T"] * 5)
        assert len({stop for *_, stop in mine}) == 1
        mine.append((mine[0][0] + 86_400, 0, "", ""))
        # At school, and at home, for half an hour at least: a person sees the child there.
        assert min(there[0] - here[1] for here, there in pairwise(mine)) >= 1_800


def test_every_child_has_somebody_who_is_told(county: Pack) -> None:
    told: dict[str, set[str]] = defaultdict(set)
    cares: dict[str, set[str]] = defaultdict(set)
    for guardian in county.guardians or ():
        told[guardian.rider_id].add(guardian.username)
        cares[guardian.username].add(guardian.rider_id)
    assert set(told) == {rider.id for rider in county.riders or ()}
    assert {len(found) for found in told.values()} == {1, 2}
    assert {len(found) for found in cares.values()} == {1, 2}


def test_papers_are_in_date_whenever_it_is_started(county: Pack) -> None:
    for today in (TODAY, date(2027, 2, 28), date(2033, 12, 31)):
        fresh = renew(county, today)
        for permit in fresh.permits or ():
            assert permit.valid_from < today.isoformat() < permit.valid_until
        for vehicle in fresh.vehicles or ():
            assert min(vehicle.inspection_until, vehicle.insurance_until) >= max(
                permit.valid_until for permit in fresh.permits or ()
            )
        for person in fresh.people or ():
            assert person.qualified_until > today.isoformat()
            if person.role == "driver":
                assert 25 <= today.year - int((person.born or "")[:4]) <= 60


def test_the_same_day_gives_the_same_county_but_for_secrets(county: Pack) -> None:
    def without_secrets(pack: Pack) -> Pack:
        bare = tuple(msgspec.structs.replace(device, secret=None) for device in pack.devices or ())
        return msgspec.structs.replace(pack, devices=bare)

    again = make_county(TODAY)
    assert without_secrets(again) == without_secrets(county)
    assert {one.secret for one in again.devices or ()}.isdisjoint(
        {one.secret for one in county.devices or ()}
    )
