/** A guardian's choices for one child, shown at once and saved by themselves; what could not be saved stays and says so. */

import { isSame, type Choice, type Wanted } from '../model/choice.ts';
import type { Instant } from '../model/instant.ts';
import type { NoticeKind } from '../model/notice.ts';
import type { Direction } from '../model/trip.ts';
import { askChoices, keepChoice } from '../wire/choices.ts';
import type { Clock } from './clock.svelte.ts';
import type { Session } from './session.svelte.ts';

/** A number that is counted up is saved once it rests. */
const REST_MS = 500;

export type Saving =
  | { readonly kind: 'idle' | 'saving' }
  | { readonly kind: 'saved'; readonly at: Instant }
  | { readonly kind: 'failed'; readonly failure: unknown };

export class Choices {
  /** What is shown, by direction; null before the server has said. */
  items: readonly Choice[] | null = $state.raw(null);
  kinds: readonly NoticeKind[] = $state.raw([]);
  failed: unknown = $state.raw(null);
  saving: Saving = $state.raw({ kind: 'idle' });
  /** What held before the last save, for taking it back. */
  before: Choice | null = $state.raw(null);
  #held = new Map<Direction, Choice>();
  readonly #resting = new Map<Direction, ReturnType<typeof setTimeout>>();
  #queue: Promise<void> = Promise.resolve();
  #asked = 0;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    private readonly child: string,
    private readonly rest_ms = REST_MS,
  ) {}

  /** Ask what holds. */
  async start(): Promise<void> {
    this.failed = null;
    try {
      const { items, kinds } = await askChoices(this.session.http, this.child);
      this.#held = new Map(items.map((item) => [item.direction, item]));
      this.items = items;
      this.kinds = kinds;
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.failed = failure;
    }
  }

  find(direction: Direction): Choice | null {
    return this.items?.find((item) => item.direction === direction) ?? null;
  }

  /** Show a wish at once, and save it when it rests. */
  want(direction: Direction, wanted: Wanted): void {
    const { lead, muted } = wanted;
    this.items =
      this.items?.map((item) => (item.direction === direction ? { direction, lead, muted } : item)) ?? null;
    this.saving = { kind: 'saving' };
    clearTimeout(this.#resting.get(direction));
    this.#resting.set(
      direction,
      setTimeout(() => this.#save(direction), this.rest_ms),
    );
  }

  /** Save now what still rests: the page is left. */
  leave(): void {
    for (const direction of [...this.#resting.keys()]) this.#save(direction);
  }

  /** Try again what was not saved. */
  again(): void {
    for (const item of this.items ?? []) {
      const held = this.#held.get(item.direction);
      if (held && !isSame(held, item)) this.#save(item.direction);
    }
  }

  /** Take the last save back. */
  undo(): void {
    const before = this.before;
    if (before) this.want(before.direction, before);
  }

  #save(direction: Direction): void {
    clearTimeout(this.#resting.get(direction));
    this.#resting.delete(direction);
    const turn = ++this.#asked;
    this.saving = { kind: 'saving' };
    // One after the other, so that the last wish is what the server has in the end.
    this.#queue = this.#queue.then(() => this.#send(direction, turn));
  }

  async #send(direction: Direction, turn: number): Promise<void> {
    const wanted = this.find(direction);
    const held = this.#held.get(direction);
    if (!wanted || !held) return;
    try {
      const kept = await keepChoice(this.session.http, this.child, direction, wanted);
      this.#held.set(direction, kept);
      if (!isSame(held, kept)) this.before = held;
      if (turn === this.#asked && this.#resting.size === 0)
        this.saving = { kind: 'saved', at: this.clock.exactly() };
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.saving = { kind: 'failed', failure };
    }
  }
}
