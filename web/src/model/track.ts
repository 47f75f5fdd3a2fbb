/** What a recorder said along one trip, position by position, and what can be read from it at an instant. */

import type { Instant } from './instant.ts';
import { bearing, distanceM, type Spot } from './glide.ts';
import type { PlannedStop } from './staff_trip.ts';
import type { Shape } from './trip.ts';

/** One position with its signals; null: this bus never said. */
export type Fix = {
  readonly at: Instant;
  readonly lat: number;
  readonly lon: number;
  /** km/h. */
  readonly spd: number;
  readonly hdg: number | null;
  /** Metres. */
  readonly acc: number | null;
  /** A satellite fix, and no guess between two. */
  readonly sure: boolean;
  readonly door: boolean | null;
  readonly lamp: boolean | null;
  readonly arm: boolean | null;
  /** The speed limit there, km/h. */
  readonly limit: number | null;
};

/** A badge that was read. */
export type SignOn = {
  readonly at: Instant;
  readonly role: 'driver' | 'attendant';
  readonly state: 'on' | 'off';
  readonly badge: string;
  readonly name: string | null;
  /** mg per litre of breath. */
  readonly alcohol: number | null;
  readonly tag: string | null;
};

export type Track = {
  readonly fixes: readonly Fix[];
  readonly corridor_m: number | null;
  readonly signed_on: readonly SignOn[];
};

export const BANDS = ['door', 'lamp', 'arm'] as const;
export type Band = (typeof BANDS)[number];
export type Span = { readonly from: number; readonly to: number };

/** A bus on its way that says nothing for longer was not seen (settings: unseen_s). */
export const SILENT_MS = 45_000;

/** The index of the last position at or before an instant (ms); -1 before all. */
export function indexAt(fixes: readonly Fix[], ms: number): number {
  let low = 0;
  let high = fixes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fixes[middle]?.at.ms ?? Infinity) <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where the bus was at an instant: between two reports on the straight line, in a silence where it was last heard. */
export function spotAt(fixes: readonly Fix[], ms: number): Spot | null {
  const index = indexAt(fixes, ms);
  const here = fixes[index];
  if (!here) return null;
  const next = fixes[index + 1];
  const span = next ? next.at.ms - here.at.ms : Infinity;
  if (!next || span > SILENT_MS) return { lat: here.lat, lon: here.lon, hdg: here.hdg, metre: null };
  const share = (ms - here.at.ms) / span;
  const moved = distanceM(here, next) > 3;
  return {
    lat: here.lat + (next.lat - here.lat) * share,
    lon: here.lon + (next.lon - here.lon) * share,
    hdg: moved ? bearing([here.lat, here.lon], [next.lat, next.lon]) : here.hdg,
    metre: null,
  };
}

/** When a signal was on, from the position that says so to the first that doesn't; null where it was never sent. */
export function bandsOf(fixes: readonly Fix[], which: Band): readonly Span[] | null {
  if (fixes.every((fix) => fix[which] === null)) return null;
  const spans: Span[] = [];
  let from: number | null = null;
  let last = 0;
  for (const fix of fixes) {
    if (from !== null && fix.at.ms - last > SILENT_MS) {
      spans.push({ from, to: last });
      from = null;
    }
    if (fix[which] === true) from ??= fix.at.ms;
    else if (from !== null && fix[which] === false) {
      spans.push({ from, to: fix.at.ms });
      from = null;
    }
    last = fix.at.ms;
  }
  if (from !== null) spans.push({ from, to: last });
  return spans;
}

/** When nothing was heard. */
export function silencesOf(fixes: readonly Fix[]): readonly Span[] {
  return fixes.flatMap((fix, index) => {
    const before = fixes[index - 1];
    return before && fix.at.ms - before.at.ms > SILENT_MS ? [{ from: before.at.ms, to: fix.at.ms }] : [];
  });
}

/** Metres from a place to the nearest part of a shape (flat earth: right within a degree). */
export function offsetM(shape: Shape, { lat, lon }: Pick<Spot, 'lat' | 'lon'>): number {
  const ky = 111_320;
  const kx = ky * Math.cos((lat * Math.PI) / 180);
  let best = Infinity;
  for (let index = 1; index < shape.points.length; index++) {
    const a = shape.points[index - 1];
    const b = shape.points[index];
    if (!a || !b) continue;
    const ax = (a[1] - lon) * kx;
    const ay = (a[0] - lat) * ky;
    const dx = (b[1] - a[1]) * kx;
    const dy = (b[0] - a[0]) * ky;
    const square = dx * dx + dy * dy;
    const share = square > 0 ? Math.min(1, Math.max(0, -(ax * dx + ay * dy) / square)) : 0;
    best = Math.min(best, Math.hypot(ax + share * dx, ay + share * dy));
  }
  return best;
}

/** Whether a position proves that the bus was outside the corridor: a fix, further off than the corridor and its own accuracy. */
export function isOutside(fix: Fix, shape: Shape | null, corridor_m: number | null): boolean {
  if (!shape || corridor_m === null || !fix.sure) return false;
  return offsetM(shape, fix) > corridor_m + (fix.acc ?? 0);
}

/** A track with what was said since; a repeat replaces. */
export function joined(track: Track, later: Track): Track {
  const first = later.fixes[0];
  if (!first) return { ...later, fixes: track.fixes };
  const kept = track.fixes.filter((fix) => fix.at.ms < first.at.ms);
  return { ...later, fixes: [...kept, ...later.fixes] };
}

/** The stops as they stood at an instant; what was expected then nobody knows any more. */
export function stopsAt(stops: readonly PlannedStop[], ms: number): PlannedStop[] {
  const reached = stops.findLastIndex((stop) => stop.arrived_at !== null && stop.arrived_at.ms <= ms);
  return stops.map((stop, index) => {
    const arrived = stop.arrived_at !== null && stop.arrived_at.ms <= ms;
    const departed = stop.departed_at !== null && stop.departed_at.ms <= ms;
    return {
      ...stop,
      arrived_at: arrived ? stop.arrived_at : null,
      departed_at: departed ? stop.departed_at : null,
      passed: stop.passed && (departed || index < reached),
      eta: null,
    };
  });
}
