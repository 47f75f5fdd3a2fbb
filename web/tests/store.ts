/** A browser's storage in memory, for tests whose runtime has none: it outlives a page as a phone's does, and can be full. */

import type { Store } from '../src/wire/shelf.ts';

export class MemoryStore implements Store {
  readonly #values = new Map<string, string>();
  full = false;

  get length(): number {
    return this.#values.size;
  }
  key(index: number): string | null {
    return [...this.#values.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new Error('QuotaExceededError');
    this.#values.set(key, value);
  }
  removeItem(key: string): void {
    this.#values.delete(key);
  }
}
