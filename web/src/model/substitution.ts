/** Another bus, driver, attendant, time or way for a trip: who may take it, what was arranged, and who is signed on. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';

export const SUBSTITUTES = ['vehicle', 'driver', 'attendant'] as const;
/** What of a trip is taken by another. */
export type Substitutes = (typeof SUBSTITUTES)[number];

export const WHY_NOT = [
  'same',
  'on_trip',
  'inspection',
  'insurance',
  'seats',
  'qualification',
  'age',
  'licence',
  'other',
] as const;
/** Why one may not be taken: a trip at that time, the last day of a paper, a number that falls short of what is needed. */
export type WhyNot = {
  readonly code: (typeof WHY_NOT)[number];
  readonly trip: Named | null;
  readonly until: string | null;
  readonly number: number | null;
  readonly needed: number | null;
};

export type Candidate = Named & {
  /** Of a bus. */
  readonly seats: number | null;
  /** Of a person. */
  readonly phone: string | null;
  readonly free: boolean;
  readonly why_not: WhyNot | null;
};

export type Candidates = Readonly<Record<Substitutes, readonly Candidate[]>>;

export type Substitution = {
  readonly id: string | null;
  readonly vehicle: Named | null;
  readonly driver: Named | null;
  readonly attendant: Named | null;
  readonly reason: string;
  readonly made_at: Instant;
  /** All stops so much later than the timetable says; null: as it says. */
  readonly shift_s: number | null;
  /** Stops that are left out; null: the usual way. */
  readonly skip_stops: readonly Named[] | null;
};

/** What is to be other about a trip's plan; null and empty: as it is. */
export type Move = {
  readonly shift_s: number | null;
  readonly skip_stops: readonly string[];
  readonly reason: string;
};

/** Who is signed on to the trip. */
export type Duty = {
  readonly driver: Named | null;
  readonly attendant: Named | null;
  readonly since: Instant | null;
};

/** Who may take it first, in the order that the server gave. */
export function freeFirst(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates.filter((one) => one.free), ...candidates.filter((one) => !one.free)];
}

/** Candidates whose code or name holds the text. */
export function searchCandidates(candidates: readonly Candidate[], text: string): readonly Candidate[] {
  const sought = text.trim().toLowerCase();
  if (sought === '') return candidates;
  return candidates.filter((one) => `${one.code} ${one.name}`.toLowerCase().includes(sought));
}
