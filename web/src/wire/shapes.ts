/** The shapes of the server's JSON, checked and turned into the model: what passes here is trusted everywhere else. */

import * as v from 'valibot';
import { parseInstant, type Instant } from '../model/instant.ts';
import { NOTICE_KINDS } from '../model/notice.ts';
import { ROLES } from '../model/person.ts';
import { DIRECTIONS, RIDER_STATES, TRIP_STATES } from '../model/trip.ts';

export const instant = v.pipe(
  v.string(),
  v.rawTransform<string, Instant>(({ dataset, addIssue, NEVER }) => {
    const parsed = parseInstant(dataset.value);
    if (parsed) return parsed;
    addIssue({ message: `"${dataset.value}" is no RFC 3339 instant` });
    return NEVER;
  }),
);
export const maybe = <T extends v.GenericSchema>(
  schema: T,
): v.GenericSchema<unknown, v.InferOutput<T> | null> =>
  v.nullish(schema, null) as v.GenericSchema<unknown, v.InferOutput<T> | null>;

export const named = v.object({ id: v.string(), code: v.string(), name: v.string() });
export const eta = v.object({ at: instant, low: instant, high: instant });

export const user = v.object({
  id: v.string(),
  username: v.string(),
  name: v.string(),
  role: v.picklist(ROLES),
  scope: maybe(named),
  lang: maybe(v.picklist(['zh', 'en'])),
});
export const session = v.object({ user, csrf: v.string() });

export const position = v.object({
  vehicle_id: v.string(),
  trip_id: maybe(v.string()),
  lat: v.number(),
  lon: v.number(),
  spd: v.number(),
  hdg: maybe(v.number()),
  at: instant,
  interval_s: v.nullish(v.number(), 5),
  metre: maybe(v.number()),
});
export const positions = v.object({ items: v.array(position) });

const stop = v.object({
  ...named.entries,
  lat: v.number(),
  lon: v.number(),
  seq: v.number(),
  metre: v.number(),
  planned_at: instant,
  arrived_at: maybe(instant),
  departed_at: maybe(instant),
  passed: v.boolean(),
  eta: maybe(eta),
  mine: v.boolean(),
});

export const trip = v.pipe(
  v.object({
    ...named.entries,
    service_date: v.string(),
    direction: v.picklist(DIRECTIONS),
    state: v.picklist(TRIP_STATES),
    bus: maybe(named),
    instead_of: maybe(named),
    route: named,
    stop: maybe(named),
    school_stop: named,
    planned_at: maybe(instant),
    planned_start_at: instant,
    planned_end_at: instant,
    started_at: maybe(instant),
    ended_at: maybe(instant),
    rider_state: maybe(v.picklist(RIDER_STATES)),
    eta: maybe(eta),
    stops_before: maybe(v.number()),
    delay_s: maybe(v.number()),
    position: maybe(position),
    stops: v.nullish(v.array(stop), []),
    shape: maybe(v.array(v.tuple([v.number(), v.number()]))),
    shape_metres: maybe(v.array(v.number())),
  }),
  v.transform(({ shape, shape_metres, ...rest }) => ({
    ...rest,
    shape: shape && shape_metres && shape.length > 1 ? { points: shape, metres: shape_metres } : null,
  })),
);

export const ride = v.object({
  dir: v.picklist(['on', 'off']),
  at: instant,
  trip: named,
  stop: maybe(named),
});
export const ridePush = v.object({ child: v.string(), ...ride.entries });
export const exception = v.object({
  id: v.string(),
  service_date: v.string(),
  direction: v.picklist(DIRECTIONS),
});

const contact = v.object({ name: v.string(), role: v.string(), phone: v.string() });

export const child = v.object({
  ...named.entries,
  grade: maybe(v.string()),
  school: named,
  state: maybe(v.picklist(RIDER_STATES)),
  trip: maybe(trip),
  trips_today: v.array(trip),
  rides: v.array(ride),
  exceptions: v.nullish(v.array(exception), []),
  call: v.nullish(v.array(contact), []),
});
export const children = v.object({ items: v.array(child) });

export const notice = v.object({
  id: v.string(),
  // A kind that a newer server knows and this page doesn't is still told, as a message.
  kind: v.fallback(v.picklist(NOTICE_KINDS), 'message'),
  child: named,
  trip: maybe(named),
  at: instant,
  read_at: maybe(instant),
  late: v.nullish(v.boolean(), false),
  muted: v.nullish(v.boolean(), false),
  text: v.object({ zh: v.string(), en: v.string() }),
});
export const notices = v.object({ items: v.array(notice), next: maybe(v.string()) });

export const config = v.object({
  tiles: maybe(
    v.object({
      kind: v.picklist(['xyz', 'pmtiles']),
      url: v.string(),
      crs: v.picklist(['wgs84', 'gcj02']),
      attribution: v.nullish(v.string(), ''),
      maxzoom: v.nullish(v.number(), 19),
    }),
  ),
  demo: v.nullish(v.boolean(), false),
  now: maybe(instant),
  speed: v.nullish(v.number(), 1),
});

export const snapshot = v.object({ child });
export const refusal = v.object({
  error: v.object({
    code: v.string(),
    message: v.nullish(v.string(), ''),
    fields: v.nullish(v.record(v.string(), v.unknown()), {}),
  }),
});
export const ended = v.object({
  watch: v.nullish(v.object({ child: v.optional(v.string()) }), null),
  reason: v.string(),
});

/** Check one value; null (and one line for whoever reads the console) when it isn't what docs/http.md says. */
export function read<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> | null {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const first = result.issues[0];
  console.error(
    `The server's answer is not what this page expects at "${v.getDotPath(first) ?? ''}": ${first.message}`,
  );
  return null;
}
