/** The shapes of docs/http.md, "Crew, school and desk" and the lists beside it, checked and turned into the model. */

import * as v from 'valibot';
import { FIXED, OPEN_POINTS, VERDICT_VALUES } from '../model/staff_trip.ts';
import { DIRECTIONS, RIDER_STATES, TRIP_STATES } from '../model/trip.ts';
import { eta, instant, maybe, named, position } from './shapes.ts';
import { duty, evidence, kind, severity, substitution } from './staff_alarm_shapes.ts';

export const staffTrip = v.object({
  id: v.string(),
  code: v.string(),
  service_date: v.string(),
  direction: v.picklist(DIRECTIONS),
  route: named,
  vehicle: maybe(named),
  driver: maybe(named),
  school: maybe(named),
  state: v.picklist(TRIP_STATES),
  planned_start_at: instant,
  planned_end_at: instant,
  started_at: maybe(instant),
  ended_at: maybe(instant),
  delay_s: maybe(v.number()),
  findings_open: v.nullish(v.number(), 0),
  worst: maybe(v.object({ kind, severity })),
});
export const staffTrips = v.object({ items: v.array(staffTrip), next: maybe(v.string()) });

export const counts = v.object({
  planned: v.number(),
  expected: v.number(),
  aboard: v.number(),
  alighted: v.number(),
  handed_over: v.number(),
  absent: v.number(),
  no_show: v.number(),
  strangers: v.number(),
});

const saidCount = v.object({ count: v.number(), at: instant, by: named });
export const signOff = v.object({
  delivered: maybe(saidCount),
  received: maybe(v.object({ ...saidCount.entries, remarks: maybe(v.string()) })),
  agreed: v.boolean(),
  aboard: v.number(),
  rear_checked_at: maybe(instant),
  // A reason that a newer server has and this page does not know still keeps the trip open on the server.
  open: v.pipe(
    v.array(v.string()),
    v.transform((open) => OPEN_POINTS.filter((point) => open.includes(point))),
  ),
});
export const signedOff = v.object({ sign_off: signOff });

const verdict = v.object({
  value: v.picklist(VERDICT_VALUES),
  final: v.boolean(),
  reason: v.nullish(v.string(), ''),
  evidence: v.fallback(v.nullish(v.array(evidence), []), []),
  not_measured: v.nullish(v.array(v.string()), []),
});
const verdicts = v.object(
  Object.fromEntries(FIXED.map((which) => [which, verdict])) as Record<
    (typeof FIXED)[number],
    typeof verdict
  >,
);

const planStop = v.object({
  ...named.entries,
  seq: v.number(),
  lat: v.number(),
  lon: v.number(),
  metre: v.number(),
  arrival_at: instant,
});
const visit = v.object({
  seq: v.number(),
  arrived_at: maybe(instant),
  departed_at: maybe(instant),
  passed: v.nullish(v.boolean(), false),
  eta: maybe(eta),
});

export const tripDetail = v.pipe(
  v.object({
    ...staffTrip.entries,
    plan: v.object({
      stops: v.array(planStop),
      shape: v.array(v.tuple([v.number(), v.number()])),
      shape_metres: v.array(v.number()),
    }),
    visits: v.array(visit),
    position: maybe(position),
    counts: maybe(counts),
    verdicts: maybe(verdicts),
    sign_off: maybe(signOff),
    substitution: maybe(substitution),
    duty: maybe(duty),
  }),
  v.transform(({ plan, visits, ...rest }) => ({
    ...rest,
    // One line a stop: what was planned, beside what became of it.
    stops: plan.stops.map(({ arrival_at, ...stop }) => ({
      ...stop,
      planned_at: arrival_at,
      ...(visits.find((one) => one.seq === stop.seq) ?? {
        arrived_at: null,
        departed_at: null,
        passed: false,
        eta: null,
      }),
    })),
    shape: plan.shape.length > 1 ? { points: plan.shape, metres: plan.shape_metres } : null,
  })),
);

const rider = v.object({
  ...named.entries,
  grade: maybe(v.string()),
  state: v.picklist(RIDER_STATES),
  since: maybe(instant),
});
export const manifest = v.object({
  stops: v.array(
    v.object({ ...named.entries, seq: v.number(), planned_at: instant, riders: v.array(rider) }),
  ),
  strangers: v.nullish(v.array(rider), []),
});

export const board = v.object({
  items: v.array(
    v.object({
      trip: staffTrip,
      from: named,
      planned_at: instant,
      eta: maybe(eta),
      arrived_at: maybe(instant),
      stale: v.boolean(),
      position_at: maybe(instant),
      counts,
      sign_off: maybe(signOff),
      missing: v.nullish(v.array(rider), []),
      substitution: maybe(substitution),
    }),
  ),
});

/** What a 409 to a school's count says in its `fields`. */
export const mismatch = v.object({
  delivered: v.number(),
  received: v.number(),
  in_doubt: v.array(v.object({ ...named.entries, state: v.picklist(RIDER_STATES) })),
});

export const accepted = v.object({ accepted: v.array(v.string()) });

export const jurisdictions = v.object({
  items: v.array(v.object({ ...named.entries, parent: maybe(named) })),
});
export const schools = v.object({
  items: v.array(v.object({ ...named.entries, jurisdiction: maybe(named) })),
});

export const devices = v.object({
  items: v.array(
    v.object({
      id: v.string(),
      code: v.string(),
      vehicle: named,
      active: v.boolean(),
      online: maybe(v.boolean()),
      seen_at: maybe(instant),
      skew_ms: maybe(v.number()),
      firmware: maybe(v.string()),
      rejected: v.number(),
    }),
  ),
  next: maybe(v.string()),
});
export const rejected = v.object({
  items: v.array(
    v.object({
      seq: maybe(v.number()),
      kind: v.string(),
      reason: v.string(),
      received_at: instant,
      payload: v.string(),
    }),
  ),
});
export const audit = v.object({
  items: v.array(
    v.object({
      id: v.number(),
      at: instant,
      user: maybe(named),
      action: v.string(),
      object: maybe(v.string()),
      detail: maybe(v.string()),
    }),
  ),
});
