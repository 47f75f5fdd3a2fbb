/** How the page hears of the bus: by its socket, else by asking again and again, else not at all; and since when. */

import type { Instant } from '../model/instant.ts';
import type { Clock } from './clock.svelte.ts';

export type Link =
  { readonly kind: 'joining' | 'live' | 'polled' } | { readonly kind: 'offline'; readonly since: Instant };

/** A line that is back within this was not down: a server that starts again is no news. */
const GRACE_MS = 2000;
/** A socket that is made for the first time may take this long: some proxies take the call and never put it through. */
const FIRST_MS = 6000;
/** How often is asked over HTTP while the socket is down. */
export const POLL_MS = 10_000;

export class Line {
  link: Link = $state.raw({ kind: 'joining' });
  #heard: Instant | null = null;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;

  /** `ask` asks the server for everything that moves, and says here whether it answered. */
  constructor(
    private readonly clock: Clock,
    private readonly ask: () => void,
    private readonly grace_ms = GRACE_MS,
  ) {}

  /** Whether the page has to ask for what the socket would have told. */
  get isDown(): boolean {
    return this.#poll !== undefined;
  }

  /** The socket is being made. */
  begun(): void {
    if (this.link.kind === 'joining') this.#downIn(FIRST_MS);
  }

  /** The socket stands. */
  up(): void {
    this.stop();
    this.link = { kind: 'live' };
  }

  /** The socket is gone, or did not come. */
  down(): void {
    this.#downIn(this.grace_ms);
  }

  #downIn(wait_ms: number): void {
    if (this.#grace !== undefined || this.isDown) return;
    this.#heard = this.clock.exactly();
    this.#grace = setTimeout(() => this.#begin(), wait_ms);
  }

  #begin(): void {
    this.#poll = setInterval(this.ask, POLL_MS);
    this.#silent();
    this.ask();
  }

  /** The server answered over HTTP. */
  answered(): void {
    this.#heard = this.clock.exactly();
    if (this.link.kind === 'offline') this.link = { kind: 'polled' };
  }

  /** The server did not answer over HTTP. */
  unanswered(): void {
    if (this.link.kind === 'polled') this.#silent();
  }

  #silent(): void {
    this.link = { kind: 'offline', since: this.#heard ?? this.clock.exactly() };
  }

  stop(): void {
    clearTimeout(this.#grace);
    clearInterval(this.#poll);
    this.#grace = this.#poll = undefined;
  }
}
