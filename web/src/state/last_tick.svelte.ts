/** The last tick of this phone, for as long as it may be undone. */

import type { Entry } from '../model/entry.ts';
import { UNDO_MS } from './outbox.svelte.ts';

export class LastTick {
  entry: Entry | null = $state.raw(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A tick was noted just now. */
  is(entry: Entry | null): void {
    clearTimeout(this.#timer);
    this.entry = entry;
    this.#timer = setTimeout(() => (this.entry = null), UNDO_MS);
  }

  /** Take it away to undo it; null where it is too late. */
  take(): Entry | null {
    const entry = this.entry;
    this.stop();
    return entry;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.entry = null;
  }
}
