/** Keeps a page of staff true: asks at its start and now and then, hears what is pushed between, and says how good the line is. */

import { Failure } from '../model/failure.ts';
import type { Watch, Watched, WatchListener } from '../wire/watch.ts';
import type { Clock } from './clock.svelte.ts';
import { Line, type Link } from './line.svelte.ts';
import type { Session } from './session.svelte.ts';

const AGAIN_MS = 5000;

export type MakeWatch = (listener: WatchListener) => Promise<Watch>;

export type Source = {
  /** Everything is asked for again this often, so that a missed push can't last. */
  readonly every_ms: number;
  /** What is asked because something was pushed is asked at most this often. */
  readonly pushed_ms: number;
  /** Ask for everything that moves; throws Failure. */
  readonly ask: () => Promise<void>;
  /** What is watched from the start on; null: only what concerns this person. */
  readonly watched: () => Watched | null;
  readonly hear: Partial<Pick<WatchListener, 'trip' | 'ride' | 'positions' | 'finding' | 'notice'>>;
  /** The line stands (again). */
  readonly connected?: () => void;
};

export class Watching {
  failed: unknown = $state.raw(null);
  readonly line: Line;
  #watch: Watch | null = null;
  #stopped = false;
  #every: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #pushed: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
    private readonly source: Source,
    private readonly makeWatch: MakeWatch = loadWatch,
  ) {
    this.line = new Line(clock, () => void this.reload());
  }

  get link(): Link {
    return this.line.link;
  }

  async start(): Promise<void> {
    this.#every = setInterval(() => void this.reload(), this.source.every_ms);
    await this.reload();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    const nothing = (): undefined => undefined;
    try {
      const watch = await this.makeWatch({
        trip: nothing,
        ride: nothing,
        positions: nothing,
        finding: nothing,
        notice: nothing,
        ...this.source.hear,
        connected: () => {
          this.line.up();
          this.source.connected?.();
          void this.reload();
        },
        disconnected: () => this.line.down(),
        ended: () => void this.reload(),
      });
      if (this.#stopped) {
        watch.close();
        return;
      }
      this.#watch = watch;
      const watched = this.source.watched();
      if (watched) watch.watch(watched);
      else watch.listen();
    } catch {
      // The part that listens could not be loaded: there is no reception, or not enough.
      this.line.down();
      this.#again = setTimeout(() => void this.#connect(), AGAIN_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#every);
    clearTimeout(this.#again);
    clearTimeout(this.#pushed);
    this.line.stop();
    this.#watch?.close();
  }

  /** The page is looked at again, or reception is back: nothing that it shows may be trusted. */
  woken(): void {
    this.clock.tick();
    this.#watch?.listen();
    void this.reload();
  }

  /** Watch this and nothing else from now on. */
  watch(what: Watched): void {
    this.#watch?.watch(what);
  }

  /** Ask for everything; a failure is kept for the page to say. */
  async reload(): Promise<void> {
    try {
      await this.source.ask();
      this.failed = null;
      this.line.answered();
    } catch (failure) {
      this.missed(failure);
    }
  }

  /** Something could not be had: keep why, unless the session is over and the page goes. */
  missed(failure: unknown): void {
    if (this.session.endedBy(failure)) return;
    this.failed = failure;
    if (failure instanceof Failure && failure.kind === 'unreachable') this.line.unanswered();
  }

  /** Something was pushed: do `work` soon, once for all that is pushed until then. */
  soon(work: () => Promise<void>): void {
    this.#pushed ??= setTimeout(() => {
      this.#pushed = undefined;
      work().catch((failure: unknown) => this.missed(failure));
    }, this.source.pushed_ms);
  }
}

/** The socket is loaded after the first words. */
async function loadWatch(listener: WatchListener): Promise<Watch> {
  const { Watch } = await import('../wire/watch.ts');
  return new Watch(listener);
}
