/** Asks for the track of a trip with its signals, its limits and who signed on, checked and turned into the model. */

import * as v from 'valibot';
import type { Instant } from '../model/instant.ts';
import type { Track } from '../model/track.ts';
import type { Http } from './http.ts';
import { instant, maybe } from './shapes.ts';

const signal = v.pipe(
  maybe(v.number()),
  v.transform((said) => (said === null ? null : said === 1)),
);
const feature = v.pipe(
  v.object({
    geometry: v.object({ coordinates: v.tuple([v.number(), v.number()]) }),
    properties: v.object({
      at: instant,
      spd: v.number(),
      hdg: maybe(v.number()),
      acc: maybe(v.number()),
      fix: v.nullish(v.number(), 1),
      door: signal,
      lamp: signal,
      arm: signal,
      limit: maybe(v.number()),
    }),
  }),
  v.transform(({ geometry, properties: { fix, ...said } }) => ({
    ...said,
    lon: geometry.coordinates[0],
    lat: geometry.coordinates[1],
    sure: fix === 1,
  })),
);
export const track = v.pipe(
  v.object({
    features: v.array(feature),
    corridor_m: maybe(v.number()),
    signed_on: v.nullish(
      v.array(
        v.object({
          at: instant,
          role: v.picklist(['driver', 'attendant']),
          state: v.picklist(['on', 'off']),
          badge: v.string(),
          name: maybe(v.string()),
          alcohol: maybe(v.number()),
          tag: maybe(v.string()),
        }),
      ),
      [],
    ),
  }),
  v.transform(({ features, ...rest }): Track => ({ ...rest, fixes: features })),
);

/** The track of a trip, whole or from an instant on. Throws Failure: refused with 404 where no bus ran it. */
export function askTrack(http: Http, trip: string, from: Instant | null = null): Promise<Track> {
  const since = from === null ? '' : `?from=${encodeURIComponent(new Date(from.ms).toISOString())}`;
  return http.get(track, `/trips/${encodeURIComponent(trip)}/track${since}`);
}
