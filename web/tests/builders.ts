/** Values for tests, whole by default; a test says only what it is about. */

import type { Child } from '../src/model/child.ts';
import type { Finding } from '../src/model/finding.ts';
import type { Instant } from '../src/model/instant.ts';
import type { Position } from '../src/model/position.ts';
import type { ChildTrip, TripStop } from '../src/model/trip.ts';

/** An instant on one school day, in Chinese time: "07:31" or "07:31:20". */
export function at(clock: string): Instant {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return { ms: Date.UTC(2026, 8, 1, hours - 8, minutes, seconds), offset_min: 480 };
}

const named = (id: string, name: string) => ({ id, code: id.toUpperCase(), name });

export function aPosition(over: Partial<Position> = {}): Position {
  return {
    vehicle_id: 'v17',
    trip_id: 't1',
    lat: 37.5,
    lon: 105.2,
    spd: 30,
    hdg: 90,
    at: at('07:20'),
    interval_s: 5,
    metre: 500,
    ...over,
  };
}

export function aStop(id: string, over: Partial<TripStop> = {}): TripStop {
  return {
    ...named(id, `Stop ${id}`),
    lat: 37.5,
    lon: 105.2,
    seq: 1,
    metre: 0,
    planned_at: at('07:22'),
    arrived_at: null,
    departed_at: null,
    passed: false,
    eta: null,
    mine: false,
    ...over,
  };
}

export function aTrip(over: Partial<ChildTrip> = {}): ChildTrip {
  return {
    ...named('t1', 'Route 17'),
    service_date: '2026-09-01',
    direction: 'to_school',
    state: 'en_route',
    instead_of: null,
    bus: { id: 'v17', code: 'ZW-0017', name: '宁E·A0017校' },
    route: named('r17', 'Route 17'),
    stop: named('p3', 'Yingbin Bridge'),
    school_stop: named('p9', 'Third School'),
    planned_at: at('07:30'),
    planned_start_at: at('07:05'),
    planned_end_at: at('07:45'),
    started_at: at('07:06'),
    ended_at: null,
    rider_state: 'expected',
    eta: { at: at('07:32'), low: at('07:31:20'), high: at('07:33:30') },
    stops_before: 2,
    delay_s: 100,
    position: aPosition(),
    stops: [],
    shape: null,
    ...over,
  };
}

export function aChild(trip: ChildTrip | null, over: Partial<Child> = {}): Child {
  return {
    ...named('c1', 'Xiaoyu'),
    grade: null,
    school: named('s1', 'Third School'),
    state: trip?.rider_state ?? null,
    trip,
    trips_today: trip ? [trip] : [],
    rides: [],
    exceptions: [],
    call: [],
    ...over,
  };
}

export function aFinding(over: Partial<Finding> = {}): Finding {
  return {
    id: 'f1',
    kind: 'overspeed',
    severity: 'act',
    trip: named('t1', 'Route 17'),
    vehicle: { id: 'v17', code: 'ZW-0017', name: '宁E·A0017校' },
    driver: null,
    rider: null,
    stop: null,
    began_at: at('07:10'),
    ended_at: null,
    measured: null,
    limit: null,
    evidence: [],
    state: 'open',
    owner: null,
    deadline_at: null,
    answered_at: null,
    call: [],
    calls: null,
    withdrawn_at: null,
    ...over,
  };
}
