/** What a guardian's page knows: the children, their notices, the connection; kept true by pushes and by fresh snapshots. */

import { addRide, findException, moveBus, replaceChild, type Child } from '../model/child.ts';
import type { Instant } from '../model/instant.ts';
import { putNotice, type Notice } from '../model/notice.ts';
import type { Position } from '../model/position.ts';
import type { ChildTrip } from '../model/trip.ts';
import type { Live, Listener } from '../wire/live.ts';
import type { Clock } from './clock.svelte.ts';
import type { Session } from './session.svelte.ts';

export type Link =
  { readonly kind: 'joining' | 'live' } | { readonly kind: 'offline'; readonly since: Instant };

/** Everything is asked for again this often, so that a missed turn of the day can't last. */
const REFRESH_MS = 300_000;
const AGAIN_MS = 3000;
const REWATCH_MS = 30_000;

export class Family {
  children: readonly Child[] | null = $state.raw(null);
  notices: readonly Notice[] | null = $state.raw(null);
  /** The newest notice that came while the page was open and nobody has dismissed. */
  toast: Notice | null = $state.raw(null);
  link: Link = $state.raw({ kind: 'joining' });
  failed: unknown = $state.raw(null);
  #chosen: string | null = $state(null);
  #next: string | null = $state(null);

  readonly child: Child | null = $derived(
    this.children?.find((child) => child.id === this.#chosen) ?? this.children?.[0] ?? null,
  );
  readonly unread: number = $derived(this.notices?.filter((notice) => !notice.read_at).length ?? 0);
  readonly hasMore: boolean = $derived(this.#next !== null);

  #live: Live | null = null;
  #stopped = false;
  #refresh: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #rewatched_ms = 0;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    private readonly makeLive: (listener: Listener) => Promise<Live> = loadLive,
  ) {}

  #listener(): Listener {
    return {
      connected: () => void this.#connected(),
      disconnected: () => this.#disconnected(),
      snapshot: (child) => this.#replace(child),
      child: (child) => this.#replace(child),
      positions: (items) => this.#move(items),
      ride: (id, ride) => this.#change(id, (child) => addRide(child, ride)),
      notice: (notice) => this.#told(notice),
      windowEnded: (id) => this.#windowEnded(id),
      rightsEnded: () => this.#askAgain(),
      sessionEnded: () => this.session.leave('ended'),
    };
  }

  /** Ask for what there is and begin to listen. */
  async start(): Promise<void> {
    this.#refresh = setInterval(() => void this.reload(), REFRESH_MS);
    await this.reload();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    try {
      const live = await this.makeLive(this.#listener());
      if (this.#stopped) {
        live.close();
        return;
      }
      this.#live = live;
      live.watch(this.children?.map((child) => child.id) ?? []);
      live.connect();
    } catch {
      // The part that listens could not be loaded: the line is down.
      this.#disconnected();
      this.#again = setTimeout(() => void this.#connect(), AGAIN_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#refresh);
    clearTimeout(this.#again);
    this.#live?.close();
  }

  /** The page is looked at again: after a phone's sleep nothing that it shows may be trusted. */
  async woken(): Promise<void> {
    this.clock.tick();
    this.#live?.connect();
    await this.reload();
  }

  async reload(): Promise<void> {
    try {
      const [children, page] = await Promise.all([
        this.session.http.children(),
        this.session.http.notices(null),
      ]);
      const known = new Map(this.children?.map((child) => [child.id, child]));
      this.children = children.map((child) => replaceChild(known.get(child.id), child));
      if (this.notices === null) this.#next = page.next;
      this.notices = page.items.reduce(putNotice, this.notices ?? []);
      this.failed = null;
      this.#live?.watch(children.map((child) => child.id));
    } catch (failure) {
      if (this.session.endedBy(failure)) return;
      this.failed = failure;
      this.#askAgain();
    }
  }

  #askAgain(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      void this.reload();
      this.#live?.connect();
    }, AGAIN_MS);
  }

  choose(id: string): void {
    this.#chosen = id;
  }

