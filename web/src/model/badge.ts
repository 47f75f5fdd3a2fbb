/** The child's own state in two words, for the pill beside the name. */

import { findRideBefore, type Child } from './child.ts';
import type { Tone } from './notice.ts';
import { hasLeft, type ChildTrip } from './trip.ts';

export type Badge =
  'waiting' | 'aboard' | 'at_school' | 'off' | 'handed_over' | 'absent' | 'not_recorded' | 'no_show' | 'none';

/** Find the badge of the child on the trip that matters now. */
export function badgeOf(child: Child): { readonly badge: Badge; readonly tone: Tone } {
  const trip = child.trip;
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
      return trip ? ofExpected(child, trip) : { badge: 'waiting', tone: 'quiet' };
    default:
      return { badge: 'none', tone: 'quiet' };
  }
}

/** Who waits for a bus that has gone isn't waiting; who came to school this morning and goes home later is at school. */
function ofExpected(child: Child, trip: ChildTrip): { readonly badge: Badge; readonly tone: Tone } {
  if (hasLeft(trip)) return { badge: 'not_recorded', tone: 'watch' };
  const [earlier] = findRideBefore(child, trip) ?? [];
  if (trip.direction === 'from_school' && earlier?.direction === 'to_school')
    return { badge: 'at_school', tone: 'ok' };
  return { badge: 'waiting', tone: 'quiet' };
}
