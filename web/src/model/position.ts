/** Where a bus was, and whether that may still be called where it is. */

import type { Instant } from './instant.ts';

export type Position = {
  readonly vehicle_id: string;
  readonly trip_id: string | null;
  readonly lat: number;
  readonly lon: number;
  readonly spd: number;
  readonly hdg: number | null;
  readonly at: Instant;
  /** Seconds between this device's own reports. */
  readonly interval_s: number;
  /** Metres along the trip's shape; null when the bus is not on it. */
  readonly metre: number | null;
};

export type Freshness = 'live' | 'stale' | 'lost';

/** PRODUCT: stale when older than max(60 s, 2.5 × the device's own interval). */
const STALE_S = 60;
const STALE_INTERVALS = 2.5;
/** LOOK: after 5 min there is no estimate. */
const LOST_S = 300;

/** Seconds since the bus was there, by the server's clock; never below 0 (a device's clock may be a little ahead). */
export function ageS(at: Instant, now: Instant): number {
  return Math.max(0, (now.ms - at.ms) / 1000);
}

/** Say how much a position is worth at `now`. */
export function freshness(position: Position, now: Instant): Freshness {
  const age = ageS(position.at, now);
  if (age > Math.max(LOST_S, STALE_INTERVALS * position.interval_s)) return 'lost';
  return age > Math.max(STALE_S, STALE_INTERVALS * position.interval_s) ? 'stale' : 'live';
}
