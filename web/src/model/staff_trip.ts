/** A trip as those see it who run it, receive it or watch over it. */

import type { Evidence, FindingKind, Severity } from './finding.ts';
import type { Instant } from './instant.ts';
import type { Named } from './named.ts';
import type { Position } from './position.ts';
import type { Duty, Substitution } from './substitution.ts';
import type { Direction, Eta, Shape, TripState } from './trip.ts';

export type StaffTrip = {
  readonly id: string;
  readonly code: string;
  readonly service_date: string;
  readonly direction: Direction;
  readonly route: Named;
  readonly vehicle: Named | null;
  readonly driver: Named | null;
  readonly school: Named | null;
  readonly state: TripState;
  readonly planned_start_at: Instant;
  readonly planned_end_at: Instant;
  readonly started_at: Instant | null;
  readonly ended_at: Instant | null;
  /** Positive when late. */
  readonly delay_s: number | null;
  /** Of whom supervises it; nothing is said to others. */
  readonly findings_open: number;
  readonly worst: { readonly kind: FindingKind; readonly severity: Severity } | null;
};

/** A stop of the plan with what became of it. */
export type PlannedStop = Named & {
  readonly seq: number;
  readonly lat: number;
  readonly lon: number;
  readonly metre: number;
  readonly planned_at: Instant;
  readonly arrived_at: Instant | null;
  readonly departed_at: Instant | null;
  readonly passed: boolean;
  readonly eta: Eta | null;
};

/** How many riders are in each state; `planned` is the manifest's length, `strangers` are aboard beyond it. */
export type Counts = {
  readonly planned: number;
  readonly expected: number;
  readonly aboard: number;
  readonly alighted: number;
  readonly handed_over: number;
  readonly absent: number;
  readonly no_show: number;
  readonly strangers: number;
};

/** What may still keep a trip from closing. */
export const OPEN_POINTS = ['aboard', 'rear_check', 'delivered', 'received', 'disagree'] as const;
export type OpenPoint = (typeof OPEN_POINTS)[number];

export type SaidCount = { readonly count: number; readonly at: Instant; readonly by: Named };

/** Both sides' counts at the school, the rear check, and what is still open. */
export type SignOff = {
  readonly delivered: SaidCount | null;
  readonly received: (SaidCount & { readonly remarks: string | null }) | null;
  readonly agreed: boolean;
  readonly aboard: number;
  readonly rear_checked_at: Instant | null;
  readonly open: readonly OpenPoint[];
};

export const FIXED = ['route', 'time', 'stops', 'vehicle', 'people', 'marking'] as const;
export type Fixed = (typeof FIXED)[number];
export const VERDICT_VALUES = ['pass', 'fail', 'excused', 'unknown'] as const;
export type Verdict = {
  readonly value: (typeof VERDICT_VALUES)[number];
  readonly final: boolean;
  /** A finding's kind, or a word for what is missing or excuses it; empty where nothing is to be said. */
  readonly reason: string;
  readonly evidence: readonly Evidence[];
  /** Signals that this bus isn't fitted with. */
  readonly not_measured: readonly string[];
};

/** What may excuse a verdict that failed. */
export const LAWFUL_REASONS = [
  'traffic_control',
  'road_works',
  'disaster',
  'bad_weather',
  'major_crash',
] as const;
export type LawfulReason = (typeof LAWFUL_REASONS)[number];
/** Reasons that are no finding's kind. */
export const VERDICT_REASONS = [
  'not_judged',
  'not_started',
  'missed',
  'cancelled',
  'no_positions',
  'positions_missing',
  'papers_missing',
  'nobody_signed_on',
  'nothing_read',
  ...LAWFUL_REASONS,
] as const;
export const SIGNALS = ['door', 'lamp', 'arm', 'tag', 'alcohol', 'age', 'licence'] as const;

export type TripDetail = StaffTrip & {
  readonly stops: readonly PlannedStop[];
  readonly shape: Shape | null;
  readonly position: Position | null;
  readonly counts: Counts | null;
  readonly verdicts: Readonly<Record<Fixed, Verdict>> | null;
  readonly sign_off: SignOff | null;
  /** What another runs today in the permit's place. */
  readonly substitution: Substitution | null;
  /** null: nobody has signed on yet. */
  readonly duty: Duty | null;
};

/** Whether nothing of this trip is still to come. */
export function isOver(trip: StaffTrip): boolean {
  return ['closed', 'cancelled', 'missed'].includes(trip.state);
}

/** A trip as a push says it moved on: what was planned stays as it was asked for. */
export function movedOn(
  known: StaffTrip,
  { state, started_at, ended_at, delay_s, vehicle, driver }: StaffTrip,
): StaffTrip {
  return { ...known, state, started_at, ended_at, delay_s, vehicle, driver };
}

/** The stop that the bus stands at or comes to next; the last one when all are behind it. */
export function nextStop<S extends Pick<PlannedStop, 'passed' | 'departed_at'>>(
  stops: readonly S[],
): S | undefined {
  return stops.find((stop) => !stop.passed && !stop.departed_at) ?? stops.at(-1);
}

/** Riders who are expected to come along: the manifest without those who were excused from today's trip. */
export function comingCount(counts: Counts): number {
  return counts.planned - counts.absent;
}

/** Riders who were aboard, whether they still are or not. */
export function boardedCount(counts: Counts): number {
  return counts.aboard + counts.alighted + counts.handed_over;
}

/** The service date at an instant, YYYY-MM-DD in the agency's zone. */
export function dateOf(now: Instant): string {
  return new Date(now.ms + now.offset_min * 60_000).toISOString().slice(0, 10);
}
