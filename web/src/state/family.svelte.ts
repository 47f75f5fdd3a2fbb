/** What a guardian's page knows: the children, their notices, the connection; kept true by pushes and by fresh snapshots. */

import { addRide, findException, moveBus, replaceChild, type Child } from '../model/child.ts';
import type { Instant } from '../model/instant.ts';
import { isNew, putNotice, type Notice } from '../model/notice.ts';
import type { Position } from '../model/position.ts';
import type { ChildTrip } from '../model/trip.ts';
import { Failure } from '../model/failure.ts';
import type { Live, Listener } from '../wire/live.ts';
import { hearTouched } from '../wire/push_browser.ts';
import type { Clock } from './clock.svelte.ts';
import { Line, type Link } from './line.svelte.ts';
import type { Session } from './session.svelte.ts';

/** Everything is asked for again this often, so that a missed turn of the day can't last. */
const REFRESH_MS = 300_000;
const AGAIN_MS = 3000;
const REWATCH_MS = 30_000;
/** What is learnt by asking is still told aloud when it is no older than this. */
const NEWS_MS = 120_000;

export class Family {
  children: readonly Child[] | null = $state.raw(null);
  notices: readonly Notice[] | null = $state.raw(null);
  /** The newest notice that came while the page was open and nobody has dismissed. */
  toast: Notice | null = $state.raw(null);
  failed: unknown = $state.raw(null);
  #chosen: string | null = $state(null);
  #next: string | null = $state(null);

  readonly child: Child | null = $derived(
    this.children?.find((child) => child.id === this.#chosen) ?? this.children?.[0] ?? null,
  );
  readonly unread: number = $derived(this.notices?.filter(isNew).length ?? 0);
  readonly hasMore: boolean = $derived(this.#next !== null);

  #live: Live | null = null;
  #stopped = false;
  #deaf: (() => void) | null = null;
  #refresh: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #rewatched_ms = 0;
  readonly #line: Line;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    private readonly makeLive: (listener: Listener) => Promise<Live> = loadLive,
  ) {
    this.#line = new Line(clock, () => void this.reload());
  }

  get link(): Link {
    return this.#line.link;
  }

  #listener(): Listener {
    return {
      connected: () => void this.#connected(),
      disconnected: () => this.#line.down(),
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
    this.#deaf = hearTouched((child) => this.choose(child));
    this.#refresh = setInterval(() => void this.reload(), REFRESH_MS);
    await this.reload();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    this.#line.begun();
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
      this.#line.down();
      this.#again = setTimeout(() => void this.#connect(), AGAIN_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#deaf?.();
    clearInterval(this.#refresh);
    clearTimeout(this.#again);
    this.#line.stop();
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
      const children = this.session.askedEarly() ?? this.session.http.children();
      // The first sentence needs the children alone, and is not held up by the list.
      await Promise.all([
        children.then((said) => this.#take(said)),
        this.session.http.notices(null).then((page) => this.#learn(page)),
      ]);
      this.failed = null;
      this.#line.answered();
      if (this.#line.isDown) await this.#fetchLine();
    } catch (failure) {
      if (this.session.endedBy(failure)) return;
      this.failed = failure;
      if (failure instanceof Failure && failure.kind === 'unreachable') this.#line.unanswered();
      this.#askAgain();
    }
  }

  #take(children: readonly Child[]): void {
    const known = new Map(this.children?.map((child) => [child.id, child]));
    this.children = children.map((child) => replaceChild(known.get(child.id), child));
    this.#live?.watch(children.map((child) => child.id));
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
    this.#line.up();
    await this.session.syncClock().catch(() => undefined);
    await this.reload();
  }

  /** Where the socket does not come through, the route and its stops' times come over HTTP. */
  async #fetchLine(): Promise<void> {
    const child = this.child;
    if (!child?.trip) return;
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

  /** Take a page of the list; what it has of news and nobody pushed is told. */
  #learn(page: { readonly items: readonly Notice[]; readonly next: string | null }): void {
    const first = this.notices === null;
    if (first) this.#next = page.next;
    const oldest_ms = this.clock.exactly().ms - NEWS_MS;
    for (const notice of [...page.items].reverse())
      if (!first && notice.at.ms > oldest_ms) this.#told(notice);
    this.notices = page.items.reduce(putNotice, this.notices ?? []);
  }

  #told(notice: Notice): void {
    const known = this.notices?.some((other) => other.id === notice.id);
    this.notices = putNotice(this.notices ?? [], notice);
    if (!known && !notice.late && isNew(notice)) this.toast = notice;
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
