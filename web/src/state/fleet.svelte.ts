/** What a dispatcher's or regulator's page knows: today's trips of the scope, where every bus is, and one trip whole. */

import { Failure } from '../model/failure.ts';
import { byNeed, keepOrder, needOf, needsPerson, type Needing } from '../model/need.ts';
import type { Position } from '../model/position.ts';
import { newer } from '../model/child.ts';
import { dateOf, type StaffTrip, type TripDetail } from '../model/staff_trip.ts';
import { Staff } from '../wire/staff.ts';
import type { Watch } from '../wire/watch.ts';
import type { Clock } from './clock.svelte.ts';
import type { MakeWatch } from './crew.svelte.ts';
import { Line, type Link } from './line.svelte.ts';
import type { Session } from './session.svelte.ts';

const REFRESH_MS = 60_000;
const AGAIN_MS = 5000;
/** The chosen trip is asked for again at most this often when something of it is pushed. */
const PUSHED_MS = 1000;
/** Needs turn with the clock; reading them anew every few seconds is early enough. */
const READ_MS = 2000;

export class Fleet {
  trips: readonly StaffTrip[] | null = $state.raw(null);
  positions: ReadonlyMap<string, Position> = $state.raw(new Map());
  detail: TripDetail | null = $state.raw(null);
  failed: unknown = $state.raw(null);
  /** Words to find in the list. */
  query = $state('');
  items: readonly Needing[] = $state.raw([]);
  #chosen: string | null = $state(null);
  /** While the list is being read it keeps its order. */
  #reading = false;

  readonly chosen: string | null = $derived(this.#chosen);
  readonly trip: StaffTrip | null = $derived(this.trips?.find((trip) => trip.id === this.#chosen) ?? null);
  readonly shown: readonly Needing[] = $derived(this.#found());
  readonly inNeed: number = $derived(this.items.filter((item) => needsPerson(item.need)).length);

  #watch: Watch | null = null;
  #stopped = false;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #pushed: ReturnType<typeof setTimeout> | undefined;
  readonly #staff: Staff;
  readonly #line: Line;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    private readonly makeWatch: MakeWatch = loadWatch,
  ) {
    this.#staff = new Staff(session.http);
    this.#line = new Line(clock, () => void this.reload());
  }

  get link(): Link {
    return this.#line.link;
  }

  async start(): Promise<void> {
    this.#timers.push(
      setInterval(() => void this.reload(), REFRESH_MS),
      setInterval(() => this.#read(), READ_MS),
    );
    await this.reload();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    try {
      const watch = await this.makeWatch({
        connected: () => {
          this.#line.up();
          void this.reload();
        },
        disconnected: () => this.#line.down(),
        trip: (trip) => this.#heard(trip),
        positions: (items) => this.#move(items),
        ended: () => void this.reload(),
      });
      if (this.#stopped) {
        watch.close();
        return;
      }
      this.#watch = watch;
      watch.watch({ fleet: true });
    } catch {
      this.#line.down();
      this.#timers.push(setTimeout(() => void this.#connect(), AGAIN_MS));
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#pushed);
    this.#line.stop();
    this.#watch?.close();
  }

  woken(): void {
    this.clock.tick();
    this.#watch?.wake();
    void this.reload();
  }

  async reload(): Promise<void> {
    try {
      const today = dateOf(this.clock.exactly());
      const [trips, positions] = await Promise.all([this.#staff.trips(today), this.#staff.positions()]);
      this.trips = trips;
      this.#move(positions);
      this.#read();
      this.failed = null;
      this.#line.answered();
      if (this.#chosen !== null) await this.#fetch(this.#chosen);
    } catch (failure) {
      if (this.session.endedBy(failure)) return;
      this.failed = failure;
      if (failure instanceof Failure && failure.kind === 'unreachable') this.#line.unanswered();
    }
  }

  #heard(trip: StaffTrip): void {
    const known = this.trips ?? [];
    this.trips = known.some((one) => one.id === trip.id)
      ? known.map((one) => (one.id === trip.id ? trip : one))
      : [...known, trip];
    this.#read();
    if (trip.id !== this.#chosen) return;
    this.#pushed ??= setTimeout(() => {
      this.#pushed = undefined;
      if (this.#chosen !== null) void this.#fetch(this.#chosen).catch(() => undefined);
    }, PUSHED_MS);
  }

  #move(items: readonly Position[]): void {
    const positions = new Map(this.positions);
    for (const item of items) {
      const latest = newer(positions.get(item.vehicle_id) ?? null, item);
      if (latest) positions.set(item.vehicle_id, latest);
    }
    this.positions = positions;
  }

  /** Where the bus of this trip is, if it is this trip's run that it is on (or waits for). */
  positionOf(trip: StaffTrip): Position | null {
    const position = trip.vehicle ? this.positions.get(trip.vehicle.id) : undefined;
    if (!position) return null;
    return position.trip_id === null || position.trip_id === trip.id ? position : null;
  }

  #read(): void {
    const now = this.clock.exactly();
    const fresh = byNeed(
      (this.trips ?? []).map((trip) => ({ trip, need: needOf(trip, this.positionOf(trip), now) })),
    );
    const read = this.items.map((item) => item.trip.id);
    this.items = this.#reading ? keepOrder(read, fresh, (item) => item.trip.id) : fresh;
  }

  #found(): readonly Needing[] {
    const sought = this.query.trim().toLowerCase();
    if (sought === '') return this.items;
    return this.items.filter(({ trip }) =>
      [trip.code, trip.route.name, trip.route.code, trip.vehicle, trip.driver, trip.school].some((part) => {
        const text = typeof part === 'string' ? part : `${part?.code ?? ''} ${part?.name ?? ''}`;
        return text.toLowerCase().includes(sought);
      }),
    );
  }

  /** A pointer or the focus is in the list: it keeps its order until it is left. */
  reading(yes: boolean): void {
    this.#reading = yes;
    if (!yes) this.#read();
  }

  async choose(id: string | null): Promise<void> {
    this.#chosen = id;
    this.detail = null;
    if (id === null) return;
    await this.#fetch(id).catch((failure: unknown) => {
      if (!this.session.endedBy(failure)) this.failed = failure;
    });
  }

  async #fetch(id: string): Promise<void> {
    const detail = await this.#staff.detail(id);
    if (this.#chosen === id) this.detail = detail;
  }

  /** Cancel a trip; throws Failure for the dialog to say. */
  async cancel(id: string, reason: string): Promise<void> {
    const detail = await this.#staff.cancel(id, reason);
    if (this.#chosen === id) this.detail = detail;
    await this.reload();
  }
}

async function loadWatch(listener: Parameters<MakeWatch>[0]): Promise<Watch> {
  const { Watch } = await import('../wire/watch.ts');
  return new Watch(listener);
}
