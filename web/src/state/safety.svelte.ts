/** What the pages of an account's safety know: the second factor, the sessions, and an invitation that is looked at. */

import {
  Account,
  type Begun,
  type Factor,
  type Looked,
  type Session as OpenSession,
} from '../wire/own_account.ts';
import type { Session } from './session.svelte.ts';

/** Each change throws Failure for the form to say. */
export class Safety {
  factor: Factor | null = $state.raw(null);
  sessions: readonly OpenSession[] = $state.raw([]);
  /** A second factor that was begun and isn't confirmed. */
  begun: Begun | null = $state.raw(null);
  /** Recovery codes, until they are kept. */
  codes: readonly string[] | null = $state.raw(null);
  readonly #account: Account;

  constructor(session: Session) {
    this.#account = new Account(session.http);
  }

  async load(): Promise<void> {
    [this.factor, this.sessions] = await Promise.all([this.#account.factor(), this.#account.sessions()]);
  }

  async begin(password: string): Promise<void> {
    this.begun = await this.#account.begin(password);
  }

  async confirm(code: string): Promise<void> {
    this.codes = await this.#account.confirm(code);
    this.begun = null;
    await this.load();
  }

  async turnOff(password: string, code: string): Promise<void> {
    await this.#account.end(password, code);
    await this.load();
  }

  /** Sign out elsewhere: there, or everywhere. */
  async endSession(id: string | null): Promise<void> {
    await this.#account.endSession(id);
    await this.load();
  }
}

export class Invitation {
  looked: Looked | null = $state.raw(null);
  readonly #account: Account;

  constructor(
    private readonly session: Session,
    private readonly code: string,
  ) {
    this.#account = new Account(session.http);
  }

  async look(): Promise<void> {
    this.looked = await this.#account.look(this.code);
  }

  /** Make the account, and sign in with it. */
  async accept(username: string, password: string): Promise<void> {
    await this.#account.accept(this.code, username, password);
    // The code is used up, and must not stand in the address of a page that is somebody's.
    history.replaceState(null, '', '/');
    await this.session.signIn(username, password);
  }
}
