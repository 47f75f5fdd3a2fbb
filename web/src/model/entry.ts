/** What an attendant or driver noted on the phone and the server has not taken yet: in order, each under its own id, and when to send it. */

import { atMs, type Instant } from './instant.ts';
import type { Dir } from './manifest.ts';

export type Act =
  | { readonly kind: 'ride'; readonly rider_id: string; readonly dir: Dir }
  | { readonly kind: 'duty'; readonly state: 'on' | 'off' }
  | { readonly kind: 'headcount'; readonly count: number }
  | { readonly kind: 'rear_check' };

export type Entry = {
  /** Made on the phone: however often it is sent, the server takes it once. */
  readonly client_id: string;
  readonly user_id: string;
  readonly trip_id: string;
  /** Rises with every entry of this phone. */
  readonly order: number;
  /** When it happened, by the server's clock as the phone knows it. */
  readonly at: Instant;
  /** Until then it may be undone and isn't sent (this device's clock, ms). */
  readonly held_until_ms: number;
  /** Why the server did not take it; null while it is still to be sent. */
  readonly refused: string | null;
  readonly act: Act;
};

/** One request: rides go together, anything else by itself. */
export type Call = {
  readonly trip_id: string;
  readonly entries: readonly Entry[];
  /** Before this instant the phone has nothing of this trip left to send. */
  readonly synced_to: Instant;
};

/** So many rides in one request: far more than seats, little enough for a bad line. */
const MOST = 100;

export function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => a.order - b.order || (a.client_id < b.client_id ? -1 : 1));
}

/** Entries that are still to be sent, in their order. */
export function unsent(entries: readonly Entry[]): Entry[] {
  return inOrder(entries.filter((entry) => entry.refused === null));
}

/** The instant before which nothing of this trip is left to send, once `taken` have arrived. */
export function syncedTo(
  entries: readonly Entry[],
  trip_id: string,
  taken: readonly Entry[],
  now: Instant,
): Instant {
  const ids = new Set(taken.map((entry) => entry.client_id));
  const left = unsent(entries).filter((entry) => entry.trip_id === trip_id && !ids.has(entry.client_id));
  const oldest = Math.min(now.ms, ...left.map((entry) => entry.at.ms - 1));
  return atMs(oldest, now);
}

/** What to send next; null when nothing is left, or the next one may still be undone: nothing overtakes it. */
export function nextCall(entries: readonly Entry[], local_ms: number, now: Instant): Call | null {
  const left = unsent(entries);
  const held = left.findIndex((entry) => entry.held_until_ms > local_ms);
  const ready = held < 0 ? left : left.slice(0, held);
  const first = ready[0];
  if (!first) return null;
  const end = ready.findIndex((entry) => entry.act.kind !== 'ride' || entry.trip_id !== first.trip_id);
  const rides = ready.slice(0, end < 0 ? MOST : Math.min(end, MOST));
  const taken = first.act.kind === 'ride' ? rides : [first];
  return { trip_id: first.trip_id, entries: taken, synced_to: syncedTo(entries, first.trip_id, taken, now) };
}

/** Which of a call's entries a refusal names, with what is wrong; all of them when it names none. */
export function refusedOf(
  call: Call,
  fields: Readonly<Record<string, unknown>>,
  reason: string,
): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const [path, why] of Object.entries(fields)) {
    const entry = call.entries[Number(/^items\.(\d+)(\.|$)/.exec(path)?.[1] ?? NaN)];
    if (entry) named.set(entry.client_id, typeof why === 'string' ? why : reason);
  }
  return named.size > 0 ? named : new Map(call.entries.map((entry) => [entry.client_id, reason]));
}

/** Of this trip, whether this phone's holder signed on last or off, by what is noted here; null when it notes neither. */
export function notedDuty(entries: readonly Entry[], trip_id: string): 'on' | 'off' | null {
  const last = unsent(entries).findLast((entry) => entry.trip_id === trip_id && entry.act.kind === 'duty');
  return last?.act.kind === 'duty' ? last.act.state : null;
}
