/** A bus's way on the screen: it glides along the shape from report to report for one interval, and then waits. */

import type { Position } from './position.ts';
import type { Shape } from './trip.ts';

export type Spot = {
  readonly lat: number;
  readonly lon: number;
  /** Degrees clockwise from north; null when nobody knows. */
  readonly hdg: number | null;
  /** Metres along the shape; null when the bus is off it. */
  readonly metre: number | null;
};

export type Glide = {
  readonly from: Spot;
  readonly to: Spot;
  /** This device's clock, ms. */
  readonly began_ms: number;
  readonly lasts_ms: number;
};

/** Longer than this in one interval is no drive (a first fix, a gap): the marker jumps instead of racing. */
const LEAP_M = 1500;
/** A report every minute would creep; nobody watches a marker that long. */
const LONGEST_MS = 15_000;
const METRES_PER_DEGREE = 111_320;

/** Bearing from one point to another, degrees clockwise from north (flat earth: right within a degree over a route's segment). */
export function bearing(a: readonly [number, number], b: readonly [number, number]): number {
  const east = (b[1] - a[1]) * Math.cos(((a[0] + b[0]) / 2) * (Math.PI / 180));
  return (Math.atan2(east, b[0] - a[0]) * (180 / Math.PI) + 360) % 360;
}

/** Metres between two points (flat earth: under 0.1 % within a route). */
export function distanceM(a: Pick<Spot, 'lat' | 'lon'>, b: Pick<Spot, 'lat' | 'lon'>): number {
  const east = (b.lon - a.lon) * Math.cos(((a.lat + b.lat) / 2) * (Math.PI / 180));
  return Math.hypot(east, b.lat - a.lat) * METRES_PER_DEGREE;
}

/** The last point of the shape at or before `metre` (0 for a metre before it begins). */
function segmentAt(shape: Shape, metre: number): number {
  let low = 0;
  let high = Math.max(0, shape.metres.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((shape.metres[middle] ?? Infinity) <= metre) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The point of the shape at `metre`, held to its ends, with the shape's own direction there. */
export function spotAt(shape: Shape, metre: number): Spot | null {
  const index = segmentAt(shape, metre);
  const a = shape.points[index];
  const b = shape.points[index + 1] ?? a;
  if (!a || !b) return null;
  const start = shape.metres[index] ?? 0;
  const length = (shape.metres[index + 1] ?? start) - start;
  const share = length > 0 ? Math.min(1, Math.max(0, (metre - start) / length)) : 0;
  return {
    lat: a[0] + (b[0] - a[0]) * share,
    lon: a[1] + (b[1] - a[1]) * share,
    hdg: a === b ? null : bearing(a, b),
    metre,
  };
}

/** Where a report puts the bus: on the shape when the server matched it to a metre, else where the recorder says. */
export function spotOf(position: Position, shape: Shape | null): Spot {
  const onShape = position.metre !== null && shape ? spotAt(shape, position.metre) : null;
  return onShape ?? { lat: position.lat, lon: position.lon, hdg: position.hdg, metre: null };
}

/** Begin to glide from where the marker is (null: nowhere yet) to the report; `speed` is the server clock's. */
export function glideTo(
  drawn: Spot | null,
  position: Position,
  shape: Shape | null,
  now_ms: number,
  speed: number,
): Glide {
  const to = spotOf(position, shape);
  const leap = !drawn || distanceM(drawn, to) > LEAP_M * Math.max(1, speed / 4);
  const lasts_ms = leap ? 0 : Math.min(LONGEST_MS, (position.interval_s * 1000) / speed);
  return { from: leap ? to : drawn, to, began_ms: now_ms, lasts_ms };
}

/** Where the marker is at `now_ms`: along the shape if both ends are on it, else straight. */
export function glideSpot(glide: Glide, shape: Shape | null, now_ms: number): Spot {
  const share = glide.lasts_ms > 0 ? Math.min(1, (now_ms - glide.began_ms) / glide.lasts_ms) : 1;
  if (share >= 1) return glide.to;
  const { from, to } = glide;
  if (shape && from.metre !== null && to.metre !== null) {
    const spot = spotAt(shape, from.metre + (to.metre - from.metre) * share);
    if (spot) return spot;
  }
  return {
    lat: from.lat + (to.lat - from.lat) * share,
    lon: from.lon + (to.lon - from.lon) * share,
    hdg: to.hdg ?? from.hdg,
    metre: to.metre,
  };
}

/** Cut the shape at a metre: what is behind the bus and what is ahead of it, as [lon, lat] lines. */
export function splitShape(
  shape: Shape,
  metre: number | null,
): { behind: [number, number][]; ahead: [number, number][] } {
  const line = shape.points.map(([lat, lon]): [number, number] => [lon, lat]);
  const cut = metre === null ? null : spotAt(shape, metre);
  if (metre === null || !cut || metre <= (shape.metres[0] ?? 0)) return { behind: [], ahead: line };
  const index = segmentAt(shape, metre) + 1;
  const at: [number, number] = [cut.lon, cut.lat];
  return { behind: [...line.slice(0, index), at], ahead: [at, ...line.slice(index)] };
}
