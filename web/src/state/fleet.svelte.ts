/** What a dispatcher's or regulator's page knows: today's trips of the scope, where every bus is, what is wrong, and one trip whole. */

import type { Manifest } from '../model/manifest.ts';
import { byNeed, gravest, keepOrder, needOf, needsPerson, type Need, type Needing } from '../model/need.ts';
import type { Position } from '../model/position.ts';
import { newer } from '../model/child.ts';
import {
  dateOf,
  type Fixed,
  type LawfulReason,
  type StaffTrip,
  type TripDetail,
} from '../model/staff_trip.ts';
import type { Candidates, Move, Substitutes, Substitution } from '../model/substitution.ts';
import { Dispatch } from '../wire/staff_dispatch.ts';
import { Staff } from '../wire/staff.ts';
import type { Clock } from './clock.svelte.ts';
import { Findings } from './findings.svelte.ts';
import type { Link } from './line.svelte.ts';
import type { Session } from './session.svelte.ts';
import { Replay } from './replay.svelte.ts';
import { Watching, type MakeWatch } from './watching.svelte.ts';

const REFRESH_MS = 60_000;
/** The chosen trip is asked for again at most this often when something of it is pushed. */
const PUSHED_MS = 1000;
/** Needs turn with the clock; reading them anew every few seconds is early enough. */
const READ_MS = 2000;

export class Fleet {
  trips: readonly StaffTrip[] | null = $state.raw(null);
  positions: ReadonlyMap<string, Position> = $state.raw(new Map());
  detail: TripDetail | null = $state.raw(null);
  /** Who rides on the chosen trip; null for those who may not know. */
  manifest: Manifest | null = $state.raw(null);
  /** Words to find in the list. */
  query = $state('');
  items: readonly Needing[] = $state.raw([]);
  #chosen: string | null = $state(null);
  /** While the list is being read it keeps its order. */
  #reading = false;

