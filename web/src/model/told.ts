/** Between two trips: which of them the page is about. */

import { findRideBefore, type Child } from './child.ts';
import type { Instant } from './instant.ts';
import type { ChildTrip } from './trip.ts';

/** PRODUCT: a bus may be seen from 15 min before its trip; until then the trip that is over is the news. */
const BEFORE_MS = 900_000;
/** … which it is for 5 min in any case. */
const NEWS_MS = 300_000;

/** Whether it is so long to the trip's start that nobody waits yet. */
export function isFarAhead(trip: ChildTrip, now: Instant): boolean {
  return trip.state === 'scheduled' && now.ms < trip.planned_start_at.ms - BEFORE_MS;
}

/** The earlier trip of today that is told until the next one's bus may be seen; null when the trip that matters now is to be told. */
export function findEarlierTold(child: Child, now: Instant): ChildTrip | null {
  const next = child.trip;
  if (next?.state !== 'scheduled') return null;
  const [earlier, ride] = findRideBefore(child, next) ?? [];
  if (!earlier || !ride) return null;
  const isNews = now.ms < ride.at.ms + NEWS_MS && now.ms < next.planned_start_at.ms;
  return isNews || isFarAhead(next, now) ? earlier : null;
}
