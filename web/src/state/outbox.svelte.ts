/** Sends what was noted on the phone, in order and until the server has taken it; nothing is lost by a reload, a lock or a dead line. */

import { nextCall, refusedOf, unsent, type Act, type Call, type Entry } from '../model/entry.ts';
import { Failure } from '../model/failure.ts';
import { atMs } from '../model/instant.ts';
import type { SignOff } from '../model/staff_trip.ts';
import type { Shelf } from '../wire/shelf.ts';
import type { Clock } from './clock.svelte.ts';

/** LOOK: undo for 5 s. */
export const UNDO_MS = 5000;
const LOOK_MS = 1000;
const FIRST_RETRY_MS = 2000;
const LAST_RETRY_MS = 30_000;
/** With nothing to send the server is told so this often: alarms that rest on absence wait for the phone (PRODUCT). */
const TELL_MS = 20_000;
/** A trip that this phone has left is told about so long: what is due at its end (the check of its rear after 5 min) is over by then. */
const LEFT_MS = 15 * 60_000;

export type Post = {
  /** Make sure that somebody is signed in; throws Failure. */
  readonly ready: () => Promise<void>;
  readonly send: (call: Call) => Promise<SignOff | null>;
  /** The server took these. */
  readonly taken: (call: Call, signOff: SignOff | null) => void;
  /** Whether the server answered, of every try. */
  readonly reached: (yes: boolean) => void;
  /** The session is gone: true when the page has left for the login. */
  readonly ended: (failure: Failure) => boolean;
};

export class Outbox {
  entries: readonly Entry[] = $state.raw([]);
  readonly waiting: readonly Entry[] = $derived(unsent(this.entries));
  readonly refused: readonly Entry[] = $derived(this.entries.filter((entry) => entry.refused !== null));

  #on: string | null = null;
  /** Trips that were left, and until when the server is told about them. */
  readonly #left = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #busy = false;
  /** The page is about to sleep: what may still be undone goes as well. */
  #all = false;
  #retry_ms = 0;
  #tries = 0;
  readonly #told_ms = new Map<string, number>();
  /** The last call was forbidden: a token from before the session was made anew is, and one look at who is signed in heals it. */
  #forbidden = false;

  constructor(
    private readonly user_id: string,
    private readonly shelf: Shelf,
    private readonly clock: Pick<Clock, 'exactly'>,
    private readonly post: Post,
  ) {
    this.#reread();
  }

  /** The trip whose silence the server is told about; null when this phone is on no trip. */
  get on(): string | null {
    return this.#on;
  }

  set on(trip_id: string | null) {
    if (trip_id === this.#on) return;
    if (this.#on !== null) this.#left.set(this.#on, Date.now() + LEFT_MS);
    if (trip_id !== null) this.#left.delete(trip_id);
    this.#on = trip_id;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.pump(), LOOK_MS);
    void this.pump();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Another tab may have added or sent some. */
  #reread(): void {
    this.entries = this.shelf.entries(this.user_id);
  }

  /** Note something that happened now; it is on the device before this returns. */
  add(trip_id: string, act: Act, hold_ms = 0): Entry {
    this.#reread();
    const last = this.entries.at(-1);
    const now = this.clock.exactly();
    const local = Date.now();
    const entry: Entry = {
      client_id: crypto.randomUUID(),
      user_id: this.user_id,
      trip_id,
      // A clock that was set back turns neither the order nor the times round.
      order: Math.max(local, (last?.order ?? 0) + 1),
      at: atMs(Math.max(now.ms, ...this.entries.map((one) => one.at.ms + 1)), now),
      held_until_ms: local + hold_ms,
      refused: null,
      act,
    };
    this.shelf.put(entry);
    this.#reread();
    if (hold_ms === 0) void this.pump();
    return entry;
  }

  /** Take back what has not been sent; false when it is too late. */
  undo(client_id: string): boolean {
    this.#reread();
    const entry = this.entries.find((one) => one.client_id === client_id);
    if (!entry || entry.held_until_ms <= Date.now()) return false;
    this.shelf.drop(client_id);
    this.#reread();
    return true;
  }

  /** A person has seen what the server did not take. */
  dismiss(client_id: string): void {
    this.shelf.drop(client_id);
    this.#reread();
  }

  /** Somebody looks again: what is noted from now on may be undone. */
  awake(): void {
    this.#all = false;
    this.hurry();
  }

  /** Try now, whatever the back-off says. */
  hurry(): void {
    this.#retry_ms = 0;
    void this.pump();
  }

  /** Send what may be sent; `all` also what could still be undone, when the page is about to sleep. */
  async pump(all = false): Promise<void> {
    if (all) this.#all = true;
    if (this.#busy || Date.now() < this.#retry_ms) return;
    this.#busy = true;
    try {
      while (await this.#step());
    } finally {
      this.#busy = false;
    }
  }

  async #step(): Promise<boolean> {
    this.#reread();
    const call =
      nextCall(this.entries, this.#all ? Infinity : Date.now(), this.clock.exactly()) ?? this.#silence();
    if (!call) {
      this.#all = false;
      return false;
    }
    let signOff: SignOff | null;
    try {
      await this.post.ready();
      signOff = await this.post.send(call);
    } catch (failure) {
      return this.#failed(call, failure);
    }
    this.#tries = 0;
    this.#forbidden = false;
    // Only rides say by themselves that nothing is left; after a count or a check that word follows at once: alarms wait for it.
    if (saysWhole(call)) this.#told_ms.set(call.trip_id, Date.now());
    else this.#told_ms.delete(call.trip_id);
    for (const entry of call.entries) this.shelf.drop(entry.client_id);
    this.#reread();
    this.post.reached(true);
    this.post.taken(call, signOff);
    return call.entries.length > 0;
  }

  /** Nothing is left: say so now and then, of this trip and of those that were left lately. */
  #silence(): Call | null {
    for (const [id, until_ms] of this.#left) if (Date.now() >= until_ms) this.#left.delete(id);
    const trip_id = [...(this.#on === null ? [] : [this.#on]), ...this.#left.keys()].find(
      (id) =>
        Date.now() >= (this.#told_ms.get(id) ?? 0) + TELL_MS &&
        !this.waiting.some((entry) => entry.trip_id === id),
    );
    return trip_id === undefined ? null : { trip_id, entries: [], synced_to: this.clock.exactly() };
  }

  /** Whether to go on with the next call at once. */
  #failed(call: Call, failure: unknown): boolean {
    const said = failure instanceof Failure ? failure : null;
    if (said && this.post.ended(said)) return false;
    this.post.reached(said !== null && said.kind !== 'unreachable');
    if (said?.status === 403 && !this.#forbidden) {
      this.#forbidden = true;
      return true;
    }
    this.#forbidden = false;
    if (said?.kind === 'refused' && call.entries.length > 0) {
      for (const [id, why] of refusedOf(call, said.fields, said.reason || said.code)) {
        const entry = call.entries.find((one) => one.client_id === id);
        if (entry) this.shelf.put({ ...entry, refused: why });
      }
      this.#reread();
      return true;
    }
    if (said?.kind === 'refused') this.#left.delete(call.trip_id); // it is nothing to hold up the next trip for
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#tries++);
    this.#retry_ms = Date.now() + (said?.kind === 'too_many' ? said.retry_after_s * 1000 : wait);
    this.#told_ms.set(call.trip_id, Date.now());
    return false;
  }
}

/** Whether a call carries the instant to which the phone has sent everything: that of rides does, and of nothing at all. */
const saysWhole = ({ entries }: Call): boolean => entries.every(({ act }) => act.kind === 'ride');
