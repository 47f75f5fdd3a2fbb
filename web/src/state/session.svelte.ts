/** Who is signed in, and the way in and out. */

import type { Child } from '../model/child.ts';
import type { Role, User } from '../model/person.ts';
import { Failure } from '../model/failure.ts';
import type { Config, Http } from '../wire/http.ts';
import { forgetUser, keepUser, keptUser } from '../wire/kept_user.ts';
import { endPush } from '../wire/push_browser.ts';
import type { Clock } from './clock.svelte.ts';
import type { Tongue } from './language.svelte.ts';

export type Tiles = Config['tiles'];
export type Phase = 'starting' | 'unreachable' | 'signed_out' | 'signed_in';
/** Why the login page is shown, if it isn't simply the first visit. */
export type Farewell = 'ended' | 'changed' | null;

const RETRY_MS = 4000;
/** Remembers on this device that a guardian signed in here; no more than that. */
const GUARDIANS = 'sixfixed.guardian';
/** Whose page opens without reception. */
const WORKS_ON_BUS: ReadonlySet<Role> = new Set(['attendant', 'driver']);

export class Session {
  phase: Phase = $state('starting');
  user: User | null = $state.raw(null);
  tiles: Tiles = $state.raw(null);
  farewell: Farewell = $state(null);
  /** Whether the server has said who is signed in; a crew's page goes on by what the phone remembers until it can. */
  confirmed = $state(false);
  #retry: ReturnType<typeof setTimeout> | undefined;
  #early: Promise<Child[]> | null = null;

  constructor(
    readonly http: Http,
    private readonly clock: Clock,
    private readonly tongue: Pick<Tongue, 'suggest'>,
  ) {}

  /** Ask for the settings and who is signed in; tries again by itself while the server can't be reached. */
  async start(): Promise<void> {
    clearTimeout(this.#retry);
    if (isGuardians()) {
      this.#early = this.http.children();
      // Whoever takes it hears of its failure; until then it is nobody's.
      this.#early.catch(() => undefined);
    }
    const crew = keptUser();
    if (crew && this.phase === 'starting') {
      this.clock.restore(crew.time);
      this.user = crew.user;
      this.phase = 'signed_in';
    }
    try {
      await this.rejoin();
    } catch {
      if (crew) return;
      this.phase = 'unreachable';
      this.#retry = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  /** Ask who is signed in and what time it is. Throws Failure when the server can't be asked; nobody signed in goes to the login. */
  async rejoin(): Promise<void> {
    const [, session] = await Promise.all([this.syncClock(), this.http.me().catch(nobody)]);
    if (session) this.#enter(session.user);
    else this.leave(this.user ? 'ended' : null);
  }

  /** The children that were asked for together with who is signed in: a round trip less to the first words. Given once. */
  askedEarly(): Promise<Child[]> | null {
    const early = this.#early;
    this.#early = null;
    return early;
  }

  /** Take the server's time and settings anew: at the start, after every reconnect, and when the page is looked at again. */
  async syncClock(): Promise<void> {
    const config = await this.http.config();
    this.clock.tell(config.now, config.speed, config.sent_ms, config.received_ms);
    this.tiles = config.tiles;
  }

  /** Sign in; throws Failure for the form to say. */
  async signIn(username: string, password: string, code?: string): Promise<void> {
    const session = await this.http.signIn(username, password, code);
    this.#enter(session.user);
  }

  #enter(user: User): void {
    this.user = user;
    this.confirmed = true;
    if (WORKS_ON_BUS.has(user.role)) keepUser(user, this.clock.time);
    markGuardians(user.role === 'guardian');
    this.tongue.suggest(user.lang);
    this.farewell = null;
    this.phase = 'signed_in';
  }

  /** After a change of password: the session goes on with a new token, or it ended and the login says why. */
  async confirm(): Promise<void> {
    try {
      await this.http.me();
    } catch (failure) {
      if (failure instanceof Failure && failure.kind === 'signed_out') this.leave('changed');
    }
  }

  /** Sign out. The page forgets everything even when the server can't be told. */
  async signOut(): Promise<void> {
    // Before all: nothing personal comes to this screen once its owner has turned away.
    await endPush();
    // Told first: leaving closes the page's socket, and a new login must not be ended by a late answer.
    await this.http.signOut().catch(() => undefined);
    this.leave(null);
  }

  /** The session is over, by whatever hand: back to the login. */
  leave(why: Farewell): void {
    this.user = null;
    this.confirmed = false;
    forgetUser();
    this.#early = null;
    markGuardians(false);
    this.farewell = why;
    this.phase = 'signed_out';
  }

  /** Whether a failure means that nobody is signed in any more; if so, goes back to the login. */
  endedBy(failure: unknown): boolean {
    const ended = failure instanceof Failure && failure.kind === 'signed_out';
    if (ended) this.leave('ended');
    return ended;
  }
}

function nobody(failure: unknown): null {
  if (failure instanceof Failure && failure.kind === 'signed_out') return null;
  throw failure;
}

function isGuardians(): boolean {
  try {
    return localStorage.getItem(GUARDIANS) !== null;
  } catch {
    return false;
  }
}

function markGuardians(yes: boolean): void {
  try {
    if (yes) localStorage.setItem(GUARDIANS, '1');
    else localStorage.removeItem(GUARDIANS);
  } catch {
    // A browser that forbids storage asks one thing after the other.
  }
}
