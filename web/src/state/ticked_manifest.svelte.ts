/** Who rides on the chosen trip as it is true on the bus: what the server said, with what was ticked here laid over it until it says so itself. */

import type { Entry } from '../model/entry.ts';
import { withTicks, type Manifest, type Ticked } from '../model/manifest.ts';
import type { Shelf } from '../wire/shelf.ts';

/** A tick that the server took is in its manifest by then, or the server knows better. */
const SETTLES_MS = 30_000;

type Settling = Ticked & { readonly trip_id: string; readonly taken_ms: number };

export class TickedManifest {
  #chosen: string | null = $state(null);
  #base: Manifest | null = $state.raw(null);
  /** Ticks that the server took and may not have folded yet. */
  #settling: readonly Settling[] = [];

  constructor(
    private readonly shelf: Shelf,
    /** What was noted here and not sent yet. */
    private readonly waiting: () => readonly Entry[],
  ) {}

  readonly current: Manifest | null = $derived.by(
    () => this.#base && withTicks(this.#base, ticksOf(this.waiting(), this.#chosen)),
  );

  /** Turn to a trip, as this phone last knew it; null to none. */
  open(id: string | null): void {
    this.#chosen = id;
    this.#base = id === null ? null : this.#known(id);
  }

  #known(id: string): Manifest | null {
    return this.shelf.known<Manifest>(`manifest.${id}`);
  }

  #keep(id: string, manifest: Manifest): void {
    this.shelf.know(`manifest.${id}`, manifest);
    if (id === this.#chosen) this.#base = manifest;
  }

  /** Take what the server says of a trip now. */
  said(id: string, manifest: Manifest): void {
    const since_ms = Date.now() - SETTLES_MS;
    this.#settling = this.#settling.filter((tick) => tick.taken_ms > since_ms);
    this.#keep(
      id,
      withTicks(
        manifest,
        this.#settling.filter((tick) => tick.trip_id === id),
      ),
    );
  }

  /** The server took these. */
  taken(id: string, entries: readonly Entry[]): void {
    const ticks = ticksOf(entries, id);
    if (ticks.length === 0) return;
    const taken_ms = Date.now();
    this.#settling = [...this.#settling, ...ticks.map((tick) => ({ ...tick, trip_id: id, taken_ms }))];
    const base = id === this.#chosen ? this.#base : this.#known(id);
    if (base) this.#keep(id, withTicks(base, ticks));
  }
}

function ticksOf(entries: readonly Entry[], id: string | null): Ticked[] {
  return entries.flatMap(({ trip_id, act, at }) =>
    act.kind === 'ride' && trip_id === id ? [{ rider_id: act.rider_id, dir: act.dir, at }] : [],
  );
}
