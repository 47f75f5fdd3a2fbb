/** A child of the guardian who looks, with today's trips and rides. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';
import type { ChildTrip, Direction, RiderState } from './trip.ts';
import type { Position } from './position.ts';

export type Ride = {
  readonly dir: 'on' | 'off';
  readonly at: Instant;
  readonly trip: Named;
  readonly stop: Named | null;
};

/** Somebody to ring. */
export type Contact = { readonly name: string; readonly role: string; readonly phone: string };

export type Exception = {
  readonly id: string;
  readonly service_date: string;
  readonly direction: Direction;
};

export type Child = Named & {
  readonly grade: string | null;
  readonly school: Named;
  readonly state: RiderState | null;
  /** The trip that matters now: the running one, else the next today, else the last today. */
  readonly trip: ChildTrip | null;
  readonly trips_today: readonly ChildTrip[];
  readonly rides: readonly Ride[];
  readonly exceptions: readonly Exception[];
  /** The school, then the company of today's trips, where they have a number. */
  readonly call: readonly Contact[];
};

/** Keep of the trip that is already known what a shorter answer leaves out: the line, and the last estimate of a bus gone quiet. */
function withKnown(trip: ChildTrip | null, known: ChildTrip | null | undefined): ChildTrip | null {
  if (!trip || !known || known.id !== trip.id) return trip;
  // Outside its running time a trip's position is the server's to show or not: nothing known before is kept.
  const position = trip.state === 'en_route' ? newer(known.position, trip.position) : trip.position;
  // The server takes its estimate back when the position goes stale. The page then greys what it last said, with its age, and drops it when the
  // signal counts as lost: so nothing vanishes under the reader's eyes, and nothing old is drawn as live.
  const quiet = position !== null && position === known.position && trip.state === 'en_route';
  const sameGoal = trip.rider_state === known.rider_state;
  return {
    ...trip,
    stops: trip.stops.length > 0 ? trip.stops : known.stops,
    shape: trip.shape ?? known.shape,
    eta: trip.eta ?? (quiet && sameGoal ? known.eta : null),
    position,
  };
}

/** Of two positions the one that was later; a late message never moves a bus back. */
export function newer(known: Position | null, said: Position | null): Position | null {
  if (!known || !said) return said ?? known;
  return said.at.ms > known.at.ms ? said : known;
}

/** Put what the server says now in the place of what was known. */
export function replaceChild(known: Child | undefined, said: Child): Child {
  return { ...said, trip: withKnown(said.trip, known?.trip) };
}

/** Move the bus of this child's trip, if `position` is of that trip. */
export function moveBus(child: Child, position: Position): Child {
  const trip = child.trip;
  if (!trip) return child;
  // Before its trip begins the bus is named by the vehicle alone.
  const its =
    position.trip_id === trip.id || (position.trip_id === null && position.vehicle_id === trip.bus?.id);
  if (!its) return child;
  return { ...child, trip: { ...trip, position: newer(trip.position, position) } };
}

/** Add a ride that was pushed, newest first, once. */
export function addRide(child: Child, ride: Ride): Child {
  const there = child.rides.some(
    (known) => known.dir === ride.dir && known.at.ms === ride.at.ms && known.trip.id === ride.trip.id,
  );
  if (there) return child;
  return { ...child, rides: [...child.rides, ride].sort((a, b) => b.at.ms - a.at.ms) };
}

/** The newest getting off of an earlier trip of today, with that trip; undefined when the child's last ride was none. */
export function findRideBefore(
  child: Child,
  trip: ChildTrip,
): readonly [trip: ChildTrip, ride: Ride] | undefined {
  const ride = child.rides[0];
  if (ride?.dir !== 'off' || ride.trip.id === trip.id) return undefined;
  const earlier = child.trips_today.find((one) => one.id === ride.trip.id);
  return earlier && [earlier, ride];
}

/** The exception that keeps the child off this trip, if there is one. */
export function findException(child: Child, trip: ChildTrip): Exception | null {
  return (
    child.exceptions.find(
      (exception) => exception.service_date === trip.service_date && exception.direction === trip.direction,
    ) ?? null
  );
}
