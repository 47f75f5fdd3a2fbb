/** A trip as a guardian sees it: one child's run of one bus. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';
import type { Position } from './position.ts';

export const TRIP_STATES = ['scheduled', 'en_route', 'arrived', 'closed', 'missed', 'cancelled'] as const;
export type TripState = (typeof TRIP_STATES)[number];
export const RIDER_STATES = ['expected', 'aboard', 'alighted', 'handed_over', 'absent', 'no_show'] as const;
export type RiderState = (typeof RIDER_STATES)[number];
export const DIRECTIONS = ['to_school', 'from_school'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** When something is expected: the likely instant and the ends of the 80 % interval. */
export type Eta = { readonly at: Instant; readonly low: Instant; readonly high: Instant };

export type TripStop = Named & {
  readonly lat: number;
  readonly lon: number;
  readonly seq: number;
  readonly metre: number;
  readonly planned_at: Instant;
  readonly arrived_at: Instant | null;
  readonly departed_at: Instant | null;
  readonly passed: boolean;
  readonly eta: Eta | null;
  readonly mine: boolean;
};

/** The line that the bus follows, with each point's metre from its beginning. */
export type Shape = {
  readonly points: readonly (readonly [lat: number, lon: number])[];
  readonly metres: readonly number[];
};

export type ChildTrip = Named & {
  readonly service_date: string;
  readonly direction: Direction;
  readonly state: TripState;
  readonly bus: Named | null;
  /** The usual bus, where another runs this trip. */
  readonly instead_of: Named | null;
  readonly route: Named;
  /** The child's own stop on this trip and its time; null when the plan has none for the day. */
  readonly stop: Named | null;
  readonly school_stop: Named;
  readonly planned_at: Instant | null;
  readonly planned_start_at: Instant;
  readonly planned_end_at: Instant;
  readonly started_at: Instant | null;
  readonly ended_at: Instant | null;
  readonly rider_state: RiderState | null;
  readonly eta: Eta | null;
  readonly stops_before: number | null;
  readonly delay_s: number | null;
  readonly position: Position | null;
  /** Empty in a list of children, where they are left out. */
  readonly stops: readonly TripStop[];
  readonly shape: Shape | null;
};

/** A running trip is one whose bus is worth looking at. */
export function isRunning(trip: ChildTrip): boolean {
  return trip.state === 'en_route';
}

/** Whether the child can still be taken off this trip: it has not ended, and the child is not on it. */
export function canStayHome(trip: ChildTrip): boolean {
  const open = trip.state === 'scheduled' || trip.state === 'en_route';
  return open && (trip.rider_state === null || ['expected', 'no_show', 'absent'].includes(trip.rider_state));
}

/** Where the child gets on: its own stop in the morning, the school's in the afternoon. */
export function boardsAt(trip: ChildTrip): Named {
  return trip.direction === 'to_school' ? (trip.stop ?? trip.school_stop) : trip.school_stop;
}

/** Whether the bus has left the place where the child gets on; a running bus whose line isn't known has left the school by then. */
export function hasLeft(trip: ChildTrip): boolean {
  if (trip.state !== 'en_route') return trip.state === 'arrived' || trip.state === 'closed';
  const stop = trip.stops.find((one) => one.id === boardsAt(trip).id);
  return stop ? stop.departed_at !== null || stop.passed : trip.direction === 'from_school';
}

/** The stop of the child on the line, when the line is known. */
export function findMyStop(trip: ChildTrip): TripStop | null {
  return trip.stops.find((stop) => stop.mine) ?? null;
}