  #change(id: string, turn: (child: Child) => Child): void {
    this.children = this.children?.map((child) => (child.id === id ? turn(child) : child)) ?? null;
  }

  #replace(said: Child): void {
    this.#change(said.id, (known) => replaceChild(known, said));
  }

  #move(items: readonly Position[]): void {
    this.children = this.children?.map((child) => items.reduce(moveBus, child)) ?? null;
  }

  async #connected(): Promise<void> {
    this.link = { kind: 'live' };
    await this.session.syncClock().catch(() => undefined);
    // What was told while the line was down is in the list, and needs no toast.
    await this.reload();
  }

  #disconnected(): void {
    if (this.link.kind === 'offline') return;
    this.link = { kind: 'offline', since: this.clock.exactly() };
    void this.#fetchLine();
  }

  /** Where the socket does not come through, the route at least comes over HTTP; what moves does not. */
  async #fetchLine(): Promise<void> {
    const child = this.child;
    if (!child?.trip || child.trip.stops.length > 0) return;
    const whole = await this.session.http.child(child.id).catch(() => null);
    if (whole) this.#replace(whole);
  }

  #windowEnded(id: string | null): void {
    for (const child of this.children ?? []) {
      if (id !== null && child.id !== id) continue;
      this.#change(child.id, (known) =>
        known.trip ? { ...known, trip: { ...known.trip, position: null } } : known,
      );
    }
    if (Date.now() - this.#rewatched_ms < REWATCH_MS) return;
    this.#rewatched_ms = Date.now();
    this.#live?.watch([]);
    void this.reload();
  }

  #told(notice: Notice): void {
    const isNew = !this.notices?.some((known) => known.id === notice.id);
    this.notices = putNotice(this.notices ?? [], notice);
    if (isNew && !notice.late && !notice.read_at) this.toast = notice;
  }

  dismiss(): void {
    this.toast = null;
  }

  /** Mark as read, here at once and on the server; taken back when the server does not take it. */
  async read(notices: readonly Notice[]): Promise<void> {
    const fresh = notices.filter((notice) => !notice.read_at);
    const now = this.clock.exactly();
    const ids = new Set(fresh.map((notice) => notice.id));
    if (this.toast && ids.has(this.toast.id)) this.toast = null;
    this.#mark(ids, now);
    const results = await Promise.allSettled(fresh.map((notice) => this.session.http.readNotice(notice.id)));
    const refused = fresh.filter((_, index) => results[index]?.status === 'rejected');
    if (refused.length > 0) this.#mark(new Set(refused.map((notice) => notice.id)), null);
    for (const result of results) if (result.status === 'rejected') this.session.endedBy(result.reason);
  }

  #mark(ids: ReadonlySet<string>, read_at: Instant | null): void {
    this.notices =
      this.notices?.map((notice) => (ids.has(notice.id) ? { ...notice, read_at } : notice)) ?? null;
  }

  async earlier(): Promise<void> {
    if (this.#next === null) return;
    const page = await this.session.http.notices(this.#next);
    this.#next = page.next;
    this.notices = page.items.reduce(putNotice, this.notices ?? []);
  }

  /** The child does not ride on this trip; throws Failure for the page to say. */
  async stayHome(child: Child, trip: ChildTrip): Promise<void> {
    const exception = await this.session.http.stayHome(child.id, trip.service_date, trip.direction);
    this.#change(child.id, (known) => ({
      ...known,
      exceptions: [...known.exceptions.filter((other) => other.id !== exception.id), exception],
    }));
  }

  /** Take that back. */
  async rideAfterAll(child: Child, trip: ChildTrip): Promise<void> {
    const exception = findException(child, trip);
    if (!exception) return;
    await this.session.http.rideAfterAll(child.id, exception.id);
    this.#change(child.id, (known) => ({
      ...known,
      exceptions: known.exceptions.filter((other) => other.id !== exception.id),
    }));
  }
}

/** The socket is loaded after the first words, which come over HTTP. */
async function loadLive(listener: Listener): Promise<Live> {
  const { Live } = await import('../wire/live.ts');
  return new Live(listener);
}
