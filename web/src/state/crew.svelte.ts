/** What an attendant or driver works with: today's trips, one trip's stops and riders, and what was noted here; whole without reception. */

import type { Act, Entry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import { comingOf, isDoneAt, type Dir, type Manifest, type Rider } from '../model/manifest.ts';
import {
  dateOf,
  isOver,
  movedOn,
  nextStop,
  type SignOff,
  type StaffTrip,
  type TripDetail,
} from '../model/staff_trip.ts';
import { deviceShelf, type Shelf } from '../wire/shelf.ts';
import { Staff } from '../wire/staff.ts';
import { Calls } from './calls.svelte.ts';
import type { Clock } from './clock.svelte.ts';
import { CrewDuty, type SignedOn } from './crew_duty.svelte.ts';
import { LastTick } from './last_tick.svelte.ts';
import type { Link } from './line.svelte.ts';
import { Outbox, UNDO_MS } from './outbox.svelte.ts';
import type { Session } from './session.svelte.ts';
import { TickedManifest } from './ticked_manifest.svelte.ts';
import { Watching, type MakeWatch } from './watching.svelte.ts';

const REFRESH_MS = 60_000;
/** A push brings the manifest at most this often. */
const PUSHED_MS = 1500;

export class Crew {
  trips: readonly StaffTrip[] | null = $state.raw(null);
  detail: TripDetail | null = $state.raw(null);
  #missing: unknown = $state.raw(null);
  /** The stop that is worked at, by its seq. */
  seq: number | null = $state(null);
  #chosen: string | null = $state(null);

  readonly outbox: Outbox;
  readonly trip: StaffTrip | null = $derived(
    this.trips?.find((trip) => trip.id === this.#chosen) ?? this.detail,
  );

  readonly calls: Calls;
  readonly #last = new LastTick();
  readonly #duty: CrewDuty;
  readonly #riders: TickedManifest;
  readonly #staff: Staff;
  readonly #watching: Watching;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    user_id: string,
    private readonly shelf: Shelf = deviceShelf(),
    makeWatch?: MakeWatch,
  ) {
    this.#staff = new Staff(session.http);
    this.calls = new Calls(session, clock);
    this.#duty = new CrewDuty(shelf, clock, () => session.user);
    this.#riders = new TickedManifest(shelf, () => this.outbox.waiting);
    this.#watching = new Watching(
      session,
      clock,
      {
        every_ms: REFRESH_MS,
        pushed_ms: PUSHED_MS,
        ask: () => this.#ask(),
        watched: () => (this.#chosen === null ? null : { trip: this.#chosen }),
        hear: {
          trip: (trip, detail) => this.#heard(trip, detail),
          notice: (notice) => this.calls.heard(notice),
        },
        connected: () => this.outbox.hurry(),
      },
      makeWatch,
    );
    this.outbox = new Outbox(user_id, shelf, clock, {
      ready: () => this.#ready(),
      send: (call) => this.#staff.send(call),
      taken: (call, signOff) => this.#taken(call.trip_id, call.entries, signOff),
      reached: (yes) => {
        if (yes) this.#watching.line.answered();
        else this.#watching.line.down();
      },
      ended: (failure) => this.#ended(failure),
    });
    this.trips = shelf.known('trips');
    const chosen = shelf.known<string>('chosen');
    if (chosen !== null && this.trips?.some((trip) => trip.id === chosen)) this.#open(chosen);
  }

  get link(): Link {
    return this.#watching.link;
  }

  get failed(): unknown {
    return this.#missing ?? this.#watching.failed;
  }

  /** The last tick, while it may be undone. */
  get undoable(): Entry | null {
    return this.#last.entry;
  }

  get manifest(): Manifest | null {
    return this.#riders.current;
  }

  /** Whether this person signed on to the chosen trip from this phone. */
  get duty(): 'on' | 'off' {
    return this.#duty.state;
  }

  /** What of this person's sign-on the server knows; null where it says nothing of it, or nobody wants to be signed on. */
  get signedOn(): SignedOn | null {
    if (!this.detail || this.link.kind === 'offline') return null;
    return this.#duty.signedOn(this.detail, this.outbox.waiting);
  }

  /** Whether what is noted survives a reload on this device. */
  get lasting(): boolean {
    return this.outbox.entries.length === 0 || this.shelf.lasting;
  }

  get signOff(): SignOff | null {
    return this.detail?.sign_off ?? null;
  }

  async #ready(): Promise<void> {
    if (!this.session.confirmed) await this.session.rejoin();
  }

  #ended(failure: Failure): boolean {
    // A token from before the session was made anew is forbidden: ask who is signed in, and go on.
    if (failure.status === 403) this.session.confirmed = false;
    return this.session.endedBy(failure);
  }

  async start(): Promise<void> {
    this.outbox.start();
    await this.#watching.start();
  }

  stop(): void {
    this.#last.stop();
    this.outbox.stop();
    this.#watching.stop();
  }

  /** The page is looked at again, or reception is back. */
  woken(): void {
    this.outbox.awake();
    this.#watching.woken();
  }

  /** The page is about to sleep: what may still be undone is sent now. */
  sleeping(): void {
    void this.outbox.pump(true);
  }

  reload(): Promise<void> {
    return this.#watching.reload();
  }

  async #ask(): Promise<void> {
    try {
      await this.#ready();
      if (this.session.phase !== 'signed_in') return;
      const [trips] = await Promise.all([
        this.#staff.trips(dateOf(this.clock.exactly())),
        this.calls.reload(),
      ]);
      this.trips = trips;
      this.shelf.know('trips', trips);
      this.shelf.forgetBut(['trips', 'chosen', ...trips.flatMap(({ id }) => namesOf(id))]);
      // Every trip that is still to be run is fetched, so that it is there where there is no reception.
      const wanted = trips.filter((trip) => trip.id === this.#chosen || !isOver(trip));
      await Promise.all(wanted.map((trip) => this.#fetch(trip.id)));
      this.#missing = null;
    } catch (failure) {
      this.#watching.line.down();
      throw failure;
    }
  }

  async #fetch(id: string): Promise<void> {
    const [detail, manifest] = await Promise.all([this.#staff.detail(id), this.#staff.manifest(id)]);
    this.shelf.know(`detail.${id}`, detail);
    this.#riders.said(id, manifest);
    if (id !== this.#chosen) return;
    this.#replace(detail);
    if (this.#duty.heard(detail)) this.#tellOf(id);
  }

  #heard(trip: StaffTrip, detail: TripDetail | null): void {
    if (detail && detail.id === this.#chosen) this.#replace(detail);
    this.trips = this.trips?.map((known) => (known.id === trip.id ? movedOn(known, trip) : known)) ?? null;
    this.#watching.soon(() =>
      this.#fetch(trip.id).catch((failure: unknown) => {
        this.#watching.line.down();
        throw failure;
      }),
    );
  }

  /** Take the trip as it is now, and go with the bus to its next stop unless somebody at this one is still to be ticked. */
  #replace(detail: TripDetail): void {
    const before = this.detail?.id === detail.id ? nextStop(this.detail.stops)?.seq : undefined;
    this.detail = detail;
    const seq = nextStop(detail.stops)?.seq ?? null;
    const moved = before !== undefined && seq !== before && seq !== null && seq > (this.seq ?? 0);
    if (this.seq === null || (moved && this.manifest && isDoneAt(this.manifest, detail.direction, this.seq)))
      this.seq = seq;
  }

  #taken(trip_id: string, entries: readonly Entry[], signOff: SignOff | null): void {
    this.#riders.taken(trip_id, entries);
    if (signOff && this.detail?.id === trip_id) this.detail = { ...this.detail, sign_off: signOff };
  }

  #open(id: string): void {
    this.#chosen = id;
    this.#riders.open(id);
    this.#duty.open(id);
    this.seq = null;
    this.detail = null;
    const detail = this.shelf.known<TripDetail>(`detail.${id}`);
    if (detail) this.#replace(detail);
    this.seq = this.shelf.known<number>(`seq.${id}`) ?? this.seq;
    this.#tellOf(id);
  }

  /** Work on this trip. */
  async choose(id: string): Promise<void> {
    this.#open(id);
    this.shelf.know('chosen', id);
    this.#watching.watch({ trip: id });
    await this.#fetch(id).catch((failure: unknown) => {
      if (!this.session.endedBy(failure)) this.#missing = this.manifest ? null : failure;
    });
  }

  /** Back to the list of trips. */
  leave(): void {
    this.#chosen = null;
    this.#riders.open(null);
    this.detail = null;
    this.seq = null;
    this.shelf.know('chosen', null);
  }

  toStop(seq: number): void {
    this.seq = seq;
    if (this.#chosen !== null) this.shelf.know(`seq.${this.#chosen}`, seq);
  }

  #note(act: Act, hold_ms = 0): Entry | null {
    return this.#chosen === null ? null : this.outbox.add(this.#chosen, act, hold_ms);
  }

  sign(state: 'on' | 'off'): void {
    if (this.#chosen === null) return;
    this.#note({ kind: 'duty', state });
    this.#duty.sign(state);
    this.#tellOf(this.#chosen);
  }

  /** An attendant's phone says when nothing is left on it; a driver ticks nobody, and the server takes no such word of theirs. */
  #tellOf(id: string): void {
    this.outbox.on = this.duty === 'on' && this.session.user?.role !== 'driver' ? id : null;
  }

  tick(rider: Rider, dir: Dir): void {
    this.#last.is(this.#note({ kind: 'ride', rider_id: rider.id, dir }, UNDO_MS));
  }

  undo(): void {
    const tick = this.#last.take();
    if (!tick || this.outbox.undo(tick.client_id) || tick.act.kind !== 'ride') return;
    // It has left the phone already: the opposite follows it.
    this.#note({ ...tick.act, dir: tick.act.dir === 'on' ? 'off' : 'on' });
  }

  headcount(count: number): void {
    this.#note({ kind: 'headcount', count });
  }

  rearCheck(): void {
    this.#note({ kind: 'rear_check' });
  }

  /** How many are to come along today. */
  get coming(): number {
    return this.manifest ? comingOf(this.manifest).length : 0;
  }
}

const namesOf = (id: string): string[] =>
  ['detail', 'manifest', 'duty', 'seq'].map((what) => `${what}.${id}`);
