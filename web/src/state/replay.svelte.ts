/** The evidence of one trip while it is looked at: its track, what was found, and the instant that is shown, which may run. */

import { Failure } from '../model/failure.ts';
import { putFinding, type Finding } from '../model/finding.ts';
import { atMs, type Instant } from '../model/instant.ts';
import type { Position } from '../model/position.ts';
import { indexAt, joined, type Fix, type Track } from '../model/track.ts';
import { Alarms } from '../wire/staff_alarms.ts';
import { askTrack } from '../wire/track.ts';
import type { Session } from './session.svelte.ts';

/** What was pushed is asked for at most this often; a deviation must be on the page within 5 s. */
const PUSHED_MS = 1000;
/** So many seconds of the trip in one of the reader's. */
export const PACES = [1, 10, 30, 60] as const;
export type Pace = (typeof PACES)[number];

export class Replay {
  /** The trip whose evidence is open. */
  trip: string | null = $state(null);
  track: Track | null = $state.raw(null);
  failed: unknown = $state.raw(null);
  playing = $state(false);
  pace: Pace = $state(30);
  /** The instant that is shown; null follows the newest position. */
  #shown_ms: number | null = $state(null);
  /** All that was ever found on this trip, also what is closed. */
  #found: readonly Finding[] = $state.raw([]);
  #soon: ReturnType<typeof setTimeout> | undefined;
  readonly #alarms: Alarms;

  readonly begin_ms: number = $derived(this.track?.fixes[0]?.at.ms ?? 0);
  readonly end_ms: number = $derived(this.track?.fixes.at(-1)?.at.ms ?? 0);
  readonly at_ms: number = $derived(
    Math.min(this.end_ms, Math.max(this.begin_ms, this.#shown_ms ?? this.end_ms)),
  );
  /** Whether an instant of the past is shown. */
  readonly past: boolean = $derived(this.#shown_ms !== null);
  readonly fix: Fix | null = $derived.by(() => {
    const fixes = this.track?.fixes ?? [];
    return fixes[indexAt(fixes, this.at_ms)] ?? null;
  });

  constructor(private readonly session: Session) {
    this.#alarms = new Alarms(session.http);
  }

  /** The shown instant, in the zone of the track. */
  get at(): Instant | null {
    const like = this.track?.fixes[0]?.at;
    return like ? atMs(this.at_ms, like) : null;
  }

  /** Open the evidence of a trip, at an instant if one is said. */
  async show(trip: string, at: Instant | null = null): Promise<void> {
    this.playing = false;
    this.#shown_ms = at?.ms ?? null;
    if (this.trip === trip && this.track) return;
    this.trip = trip;
    this.track = null;
    this.#found = [];
    await this.reload();
  }

  close(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.trip = null;
    this.track = null;
    this.playing = false;
    this.#shown_ms = null;
    this.failed = null;
  }

  /** Ask for everything again: records that came late may lie anywhere. */
  async reload(): Promise<void> {
    const trip = this.trip;
    if (trip === null) return;
    await this.#take(trip, async () => {
      const [track, page] = await Promise.all([
        askTrack(this.session.http, trip),
        this.#alarms.page({ trip }),
      ]);
      if (this.trip !== trip) return;
      this.track = track;
      this.#found = page.items;
    });
  }

  async #take(trip: string, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
      if (this.trip === trip) this.failed = null;
    } catch (failure) {
      if (this.trip === trip && !this.session.endedBy(failure)) this.failed = failure;
    }
  }

  /** A bus was heard: what it said since is had soon. */
  heard(items: readonly Position[]): void {
    const trip = this.trip;
    if (trip === null || this.#soon !== undefined || !items.some((one) => one.trip_id === trip)) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      if (this.trip === trip) void this.#more(trip);
    }, PUSHED_MS);
  }

  #more(trip: string): Promise<void> {
    const known = this.track;
    const last = known?.fixes.at(-1)?.at;
    if (!known || !last) return this.reload();
    return this.#take(trip, async () => {
      const later = await askTrack(this.session.http, trip, last);
      if (this.trip === trip && this.track) this.track = joined(this.track, later);
    });
  }

  /** What was found on the trip: what is live is newer than what was asked for. */
  found(live: readonly Finding[]): readonly Finding[] {
    return live
      .reduce(putFinding, this.#found)
      .filter((one) => one.withdrawn_at === null)
      .sort((a, b) => a.began_at.ms - b.began_at.ms);
  }

  /** Go to an instant and stop there; the end follows the bus again. */
  seek(ms: number): void {
    this.#shown_ms = ms >= this.end_ms ? null : Math.max(this.begin_ms, ms);
    if (this.#shown_ms === null) this.playing = false;
  }

  /** Follow the newest position. */
  follow(): void {
    this.playing = false;
    this.#shown_ms = null;
  }

  /** Run on from the shown instant, from the beginning where that is the end; or hold. */
  toggle(): void {
    if (!this.playing && this.at_ms >= this.end_ms) this.#shown_ms = this.begin_ms;
    this.playing = !this.playing && this.end_ms > this.begin_ms;
  }

  /** So much of the reader's time went by (ms). */
  advance(real_ms: number): void {
    if (this.playing) this.seek(this.at_ms + real_ms * this.pace);
  }

  /** Whether no bus ran this trip, so that there is nothing to show. */
  get none(): boolean {
    return this.failed instanceof Failure && this.failed.status === 404;
  }
}
