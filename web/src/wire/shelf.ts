/**
 * Keeps things on this device through reloads, power cuts and no reception: what was noted and not yet sent, and the last that was known.
 * Each entry has its own key, so two tabs never write over each other's.
 */

import * as v from 'valibot';
import { inOrder, type Entry } from '../model/entry.ts';
import { read } from './shapes.ts';

export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const ENTRY = 'sixfixed.entry.';
/** Everything under this may name people, and goes at log-out (see KNOWN in wire/kept_user). */
const KNOWN = 'sixfixed.known.';
const VERSION = 1;

const instant = v.object({ ms: v.number(), offset_min: v.number() });
const dir = v.picklist(['on', 'off']);
const entry = v.object({
  client_id: v.string(),
  user_id: v.string(),
  trip_id: v.string(),
  order: v.number(),
  at: instant,
  held_until_ms: v.number(),
  refused: v.nullable(v.string()),
  act: v.variant('kind', [
    v.object({ kind: v.literal('ride'), rider_id: v.string(), dir }),
    v.object({ kind: v.literal('duty'), state: dir }),
    v.object({ kind: v.literal('headcount'), count: v.number() }),
    v.object({ kind: v.literal('rear_check') }),
  ]),
});

export class Shelf {
  readonly #memory = new Map<string, string>();
  #lasting = true;

  constructor(private readonly store: Store) {}

  /** Whether what is put here survives a reload: false once the browser has refused to keep something. */
  get lasting(): boolean {
    return this.#lasting;
  }

  #write(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    try {
      this.store.setItem(key, text);
      this.#memory.delete(key);
    } catch {
      // Full, or forbidden: it is kept while the page is open, and the page says so.
      this.#lasting = false;
      this.#memory.set(key, text);
    }
  }

  #read(key: string): unknown {
    try {
      const text = this.#memory.get(key) ?? this.store.getItem(key);
      return text === null ? null : (JSON.parse(text) as unknown);
    } catch {
      return null;
    }
  }

  #keys(prefix: string): string[] {
    const keys = new Set(this.#memory.keys());
    try {
      for (let i = 0; i < this.store.length; i++) keys.add(this.store.key(i) ?? '');
    } catch {
      // Storage is forbidden; then there is what is in memory.
    }
    return [...keys].filter((key) => key.startsWith(prefix));
  }

  /** What this account noted on this device and the server has not taken, in order. */
  entries(user_id: string): Entry[] {
    const found = this.#keys(ENTRY).flatMap((key) => read(entry, this.#read(key)) ?? []);
    return inOrder(found.filter((one) => one.user_id === user_id));
  }

  put(one: Entry): void {
    this.#write(ENTRY + one.client_id, one);
  }

  drop(client_id: string): void {
    this.#remove(ENTRY + client_id);
  }

  #remove(key: string): void {
    this.#memory.delete(key);
    try {
      this.store.removeItem(key);
    } catch {
      // Nothing can be there.
    }
  }

  /** Remember what the server said, to show it where there is no reception. */
  know(name: string, value: unknown): void {
    this.#write(KNOWN + name, { version: VERSION, value });
  }

  /** What was remembered under this name by this version of the page; it was checked when it came. */
  known<T>(name: string): T | null {
    const kept = this.#read(KNOWN + name);
    if (kept === null || typeof kept !== 'object' || !('version' in kept) || kept.version !== VERSION)
      return null;
    return (kept as { value?: T }).value ?? null;
  }

  /** Forget what was remembered, but for these names. */
  forgetBut(names: readonly string[]): void {
    const kept = new Set(names.map((name) => KNOWN + name));
    for (const key of this.#keys(KNOWN)) if (!kept.has(key)) this.#remove(key);
  }
}

/** The browser's own store, or none where it is forbidden. */
export function deviceShelf(): Shelf {
  try {
    return new Shelf(localStorage);
  } catch {
    return new Shelf(forbidden());
  }
}

function forbidden(): Store {
  return {
    length: 0,
    key: () => null,
    getItem: () => null,
    setItem: () => {
      throw new Error('This browser forbids pages to keep anything.');
    },
    removeItem: () => undefined,
  };
}
