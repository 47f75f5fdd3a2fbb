/** The child's own state in two words, for the pill beside the name. */

import type { Child } from './child.ts';
import type { Instant } from './instant.ts';
import type { Tone } from './notice.ts';
import { findEarlierTold, isFarAhead } from './told.ts';
import { hasLeft, type ChildTrip } from './trip.ts';

export type Badge =
  | 'later'
  | 'waiting'
  | 'aboard'
  | 'at_school'
  | 'off'
  | 'handed_over'
  | 'absent'
  | 'not_recorded'
  | 'no_show'
  | 'none';

type Shown = { readonly badge: Badge; readonly tone: Tone };

/** Find the badge at `now` (the server's clock): of the trip that the sentence is about. */
export function badgeOf(child: Child, now: Instant): Shown {
  const trip = findEarlierTold(child, now) ?? child.trip;
  const state = trip ? trip.rider_state : child.state;
  if (trip?.state === 'cancelled' || trip?.state === 'missed') return { badge: 'none', tone: 'quiet' };
  switch (state) {
    case 'aboard':
      return { badge: 'aboard', tone: 'ok' };
    case 'alighted':
      return { badge: trip?.direction === 'to_school' ? 'at_school' : 'off', tone: 'ok' };
    case 'handed_over':
      return { badge: 'handed_over', tone: 'ok' };
    case 'absent':
      return { badge: 'absent', tone: 'quiet' };
    case 'no_show':
      return { badge: 'no_show', tone: 'act' };
    case 'expected':
      return trip ? ofExpected(trip, now) : { badge: 'waiting', tone: 'quiet' };
    default:
      return { badge: 'none', tone: 'quiet' };
  }
}

/** Who waits for a bus that has gone isn't waiting, nor is who rides in the afternoon. */
function ofExpected(trip: ChildTrip, now: Instant): Shown {
  if (hasLeft(trip)) return { badge: 'not_recorded', tone: 'watch' };
  return { badge: isFarAhead(trip, now) ? 'later' : 'waiting', tone: 'quiet' };
}
