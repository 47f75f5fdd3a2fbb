/** A school's departure board: one row a trip that serves it, and what each row says. */

import type { Instant } from './instant.ts';
import type { Rider } from './manifest.ts';
import type { Named } from './named.ts';
import type { Tone } from './notice.ts';
import type { Counts, SignOff, StaffTrip } from './staff_trip.ts';
import type { Substitution } from './substitution.ts';
import type { Direction, Eta } from './trip.ts';

export type BoardRow = {
  readonly trip: StaffTrip;
  /** The other end: where it comes from in the morning, where it goes in the afternoon. */
  readonly from: Named;
  /** Planned at the school. */
  readonly planned_at: Instant;
  readonly eta: Eta | null;
  readonly arrived_at: Instant | null;
  readonly stale: boolean;
  readonly position_at: Instant | null;
  /** Of this school's riders. */
  readonly counts: Counts;
  readonly sign_off: SignOff | null;
  readonly missing: readonly Rider[];
  readonly substitution: Substitution | null;
};

export const BOARD_STATES = [
  'cancelled',
  'missed',
  'differ',
  'ask',
  'done',
  'not_started',
  'silent',
  'late',
  'on_time',
  'planned',
] as const;
export type BoardState = (typeof BOARD_STATES)[number];

const OVERDUE_MS = 60_000;
/** Up to two minutes late is on time for a person who waits. */
const LATE_MS = 120_000;

/** Say the one state of a row at `now`. */
export function boardStateOf(row: BoardRow, now: Instant): BoardState {
  const { trip, sign_off } = row;
  if (trip.state === 'cancelled' || trip.state === 'missed') return trip.state;
  if (sign_off?.received && sign_off.delivered && !sign_off.agreed) return 'differ';
  if (sign_off?.received) return 'done';
  if (row.arrived_at) return 'ask';
  if (trip.state === 'scheduled')
    return now.ms > trip.planned_start_at.ms + OVERDUE_MS ? 'not_started' : 'planned';
  if (row.stale || !row.position_at) return 'silent';
  return (row.eta?.at.ms ?? row.planned_at.ms) > row.planned_at.ms + LATE_MS ? 'late' : 'on_time';
}

const TONES: Record<BoardState, Tone> = {
  cancelled: 'act',
  missed: 'act',
  differ: 'act',
  ask: 'watch',
  done: 'ok',
  not_started: 'watch',
  silent: 'watch',
  late: 'watch',
  on_time: 'ok',
  planned: 'quiet',
};

export function boardTone(state: BoardState): Tone {
  return TONES[state];
}

/** Rows of one direction by planned time at the school. */
export function rowsOf(rows: readonly BoardRow[], direction: Direction): BoardRow[] {
  return rows
    .filter((row) => row.trip.direction === direction)
    .sort((a, b) => a.planned_at.ms - b.planned_at.ms || (a.trip.code < b.trip.code ? -1 : 1));
}

/** The half of the day that matters now: the one with the bus whose time at the school is nearest. */
export function directionNow(rows: readonly BoardRow[], now: Instant): Direction {
  const nearest = [...rows].sort(
    (a, b) => Math.abs(a.planned_at.ms - now.ms) - Math.abs(b.planned_at.ms - now.ms),
  )[0];
  return nearest?.trip.direction ?? 'to_school';
}

/** What ended is of the past so long after its time at the school: the board is about what comes. */
const PAST_MS = 1_800_000;

/** Whether nothing of a row is left to be seen to, and it is long over. */
export function isPast(row: BoardRow, now: Instant): boolean {
  const over = ['done', 'missed', 'cancelled'].includes(boardStateOf(row, now));
  return over && now.ms > row.planned_at.ms + PAST_MS;
}
