/** The server's time on this page, ticking each second; every age on the screen is taken from it. */

import { atMs, type Instant } from '../model/instant.ts';
import { serverNow, told, untold, type ServerTime } from '../model/server_time.ts';

const TICK_MS = 1000;

export class Clock {
  #time: ServerTime = $state.raw(untold(Date.now()));
  #local_ms = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;

  /** The server's time at the last tick. */
  readonly now: Instant = $derived(serverNow(this.#time, this.#local_ms));

  get speed(): number {
    return this.#time.speed;
  }

  /** Take the server's word for its time; see model/server_time. */
  tell(server: Instant, speed: number, sent_ms: number, received_ms: number): void {
    this.#time = told(server, speed, sent_ms, received_ms);
    this.tick();
  }

  /** What is known of the server's clock, to go on by it where the server can't be asked. */
  get time(): ServerTime {
    return this.#time;
  }

  /** Go on by what was known before. */
  restore(time: ServerTime): void {
    this.#time = time;
    this.tick();
  }

  tick(): void {
    this.#local_ms = Date.now();
  }

  /** The server's time this very moment, for what is noted and not shown. */
  exactly(): Instant {
    return atMs(serverNow(this.#time, Date.now()).ms, this.#time.server);
  }

  start(): void {
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
