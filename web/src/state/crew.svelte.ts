/** What an attendant or driver works with: today's trips, one trip's stops and riders, and what was noted here; whole without reception. */

import type { Act, Entry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import {
  comingOf,
  progressAt,
  withTicks,
  workAt,
  type Dir,
  type Manifest,
  type Rider,
  type Ticked,
} from '../model/manifest.ts';
import {
  dateOf,
  isOver,
  nextStop,
  type SignOff,
  type StaffTrip,
  type TripDetail,
} from '../model/staff_trip.ts';
import type { Named } from '../model/named.ts';
import type { User } from '../model/person.ts';
import { deviceShelf, type Shelf } from '../wire/shelf.ts';
import { Staff } from '../wire/staff.ts';
import { Calls } from './calls.svelte.ts';
import type { Clock } from './clock.svelte.ts';
import type { Link } from './line.svelte.ts';
import { Outbox, UNDO_MS } from './outbox.svelte.ts';
import type { Session } from './session.svelte.ts';
import { Watching, type MakeWatch } from './watching.svelte.ts';

const REFRESH_MS = 60_000;
/** A push brings the manifest at most this often. */
const PUSHED_MS = 1500;
/** A tick that the server took is in its manifest by then, or the server knows better. */
const SETTLES_MS = 30_000;

/** The bus's state answers a sign-on within this, or it went astray. */
const ANSWERS_MS = 8000;

export type SignedOn =
  | { readonly kind: 'sending' | 'confirmed' | 'missing' }
  /** Somebody else is signed on in this person's place. */
  | { readonly kind: 'other'; readonly name: string };

type Settling = Ticked & { readonly trip_id: string; readonly taken_ms: number };

export class Crew {
  trips: readonly StaffTrip[] | null = $state.raw(null);
  detail: TripDetail | null = $state.raw(null);
  #missing: unknown = $state.raw(null);
  /** The stop that is worked at, by its seq. */
  seq: number | null = $state(null);
  /** Whether this person signed on to the chosen trip from this phone. */
  duty: 'on' | 'off' = $state('off');
  /** The last tick, while it may be undone. */
  undoable: Entry | null = $state.raw(null);
  /** When this person last signed on from here, by the server's clock (ms). */
  #signed_ms = $state(0);
  #chosen: string | null = $state(null);
  #base: Manifest | null = $state.raw(null);

  readonly outbox: Outbox;
  readonly trip: StaffTrip | null = $derived(
    this.trips?.find((trip) => trip.id === this.#chosen) ?? this.detail,
  );
  readonly manifest: Manifest | null = $derived(this.#base && withTicks(this.#base, this.#unsentTicks()));

  /** Signed off from here: what the server still says of before doesn't sign on again. */
  #signedOff = false;
  #settling: readonly Settling[] = [];
  #undoTimer: ReturnType<typeof setTimeout> | undefined;
  readonly calls: Calls;
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

  /** What of this person's sign-on the server knows; null where it says nothing of it, or nobody wants to be signed on. */
  get signedOn(): SignedOn | null {
    const me = this.session.user;
    if (!this.detail || !me || this.duty === 'off' || this.link.kind === 'offline') return null;
    if (isOver(this.detail)) return null;
    const said = this.detail.duty;
    if (this.outbox.waiting.some(({ act, trip_id }) => act.kind === 'duty' && trip_id === this.#chosen))
      return { kind: 'sending' };
    const there = me.role === 'driver' ? said?.driver : said?.attendant;
    if (there && isMe(there, me)) return { kind: 'confirmed' };
    if (this.clock.now.ms - this.#signed_ms < ANSWERS_MS * this.clock.speed) return { kind: 'sending' };
    return there ? { kind: 'other', name: there.name } : { kind: 'missing' };
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
    clearTimeout(this.#undoTimer);
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
    const since_ms = Date.now() - SETTLES_MS;
    this.#settling = this.#settling.filter((tick) => tick.taken_ms > since_ms);
    const base = withTicks(
      manifest,
      this.#settling.filter((tick) => tick.trip_id === id),
    );
    this.shelf.know(`detail.${id}`, detail);
    this.shelf.know(`manifest.${id}`, base);
    if (id !== this.#chosen) return;
    this.#base = base;
    this.#replace(detail);
    // Signed on by the badge in the bus: this phone needs no second word.
    const me = this.session.user;
    const there = me?.role === 'driver' ? detail.duty?.driver : detail.duty?.attendant;
    if (me && there && isMe(there, me) && this.duty === 'off' && !this.#signedOff) this.#onDuty('on');
  }

  #heard(trip: StaffTrip, detail: TripDetail | null): void {
    if (detail && detail.id === this.#chosen) this.#replace(detail);
    this.trips =
      this.trips?.map((known) => (known.id === trip.id ? { ...known, ...onlyTrip(trip) } : known)) ?? null;
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
    if (this.seq === null || (moved && this.#isDone(this.seq))) this.seq = seq;
  }

  #isDone(seq: number): boolean {
    if (!this.manifest || !this.trip) return false;
    const { done, of } = progressAt(workAt(this.manifest, this.trip.direction, seq));
    return done >= of;
  }

  #unsentTicks(): Ticked[] {
    return this.outbox.waiting.flatMap(({ trip_id, act, at }) =>
      act.kind === 'ride' && trip_id === this.#chosen ? [{ rider_id: act.rider_id, dir: act.dir, at }] : [],
    );
  }

  #taken(trip_id: string, entries: readonly Entry[], signOff: SignOff | null): void {
    const ticks = entries.flatMap(({ act, at }) =>
      act.kind === 'ride'
        ? [{ rider_id: act.rider_id, dir: act.dir, at, trip_id, taken_ms: Date.now() }]
        : [],
    );
    this.#settling = [...this.#settling, ...ticks];
    const base = trip_id === this.#chosen ? this.#base : this.shelf.known<Manifest>(`manifest.${trip_id}`);
    if (base && ticks.length > 0) {
      const laid = withTicks(base, ticks);
      this.shelf.know(`manifest.${trip_id}`, laid);
      if (trip_id === this.#chosen) this.#base = laid;
    }
    if (signOff && this.detail?.id === trip_id) this.detail = { ...this.detail, sign_off: signOff };
  }

  #open(id: string): void {
    this.#chosen = id;
    this.#signedOff = false;
    this.#base = this.shelf.known(`manifest.${id}`);
    this.seq = null;
    this.detail = null;
    this.duty = this.shelf.known<'on' | 'off'>(`duty.${id}`) ?? 'off';
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
      if (!this.session.endedBy(failure)) this.#missing = this.#base ? null : failure;
    });
  }

  /** Back to the list of trips. */
  leave(): void {
    this.#chosen = null;
    this.#base = null;
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
    this.#signed_ms = this.clock.exactly().ms;
    this.#signedOff = state === 'off';
    this.#onDuty(state);
  }

  #onDuty(state: 'on' | 'off'): void {
    if (this.#chosen === null) return;
    this.duty = state;
    this.shelf.know(`duty.${this.#chosen}`, state);
    this.#tellOf(this.#chosen);
  }

  /** An attendant's phone says when nothing is left on it; a driver ticks nobody, and the server takes no such word of theirs. */
  #tellOf(id: string): void {
    this.outbox.on = this.duty === 'on' && this.session.user?.role !== 'driver' ? id : null;
  }

  tick(rider: Rider, dir: Dir): void {
    this.undoable = this.#note({ kind: 'ride', rider_id: rider.id, dir }, UNDO_MS);
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => (this.undoable = null), UNDO_MS);
  }

  undo(): void {
    const tick = this.undoable;
    this.undoable = null;
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

/** A person is named by the badge; an account's scope names the same person. */
function isMe(person: Named, user: User): boolean {
  return person.id === user.scope?.id || person.code === user.scope?.code;
}

const namesOf = (id: string): string[] =>
  ['detail', 'manifest', 'duty', 'seq'].map((what) => `${what}.${id}`);

function onlyTrip({ state, started_at, ended_at, delay_s, vehicle, driver }: StaffTrip): Partial<StaffTrip> {
  return { state, started_at, ended_at, delay_s, vehicle, driver };
}