  readonly findings: Findings;
  readonly replay: Replay;
  readonly chosen: string | null = $derived(this.#chosen);
  readonly trip: StaffTrip | null = $derived(this.trips?.find((trip) => trip.id === this.#chosen) ?? null);
  readonly shown: readonly Needing[] = $derived(this.#found());
  readonly inNeed: number = $derived(this.items.filter((item) => needsPerson(item.need)).length);

  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #staff: Staff;
  readonly #dispatch: Dispatch;
  readonly #watching: Watching;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    makeWatch?: MakeWatch,
  ) {
    this.#staff = new Staff(session.http);
    this.#dispatch = new Dispatch(session.http);
    this.findings = new Findings(session, () => this.#read());
    this.replay = new Replay(session);
    this.#watching = new Watching(
      session,
      clock,
      {
        every_ms: REFRESH_MS,
        pushed_ms: PUSHED_MS,
        ask: () => this.#ask(),
        watched: () => ({ fleet: true }),
        hear: {
          trip: (trip) => this.#heard(trip),
          positions: (items) => this.#move(items),
          finding: (finding) => this.findings.heard(finding),
        },
      },
      makeWatch,
    );
  }

  get link(): Link {
    return this.#watching.link;
  }

  get failed(): unknown {
    return this.#watching.failed;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#read(), READ_MS);
    await this.#watching.start();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.replay.close();
    this.#watching.stop();
  }

  woken(): void {
    this.#watching.woken();
  }

  reload(): Promise<void> {
    return this.#watching.reload();
  }

  async #ask(): Promise<void> {
    const today = dateOf(this.clock.exactly());
    const [trips, positions] = await Promise.all([
      this.#staff.trips(today),
      this.#staff.positions(),
      this.findings.reload(),
    ]);
    this.trips = trips;
    this.#move(positions);
    this.#read();
    await Promise.all([this.#chosen === null ? null : this.#fetch(this.#chosen), this.replay.reload()]);
  }

  #heard(trip: StaffTrip): void {
    const known = this.trips ?? [];
    this.trips = known.some((one) => one.id === trip.id)
      ? known.map((one) => (one.id === trip.id ? trip : one))
      : [...known, trip];
    this.#read();
    if (trip.id !== this.#chosen) return;
    this.#watching.soon(async () => {
      if (this.#chosen !== null) await this.#fetch(this.#chosen);
    });
  }

  #move(items: readonly Position[]): void {
    const positions = new Map(this.positions);
    for (const item of items) {
      const latest = newer(positions.get(item.vehicle_id) ?? null, item);
      if (latest) positions.set(item.vehicle_id, latest);
    }
    this.positions = positions;
    this.replay.heard(items);
  }

  /** Where the bus of this trip is, if it is this trip's run that it is on (or waits for). */
  positionOf(trip: StaffTrip): Position | null {
    const position = trip.vehicle ? this.positions.get(trip.vehicle.id) : undefined;
    if (!position) return null;
    return position.trip_id === null || position.trip_id === trip.id ? position : null;
  }

  /** What a trip needs now. */
  needOf(trip: StaffTrip): Need {
    return needOf(trip, this.positionOf(trip), this.clock.now, this.findings.ofTrip(trip.id));
  }

  #read(): void {
    const now = this.clock.exactly();
    const fresh = byNeed(
      (this.trips ?? []).map((trip) => {
        const findings = this.findings.ofTrip(trip.id);
        return {
          trip,
          need: needOf(trip, this.positionOf(trip), now, findings),
          found: gravest(trip, findings),
        };
      }),
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
    if (this.replay.trip !== id) this.replay.close();
    this.detail = null;
    this.manifest = null;
    if (id === null) return;
    await this.#fetch(id).catch((failure: unknown) => this.#watching.missed(failure));
  }

  async #fetch(id: string): Promise<void> {
    const names = this.session.user?.role === 'operator';
    const [detail, manifest] = await Promise.all([
      this.#staff.detail(id),
      names ? this.#staff.manifest(id) : null,
    ]);
    if (this.#chosen !== id) return;
    this.detail = detail;
    this.manifest = manifest;
  }

  /** Cancel a trip; throws Failure for the dialog to say. */
  async cancel(id: string, reason: string): Promise<void> {
    const detail = await this.#staff.cancel(id, reason);
    if (this.#chosen === id) this.detail = detail;
    await this.reload();
  }

  /** Excuse a verdict that failed; throws Failure for the dialog to say. */
  async excuse(id: string, which: Fixed, reason: LawfulReason, remarks: string): Promise<void> {
    const detail = await this.#staff.excuse(id, which, reason, remarks);
    if (this.#chosen === id) this.detail = detail;
  }

  /** Take an excuse back; throws Failure. */
  async endExcuse(id: string, which: Fixed): Promise<void> {
    const detail = await this.#staff.endExcuse(id, which);
    if (this.#chosen === id) this.detail = detail;
  }

  /** Who may run a trip in another's place; throws Failure. */
  candidates(id: string): Promise<Candidates> {
    return this.#dispatch.candidates(id);
  }

  /** Put another bus, driver or attendant on a trip; throws Failure for the dialog to say. */
  async substitute(id: string, what: Substitutes, candidate: string, reason: string): Promise<Substitution> {
    const done = await this.#dispatch.substitute(id, what, candidate, reason);
    await this.reload();
    return done;
  }

  /** Give a trip another time or way; throws Failure for the dialog to say. */
  async move(id: string, plan: Move): Promise<Substitution> {
    const done = await this.#dispatch.move(id, plan);
    await this.reload();
    return done;
  }

  /** Take one substitution back; throws Failure. */
  async endSubstitution(id: string): Promise<void> {
    await this.#dispatch.end(id);
    await this.reload();
  }

  /** Take every substitution of this trip back; throws Failure. */
  async endSubstitutions(id: string): Promise<void> {
    for (const one of await this.#dispatch.substitutions(id))
      if (one.id !== null) await this.#dispatch.end(one.id);
    await this.reload();
  }
}
