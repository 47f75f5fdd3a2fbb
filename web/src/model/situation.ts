/** What a guardian's first sentence has to say: one situation out of all that a child's day can be in. */

import type { Child } from './child.ts';
import type { Instant } from './instant.ts';
import type { Tone } from './notice.ts';
import { freshness, type Freshness } from './position.ts';
import { findEarlierTold } from './told.ts';
import { boardsAt, findMyStop, hasLeft, type ChildTrip, type Eta } from './trip.ts';

export type SituationKind =
  | 'no_trip'
  | 'absent'
  | 'cancelled'
  | 'missed'
  | 'handed_over'
  | 'at_school'
  | 'got_off'
  | 'planned'
  | 'not_started'
  | 'no_signal'
  | 'coming'
  | 'late'
  | 'at_stop'
  | 'aboard_waiting'
  | 'left_without'
  | 'no_show'
  | 'aboard_to_school'
  | 'aboard_home'
  | 'arrived_aboard'
  | 'still_aboard'
  | 'did_not_ride'
  | 'ended';

/** What the reader can do where the sentence alone would leave them helpless. */
export type Advice =
  'arrange' | 'call' | 'not_started' | 'wait_planned' | 'aboard_quiet' | 'ask_school' | 'be_there';

/** Advice that ends in a call: the number belongs beside it. */
const CALLS: ReadonlySet<Advice | null> = new Set<Advice>([
  'arrange',
  'call',
  'not_started',
  'wait_planned',
  'ask_school',
]);

/** The one big number: an interval, a planned time where there is no estimate, the arrival while the bus stands there, or the next trip's start. */
export type Headline =
  | { readonly kind: 'interval'; readonly eta: Eta; readonly faded: boolean }
  | { readonly kind: 'planned' | 'there' | 'next'; readonly at: Instant }
  | null;

export type Situation = {
  readonly kind: SituationKind;
  readonly tone: Tone;
  /** The instant that the sentence names, if it names one. */
  readonly at: Instant | null;
  /** The place that the sentence names, if it names one. */
  readonly place: string | null;
  readonly stops: number | null;
  /** How late, where the sentence says it. */
  readonly minutes: number | null;
  readonly headline: Headline;
  /** Whether the age of the position belongs beside the sentence, and how it looks. */
  readonly signal: Freshness | null;
  readonly advice: Advice | null;
};

const QUIET: Situation = {
  kind: 'no_trip',
  tone: 'quiet',
  at: null,
  place: null,
  stops: null,
  minutes: null,
  headline: null,
  signal: null,
  advice: null,
};

/** PRODUCT, notices: "late over 10 min". */
const LATE_S = 600;
/** A start is called overdue a minute after its time: before that the minute hand is still on it. */
const OVERDUE_MS = 60_000;
/** Whether the number to call belongs beside what is said. */
export function asksForCall(situation: Situation): boolean {
  return CALLS.has(situation.advice);
}

/** Find the child's situation at `now` (the server's clock). */
export function situationOf(child: Child, now: Instant): Situation {
  const trip = child.trip;
  if (!trip) return QUIET;
  return (
    ofException(trip) ??
    ofDone(child, trip) ??
    ofEarlier(child, trip, now) ??
    ofWaiting(trip, now) ??
    ofRunning(trip, now) ??
    ofEnded(child, trip, now)
  );
}

function ofException(trip: ChildTrip): Situation | null {
  if (trip.rider_state === 'absent') return { ...QUIET, kind: 'absent' };
  if (trip.state === 'cancelled') return { ...QUIET, kind: 'cancelled', tone: 'act', advice: 'arrange' };
  if (trip.state === 'missed')
    return { ...QUIET, kind: 'missed', tone: 'act', at: trip.planned_start_at, advice: 'call' };
  return null;
}

/** Between two trips: how the earlier one ended, and when the next one starts. */
function ofEarlier(child: Child, trip: ChildTrip, now: Instant): Situation | null {
  const earlier = findEarlierTold(child, now);
  const done = earlier && ofDone(child, earlier);
  return done && { ...done, headline: { kind: 'next', at: trip.planned_start_at } };
}

function ofDone(child: Child, trip: ChildTrip): Situation | null {
  if (trip.rider_state !== 'alighted' && trip.rider_state !== 'handed_over') return null;
  const ride = child.rides.find((one) => one.dir === 'off' && one.trip.id === trip.id);
  const at = ride?.at ?? null;
  const usual = trip.direction === 'to_school' ? trip.school_stop : (trip.stop ?? trip.school_stop);
  const place = ride?.stop ?? usual;
  if (trip.rider_state === 'handed_over')
    return { ...QUIET, kind: 'handed_over', tone: 'ok', at, place: place.name };
  if (trip.direction === 'to_school' && place.id === trip.school_stop.id)
    return { ...QUIET, kind: 'at_school', tone: 'ok', at, place: child.school.name };
  return { ...QUIET, kind: 'got_off', tone: 'ok', at, place: place.name };
}

