/** What a school's page knows: its board of arrivals, kept true by pushes and by asking; and the answers of its gate. */

import { boardStateOf, directionNow, rowsOf, type BoardRow } from '../model/board.ts';
import { Failure } from '../model/failure.ts';
import { keepOrder } from '../model/need.ts';
import { dateOf } from '../model/staff_trip.ts';
import type { Direction } from '../model/trip.ts';
import { Staff, type Mismatch } from '../wire/staff.ts';
import type { Watch } from '../wire/watch.ts';
import type { Clock } from './clock.svelte.ts';
import type { MakeWatch } from './crew.svelte.ts';
import { Line, type Link } from './line.svelte.ts';
import type { Session } from './session.svelte.ts';

const REFRESH_MS = 30_000;
const AGAIN_MS = 5000;
/** docs/http.md: the board is asked for again at most once a second. */
const PUSHED_MS = 1000;

export class Arrivals {
  rows: readonly BoardRow[] | null = $state.raw(null);
  failed: unknown = $state.raw(null);
  /** What the server said of a count that differs, by trip. */
  mismatches: ReadonlyMap<string, Mismatch> = $state.raw(new Map());
  #direction: Direction | null = $state(null);
  #order: readonly string[] = $state.raw([]);

  readonly direction: Direction = $derived(this.#direction ?? 'to_school');
  readonly shown: readonly BoardRow[] = $derived(
    keepOrder(this.#order, rowsOf(this.rows ?? [], this.direction), (row) => row.trip.id),
  );
  /** Buses that wait for this school's count. */
  readonly asking: readonly BoardRow[] = $derived(
    this.shown.filter((row) => ['ask', 'differ'].includes(boardStateOf(row, this.clock.now))),
  );

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
    this.#timers.push(setInterval(() => void this.reload(), REFRESH_MS));
    await this.reload();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    const school = this.session.user?.scope?.id;
    if (school === undefined) return;
    try {
      const watch = await this.makeWatch({
        connected: () => {
          this.#line.up();
          void this.reload();
        },
        disconnected: () => this.#line.down(),
        trip: () => this.#soon(),
        positions: () => undefined,
        ended: () => void this.reload(),
      });
      if (this.#stopped) {
        watch.close();
        return;
      }
      this.#watch = watch;
      watch.watch({ school });
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

  #soon(): void {
    this.#pushed ??= setTimeout(() => {
      this.#pushed = undefined;
      void this.reload();
    }, PUSHED_MS);
  }

  async reload(): Promise<void> {
    try {
      const rows = await this.#staff.board(dateOf(this.clock.exactly()));
      this.#direction ??= directionNow(rows, this.clock.now);
      this.rows = rows;
      this.#order = this.shown.map((row) => row.trip.id);
      this.failed = null;
      this.#line.answered();
    } catch (failure) {
      if (this.session.endedBy(failure)) return;
      this.failed = failure;
      if (failure instanceof Failure && failure.kind === 'unreachable') this.#line.unanswered();
    }
  }

  choose(direction: Direction): void {
    this.#direction = direction;
    this.#order = rowsOf(this.rows ?? [], direction).map((row) => row.trip.id);
  }

  /** Say how many came in or were handed out; true when both sides agree or the other has not counted yet. Throws Failure. */
  async receive(id: string, count: number, remarks: string, client_id: string): Promise<boolean> {
    const said = await this.#staff.receive(id, count, remarks, client_id);
    const mismatches = new Map(this.mismatches);
    if ('in_doubt' in said) mismatches.set(id, said);
    else mismatches.delete(id);
    this.mismatches = mismatches;
    await this.reload();
    return !('in_doubt' in said);
  }
}

async function loadWatch(listener: Parameters<MakeWatch>[0]): Promise<Watch> {
  const { Watch } = await import('../wire/watch.ts');
  return new Watch(listener);
}
