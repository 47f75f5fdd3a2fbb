/** Who should be on a trip and who is, stop by stop, as the attendant works through it. */

import type { Finding, FindingKind } from './finding.ts';
import type { Instant } from './instant.ts';
import type { Named } from './named.ts';
import type { Direction, RiderState } from './trip.ts';

export type Dir = 'on' | 'off';

export type Rider = Named & {
  readonly grade: string | null;
  readonly state: RiderState;
  readonly since: Instant | null;
};

export type ManifestStop = Named & {
  readonly seq: number;
  readonly planned_at: Instant;
  readonly riders: readonly Rider[];
};

export type Manifest = {
  readonly stops: readonly ManifestStop[];
  /** Aboard without being planned. */
  readonly strangers: readonly Rider[];
};

/** One boarding or alighting that was ticked on this phone. */
export type Ticked = { readonly rider_id: string; readonly dir: Dir; readonly at: Instant };

/** What is done at a stop: riders get on, or off; and which riders it concerns. */
export type StopWork = { readonly dir: Dir; readonly riders: readonly Rider[] };

export function allRiders(manifest: Manifest): readonly Rider[] {
  return [...manifest.stops.flatMap((stop) => stop.riders), ...manifest.strangers];
}

export function findRider(manifest: Manifest, id: string): Rider | undefined {
  return allRiders(manifest).find((rider) => rider.id === id);
}

function turned(rider: Rider, ticks: readonly Ticked[]): Rider {
  return ticks.reduce<Rider>((known, tick) => {
    if (tick.rider_id !== rider.id) return known;
    // What the server knows to have happened later stands.
    if (known.since && known.since.ms > tick.at.ms) return known;
    if (tick.dir === 'on') return { ...known, state: 'aboard', since: tick.at };
    // Off without having been on is a boarding taken back, or one that nobody saw: either way not aboard.
    return { ...known, state: known.state === 'handed_over' ? known.state : 'alighted', since: tick.at };
  }, rider);
}

/** Lay ticks over what the server said, in their order; they are what is true on the bus until the server has folded them. */
export function withTicks(manifest: Manifest, ticks: readonly Ticked[]): Manifest {
  if (ticks.length === 0) return manifest;
  return {
    stops: manifest.stops.map((stop) => ({
      ...stop,
      riders: stop.riders.map((rider) => turned(rider, ticks)),
    })),
    strangers: manifest.strangers.map((rider) => turned(rider, ticks)),
  };
}

/** Riders aboard now, strangers among them (INTERFACES, ruling 10). */
export function aboardOf(manifest: Manifest): readonly Rider[] {
  return allRiders(manifest).filter((rider) => rider.state === 'aboard');
}

/** Riders of the plan who are to come along: all but the excused. */
export function comingOf(manifest: Manifest): readonly Rider[] {
  return manifest.stops.flatMap((stop) => stop.riders).filter((rider) => rider.state !== 'absent');
}

/**
 * What is to be done at the stop with this `seq`: in the morning riders get on at their stops and all get off at the school, which is
 * every stop where nobody gets on; in the afternoon all get on at the first stop and each gets off at their own.
 */
export function workAt(manifest: Manifest, direction: Direction, seq: number): StopWork {
  const stop = manifest.stops.find((one) => one.seq === seq);
  const planned = manifest.stops.flatMap((one) => one.riders);
  const strangers = manifest.strangers.filter((rider) => rider.state === 'aboard');
  const first = manifest.stops[0]?.seq === seq;
  if (direction === 'to_school') {
    if (stop && stop.riders.length > 0) return { dir: 'on', riders: stop.riders };
    const been = planned.filter((rider) => ['aboard', 'alighted', 'handed_over'].includes(rider.state));
    return first ? { dir: 'on', riders: [] } : { dir: 'off', riders: [...been, ...strangers] };
  }
  if (first) return { dir: 'on', riders: planned };
  return { dir: 'off', riders: stop?.riders ?? [] };
}

/** Whether a tap on this rider at a stop of this kind is plain: anything else is asked about first. */
export function isPlainTap(rider: Rider, dir: Dir): boolean {
  return dir === 'on' ? rider.state === 'expected' || rider.state === 'no_show' : rider.state === 'aboard';
}

/** How many of a stop's riders are done: on where they get on, off where they get off; of how many. */
export function progressAt(work: StopWork): { readonly done: number; readonly of: number } {
  const coming = work.riders.filter((rider) => rider.state !== 'absent');
  const isDone = (rider: Rider): boolean =>
    rider.state === 'handed_over' ||
    rider.state === 'alighted' ||
    (work.dir === 'on' && rider.state === 'aboard');
  return { done: coming.filter(isDone).length, of: coming.length };
}

/** Whether everybody at this stop has been seen to. */
export function isDoneAt(manifest: Manifest, direction: Direction, seq: number): boolean {
  const { done, of } = progressAt(workAt(manifest, direction, seq));
  return done >= of;
}

/** Riders whose name, code or grade holds the text; of an empty text nobody. */
export function searchRiders(manifest: Manifest, text: string): readonly Rider[] {
  const sought = text.trim().toLowerCase();
  if (sought === '') return [];
  return allRiders(manifest).filter((rider) =>
    [rider.name, rider.code, rider.grade ?? ''].some((part) => part.toLowerCase().includes(sought)),
  );
}

/** A rider as a dispatcher looks for them: where they ride from or to, and what is wrong. */
export type SeenRider = Rider & {
  readonly place: string | null;
  /** Not on this trip's list. */
  readonly stranger: boolean;
  readonly wrong: FindingKind | null;
};

const RANK: readonly RiderState[] = ['no_show', 'aboard', 'expected', 'alighted', 'handed_over', 'absent'];

/** All riders of a trip: those with whom something is wrong first, then by state, then in the order of the stops. */
export function seenRiders(manifest: Manifest, findings: readonly Finding[]): SeenRider[] {
  const wrong = new Map(findings.flatMap(({ rider, kind }) => (rider ? [[rider.id, kind] as const] : [])));
  const seen = [
    ...manifest.stops.flatMap((stop) =>
      stop.riders.map((rider) => ({ rider, place: stop.name, stranger: false })),
    ),
    ...manifest.strangers.map((rider) => ({ rider, place: null, stranger: true })),
  ].map(({ rider, place, stranger }) => ({ ...rider, place, stranger, wrong: wrong.get(rider.id) ?? null }));
  const rank = (rider: SeenRider): number =>
    rider.wrong !== null ? -2 : rider.stranger ? -1 : RANK.indexOf(rider.state);
  return seen
    .map((rider, index) => ({ rider, index }))
    .sort((a, b) => rank(a.rider) - rank(b.rider) || a.index - b.index)
    .map(({ rider }) => rider);
}
