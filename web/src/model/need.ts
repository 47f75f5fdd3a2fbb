/** Which trip needs a person: the one reading of a trip that orders a dispatcher's list. */

import type { Instant } from './instant.ts';
import { freshness, type Position } from './position.ts';
import type { StaffTrip } from './staff_trip.ts';
import type { Tone } from './notice.ts';

/** In the order of need. */
export const NEEDS = [
  'missed',
  'not_started',
  'silent',
  'late',
  'not_closed',
  'running',
  'waiting',
  'missed_before',
  'done',
  'cancelled',
] as const;
export type Need = (typeof NEEDS)[number];

/** A start is overdue a minute after its time: before that the minute hand is still on it. */
const OVERDUE_MS = 60_000;
/** PRODUCT: a stop arrival fails when it is later than 360 s. */
const LATE_S = 360;
/** PRODUCT: left aboard and open sign-offs are a matter of minutes; so long after arrival a trip should be closed. */
const CLOSES_MS = 600_000;

/** An hour after its end nobody can run a trip any more: it is a fact of the day, and no call to act. */
const MISSED_MATTERS_MS = 3_600_000;

/** Say what a trip needs at `now`, given its bus's last position. */
export function needOf(trip: StaffTrip, position: Position | null, now: Instant): Need {
  switch (trip.state) {
    case 'missed':
      return now.ms > trip.planned_end_at.ms + MISSED_MATTERS_MS ? 'missed_before' : 'missed';
    case 'cancelled':
      return 'cancelled';
    case 'closed':
      return 'done';
    case 'scheduled':
      return now.ms > trip.planned_start_at.ms + OVERDUE_MS ? 'not_started' : 'waiting';
    case 'arrived':
      return now.ms > (trip.ended_at ?? trip.planned_end_at).ms + CLOSES_MS ? 'not_closed' : 'running';
    default:
      if (!position || freshness(position, now) !== 'live') return 'silent';
      return (trip.delay_s ?? 0) > LATE_S ? 'late' : 'running';
  }
}

const TONES: Record<Need, Tone> = {
  missed: 'act',
  not_started: 'act',
  silent: 'watch',
  late: 'watch',
  not_closed: 'watch',
  running: 'ok',
  waiting: 'quiet',
  missed_before: 'quiet',
  done: 'quiet',
  cancelled: 'quiet',
};

export function toneOf(need: Need): Tone {
  return TONES[need];
}

/** Whether somebody has to do something about it. */
export function needsPerson(need: Need): boolean {
  return TONES[need] === 'act' || TONES[need] === 'watch';
}

export type Needing = { readonly trip: StaffTrip; readonly need: Need };

/** Sort by need, then by planned start, then by code: the same list for the same facts. */
export function byNeed(items: readonly Needing[]): Needing[] {
  return [...items].sort(
    (a, b) =>
      NEEDS.indexOf(a.need) - NEEDS.indexOf(b.need) ||
      a.trip.planned_start_at.ms - b.trip.planned_start_at.ms ||
      (a.trip.code < b.trip.code ? -1 : 1),
  );
}

/** Keep the order in which items were being read; what is new comes where the fresh order has it. */
export function keepOrder<T>(
  read: readonly string[],
  fresh: readonly T[],
  idOf: (item: T) => string,
): readonly T[] {
  const byId = new Map(fresh.map((item) => [idOf(item), item]));
  const kept: T[] = read.flatMap((id): T[] => {
    const item = byId.get(id);
    return item === undefined ? [] : [item];
  });
  const known = new Set(read);
  fresh.forEach((item, index) => {
    if (!known.has(idOf(item))) kept.splice(Math.min(index, kept.length), 0, item);
  });
  return kept;
}