function planned(trip: ChildTrip): Headline {
  return trip.planned_at && { kind: 'planned', at: trip.planned_at };
}

function ofWaiting(trip: ChildTrip, now: Instant): Situation | null {
  if (trip.state !== 'scheduled') return null;
  const overdue = now.ms > trip.planned_start_at.ms + OVERDUE_MS;
  const signal = trip.position && freshness(trip.position, now);
  // Who boards at the first stop is on the bus before it starts: that is what a parent came to read.
  if (trip.rider_state === 'aboard')
    return {
      ...QUIET,
      kind: 'aboard_waiting',
      tone: 'ok',
      at: trip.planned_start_at,
      headline: trip.direction === 'from_school' ? planned(trip) : null,
      signal,
    };
  return {
    ...QUIET,
    kind: overdue ? 'not_started' : 'planned',
    tone: overdue ? 'watch' : 'quiet',
    at: trip.planned_start_at,
    minutes: overdue ? Math.floor((now.ms - trip.planned_start_at.ms) / 60_000) : null,
    place: trip.stop?.name ?? null,
    headline: planned(trip),
    // A bus on its way to its first stop is shown already; what is shown has its age.
    signal,
    advice: overdue ? 'not_started' : null,
  };
}

function ofRunning(trip: ChildTrip, now: Instant): Situation | null {
  if (trip.state !== 'en_route') return null;
  const aboard = trip.rider_state === 'aboard';
  const signal = trip.position ? freshness(trip.position, now) : 'lost';
  const stops = trip.stops_before;
  const at = trip.position?.at ?? null;
  if (signal === 'lost')
    return {
      ...QUIET,
      kind: 'no_signal',
      tone: 'watch',
      at,
      headline: aboard ? null : planned(trip),
      signal,
      advice: aboard ? 'aboard_quiet' : 'wait_planned',
    };
  const headline: Headline = trip.eta && { kind: 'interval', eta: trip.eta, faded: signal !== 'live' };
  const running = { ...QUIET, stops, signal, headline };
  if (aboard) {
    const home = trip.direction === 'from_school';
    const tone = signal === 'live' ? 'ok' : 'quiet';
    return {
      ...running,
      kind: home ? 'aboard_home' : 'aboard_to_school',
      tone,
      advice: home && stops === 0 ? 'be_there' : null,
    };
  }
  return beforeBoarding(trip, running);
}

function beforeBoarding(trip: ChildTrip, running: Situation): Situation {
  const place = boardsAt(trip);
  const stop = trip.stops.find((one) => one.id === place.id) ?? null;
  if (hasLeft(trip))
    return {
      ...running,
      // Once the server calls it a no-show its data is complete: then nothing is late but the child.
      kind: trip.rider_state === 'no_show' ? 'no_show' : 'left_without',
      tone: trip.rider_state === 'no_show' ? 'act' : 'watch',
      at: stop?.departed_at ?? stop?.arrived_at ?? trip.started_at,
      place: place.name,
      headline: null,
      advice: 'ask_school',
    };
  if (stop?.arrived_at)
    return {
      ...running,
      kind: 'at_stop',
      tone: 'ok',
      place: place.name,
      headline: { kind: 'there', at: stop.arrived_at },
    };
  if (trip.delay_s !== null && trip.delay_s >= LATE_S && running.signal === 'live')
    return { ...running, kind: 'late', tone: 'watch', minutes: Math.round(trip.delay_s / 60) };
  return { ...running, kind: 'coming', tone: running.signal === 'live' ? 'ok' : 'quiet' };
}

function ofEnded(child: Child, trip: ChildTrip, now: Instant): Situation {
  const signal = trip.position && freshness(trip.position, now);
  const at = findMyStop(trip)?.departed_at ?? null;
  const ended = trip.ended_at ?? trip.stops.at(-1)?.arrived_at ?? null;
  if (trip.rider_state === 'aboard')
    return trip.direction === 'to_school'
      ? { ...QUIET, kind: 'arrived_aboard', tone: 'ok', at: ended, place: child.school.name, signal }
      : { ...QUIET, kind: 'still_aboard', tone: 'act', at: ended, advice: 'call' };
  if (trip.rider_state === 'expected' || trip.rider_state === 'no_show')
    return {
      ...QUIET,
      kind: 'did_not_ride',
      tone: trip.rider_state === 'no_show' ? 'act' : 'watch',
      at: at ?? ended,
      advice: 'ask_school',
    };
  return { ...QUIET, kind: 'ended', at: ended };
}

export type Punctuality = 'early' | 'on_time' | 'late';

/** Up to two minutes late is on time for a person who waits; PRODUCT calls a minute early early. */
export function punctualityOf(delay_s: number): Punctuality {
  if (delay_s < -60) return 'early';
  return delay_s < 120 ? 'on_time' : 'late';
}
