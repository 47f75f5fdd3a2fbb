/** Which trip needs a person: the one reading of a trip that orders a dispatcher's list. */

import {
  isCalling,
  isPressing,
  SEVERITIES,
  worstOf,
  type Finding,
  type FindingKind,
  type Severity,
} from './finding.ts';
import type { Instant } from './instant.ts';
import { freshness, type Position } from './position.ts';
import type { StaffTrip } from './staff_trip.ts';
import type { Tone } from './notice.ts';

/** In the order of need; from `found` on they are the rest, which goes by its worst finding first (docs/decisions/0130). */
export const NEEDS = [
  'sos',
  'left_aboard',
  'calling',
  'missed',
  'not_started',
  'silent',
  'late',
  'found',
  'not_closed',
  'running',
  'waiting',
  'missed_before',
  'done',
  'cancelled',
] as const;
export type Need = (typeof NEEDS)[number];
/** Those that call for a person are marked so that no eye misses them. */
export const CALLING: ReadonlySet<Need> = new Set(['sos', 'left_aboard', 'calling']);
const REST = NEEDS.indexOf('found');

/** A start is overdue a minute after its time: before that the minute hand is still on it. */
const OVERDUE_MS = 60_000;
/** PRODUCT: a stop arrival fails when it is later than 360 s. */
const LATE_S = 360;
/** PRODUCT: left aboard and open sign-offs are a matter of minutes; so long after arrival a trip should be closed. */
const CLOSES_MS = 600_000;

/**
 * An hour after its end nobody can run a trip any more: it is a fact of the day, and no call to act. Nor is one of which nothing is
 * found: it was due before the system watched, or somebody has seen to it.
 */
const MISSED_MATTERS_MS = 3_600_000;

/** What of a trip's findings the list goes by: the one that it names, and how grave the worst is. */
export type Found = { readonly kind: FindingKind; readonly severity: Severity };

/** Say what a trip needs at `now`, given its bus's last position and what is found wrong with it. */
export function needOf(
  trip: StaffTrip,
  position: Position | null,
  now: Instant,
  findings: readonly Finding[] = [],
): Need {
  const pressing = findings.filter(isPressing);
  if (pressing.some((one) => one.kind === 'sos')) return 'sos';
  if (pressing.some((one) => one.kind === 'left_aboard')) return 'left_aboard';
  if (pressing.some((one) => isCalling(one) || one.kind === 'collision')) return 'calling';
  const need = ofState(trip, position, now, gravest(trip, findings) !== null);
  if (need === 'cancelled' || NEEDS.indexOf(need) < REST) return need;
  return pressing.some((one) => one.severity === 'act') || gravest(trip, findings)?.severity === 'act'
    ? 'found'
    : need;
}

/** The finding that a trip's line names; null when nothing is open. */
export function gravest(trip: StaffTrip, findings: readonly Finding[]): Found | null {
  const worst = worstOf(findings.filter(isPressing));
  return worst ? { kind: worst.kind, severity: worst.severity } : trip.worst;
}

function ofState(trip: StaffTrip, position: Position | null, now: Instant, found: boolean): Need {
  switch (trip.state) {
    case 'missed':
      return found && now.ms <= trip.planned_end_at.ms + MISSED_MATTERS_MS ? 'missed' : 'missed_before';
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
  sos: 'act',
  left_aboard: 'act',
  calling: 'act',
  missed: 'act',
  not_started: 'act',
  silent: 'watch',
  late: 'watch',
  found: 'act',
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

export type Needing = { readonly trip: StaffTrip; readonly need: Need; readonly found: Found | null };

function rankOf({ need, found }: Needing): number {
  const at = NEEDS.indexOf(need);
  if (at < REST) return at;
  // In the rest a finding outweighs the state: a bus on plan that skipped a stop stands before one that has nothing.
  const grave = need === 'cancelled' || !found ? SEVERITIES.length : SEVERITIES.indexOf(found.severity);
  return REST + grave * NEEDS.length + at;
}

/** Sort by need, then by planned start, then by code: the same list for the same facts. */
export function byNeed(items: readonly Needing[]): Needing[] {
  return [...items].sort(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
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
