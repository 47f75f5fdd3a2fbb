"""Sparing estimates changes nothing: with and without, the same is announced at the same positions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain.lull import Lull
from server.domain.plan import TripPlan
from server.domain.preference import Choice, Choices, Lead
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Road, VehicleState
from tests.builders.road import CARDS, LEG_M, LEGS, START_MS, Plans, Recorder, a_morning, a_plan, states


class Forgetful(Plans):
    """Plans whose lulls never last, so that every position is looked at in full."""

    def find_road(self, trip_id: str) -> Road | None:
        """Find a trip's plan by id."""
        road = super().find_road(trip_id)
        return None if road is None else replace(road, lull=Lull())


leads = st.one_of(
    st.builds(Lead, st.just("minutes"), st.integers(1, 30)),
    st.builds(Lead, st.just("stops"), st.integers(1, 5)),
)
choices = st.lists(
    st.builds(
        Choice,
        rider_id=st.sampled_from(sorted(CARDS.values())),
        user_id=st.sampled_from(["mother", "father"]),
        from_ms=st.integers(-600, 1500).map(lambda s: START_MS + 1000 * s),
        lead=leads,
    ),
    max_size=4,
)
legs_s = st.lists(st.integers(20, 900), min_size=LEGS, max_size=LEGS)
stands_s = st.lists(st.integers(0, 120), min_size=LEGS + 1, max_size=LEGS + 1)
# What happens next: seconds, metres (back too), and what is done there.
moves = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.integers(-60, 600),
        st.sampled_from(["drive", "drive", "drive", "stop", "card", "off"]),
    ),
    min_size=1,
    max_size=60,
)


def planned(direction: str, legs: list[int], stands: list[int], chosen: list[Choice]) -> TripPlan:
    """Make the road's plan with other times: so long between stops, so long at each."""
    plan, at_ms, stops = a_plan("to_school" if direction == "to_school" else "from_school"), START_MS, []
    for stop, stand_s, leg_s in zip(plan.stops, stands, [*legs, 0], strict=True):
        stops.append(replace(stop, arrival_ms=at_ms, departure_ms=at_ms + 1000 * stand_s))
        at_ms += 1000 * (stand_s + leg_s)
    return replace(plan, stops=tuple(stops), choices=Choices.of(chosen))


def drive(early_s: int, todo: list[tuple[int, int, str]]) -> list[Entry]:
    """Drive as told, from the first stop on."""
    bus, metre = Recorder(at_ms=START_MS - 1000 * early_s), 0.0
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    for n, (seconds, metres, what) in enumerate(todo):
        bus.wait(seconds)
        metre = min(LEG_M * LEGS, max(0.0, metre + metres))
        card = f"CARD{n % 4 + 1}"
        if what == "stop":
            metre = LEG_M * round(metre / LEG_M)
            bus.stop_at(metre, (card,))
        elif what == "off":
            bus.pos(metre, 40, lat=37.6)
        else:
            if what == "card":
                bus.card(card)
            bus.pos(metre, max(0.0, metres / seconds * 3.6))
    return bus.entries


@given(
    st.sampled_from(["to_school", "from_school"]), legs_s, stands_s, choices, st.integers(-300, 300), moves
)
def test_a_lull_hides_nothing(
    direction: str,
    legs: list[int],
    stands: list[int],
    chosen: list[Choice],
    early_s: int,
    todo: list[tuple[int, int, str]],
) -> None:
    plan, entries = planned(direction, legs, stands, chosen), drive(early_s, todo)
    spared, plain = Plans(plan), Forgetful(plan)
    for one, other in zip(states(entries, spared), states(entries, plain), strict=True):
        assert one == other


class Counting(Lull):
    """A lull that counts how often it is begun: once for each look at all estimates."""

    begun: int = 0

    def begin(self, trip: TripState, t_ms: int, until_ms: float, ms_per_m: float) -> None:
        """Count, and begin."""
        self.begun += 1
        super().begin(trip, t_ms, until_ms, ms_per_m)


def test_most_positions_are_spared() -> None:
    lull, entries = Counting(), a_morning()
    road = replace(Road.of(a_plan()), lull=lull)
    plans = Plans(road.plan)
    plans.find_road = lambda trip_id: road if trip_id == "trip1" else None  # type: ignore[method-assign]
    under_way = sum(
        1
        for state, entry in zip(states(entries, plans), entries, strict=True)
        if isinstance(entry.record, Position) and state.trip is not None and state.trip.state == "en_route"
    )
    assert under_way > 60 and lull.begun < under_way / 3, (under_way, lull.begun)


def test_folded_twice_with_the_same_road_it_announces_the_same_at_the_same_position() -> None:
    """The lull of the first time has seen later positions, and must not hold for the second."""
    plans, entries = Plans(a_plan()), a_morning()
    once = [state.trip for state in states(entries, plans)]
    again = [state.trip for state in states(entries, plans, VehicleState("bus"))]
    assert once == again
    halfway = list(states(entries, plans))[len(entries) // 3]
    rest = entries[len(entries) // 3 + 1 :]
    for _ in range(2):
        assert list(states(rest, plans, halfway))[-1].trip == once[-1]
