/** What a school's page knows: its board of arrivals, kept true by pushes and by asking; and the answers of its gate. */

import { boardStateOf, directionNow, rowsOf, type BoardRow } from '../model/board.ts';
import { keepOrder } from '../model/need.ts';
import { dateOf } from '../model/staff_trip.ts';
import type { Direction } from '../model/trip.ts';
import { Staff, type Mismatch } from '../wire/staff.ts';
import { Calls } from './calls.svelte.ts';
import type { Clock } from './clock.svelte.ts';
import type { Link } from './line.svelte.ts';
import type { Session } from './session.svelte.ts';
import { Watching, type MakeWatch } from './watching.svelte.ts';

const REFRESH_MS = 30_000;
/** docs/http.md: the board is asked for again at most once a second. */
const PUSHED_MS = 1000;

export class Arrivals {
  rows: readonly BoardRow[] | null = $state.raw(null);
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

  readonly calls: Calls;
  readonly #staff: Staff;
  readonly #watching: Watching;

  constructor(
    session: Session,
    private readonly clock: Clock,
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
        watched: () => (session.user?.scope ? { school: session.user.scope.id } : null),
        hear: {
          trip: () => this.#watching.soon(() => this.#ask()),
          // The trip itself is the same when a child boards; the board's counts are not.
          ride: () => this.#watching.soon(() => this.#ask()),
          notice: (notice) => this.calls.heard(notice),
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

  start(): Promise<void> {
    return this.#watching.start();
  }

  stop(): void {
    this.#watching.stop();
  }

  woken(): void {
    this.#watching.woken();
  }

  reload(): Promise<void> {
    return this.#watching.reload();
  }

  async #ask(): Promise<void> {
    const [rows] = await Promise.all([this.#staff.board(dateOf(this.clock.exactly())), this.calls.reload()]);
    this.#direction ??= directionNow(rows, this.clock.now);
    this.rows = rows;
    this.#order = this.shown.map((row) => row.trip.id);
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
