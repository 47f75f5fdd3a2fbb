/** Speaks HTTP with the server: one function a thing that can be asked or changed, each answer checked. */

import type * as v from 'valibot';
import type { Child, Exception } from '../model/child.ts';
import type { Instant } from '../model/instant.ts';
import type { Notice } from '../model/notice.ts';
import type { User } from '../model/person.ts';
import type { Direction } from '../model/trip.ts';
import { Failure, unreachable } from '../model/failure.ts';
import * as shapes from './shapes.ts';

const BASE = '/api/v1';
/** A request without an answer for this long is called unreachable. */
const PATIENCE_MS = 15_000;
const DEFAULT_WAIT_S = 60;

export type Config = v.InferOutput<typeof shapes.config> & {
  /** When this device asked and when the answer came (its own clock, ms): the server's `now` lies between. */
  readonly sent_ms: number;
  readonly received_ms: number;
};
export type Session = { readonly user: User; readonly csrf: string };

async function failureOf(response: Response): Promise<Failure> {
  const body: unknown = await response.json().catch(() => null);
  const said = shapes.read(shapes.refusal, body ?? { error: { code: '' } });
  const code = said?.error.code ?? '';
  const reason = said?.error.message ?? '';
  const wait = Number(response.headers.get('Retry-After') ?? DEFAULT_WAIT_S) || DEFAULT_WAIT_S;
  const kind =
    response.status === 401
      ? /^bad_|_needed$/.test(code)
        ? 'bad_credentials'
        : 'signed_out'
      : response.status === 429
        ? 'too_many'
        : response.status >= 500
          ? 'server'
          : 'refused';
  return new Failure(kind, response.status, code, reason, wait, said?.error.fields);
}

export class Http {
  #csrf = '';

  /** `origin` is empty in a page; a test names its server, and keeps its own cookies in `send`. */
  constructor(
    private readonly origin = '',
    private readonly send: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  /** Ask anything; a file goes as it is. Throws Failure. */
  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    const file = body instanceof Blob;
    if (body !== undefined) headers['Content-Type'] = file ? body.type : 'application/json';
    if (method !== 'GET' && this.#csrf) headers['X-CSRF-Token'] = this.#csrf;
    let response: Response;
    try {
      response = await this.send(`${this.origin}${BASE}${path}`, {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...(body === undefined ? {} : { body: file ? body : JSON.stringify(body) }),
      });
    } catch {
      throw unreachable();
    }
    if (!response.ok) throw await failureOf(response);
    return response;
  }

  async #read<S extends v.GenericSchema>(schema: S, response: Response): Promise<v.InferOutput<S>> {
    const value = shapes.read(schema, await response.json().catch(() => null));
    if (value === null) throw new Failure('unreadable', response.status, '', '', 0);
    return value;
  }

  async #session(response: Response): Promise<Session> {
    const session = await this.#read(shapes.session, response);
    this.#csrf = session.csrf;
    return session;
  }

  /** Ask for something of this shape. Throws Failure. */
  async get<S extends v.GenericSchema>(schema: S, path: string): Promise<v.InferOutput<S>> {
    return this.#read(schema, await this.ask('GET', path));
  }

  /** Send something and take an answer of this shape. Throws Failure. */
  async post<S extends v.GenericSchema>(schema: S, path: string, body: unknown): Promise<v.InferOutput<S>> {
    return this.#read(schema, await this.ask('POST', path, body));
  }

  /** Put something in its place and take an answer of this shape. Throws Failure. */
  async put<S extends v.GenericSchema>(schema: S, path: string, body: unknown): Promise<v.InferOutput<S>> {
    return this.#read(schema, await this.ask('PUT', path, body));
  }

  /** Take something away. Throws Failure. */
  async remove(path: string, body?: unknown): Promise<void> {
    await this.ask('DELETE', path, body);
  }

  /** The server's settings for pages, and its clock (its Date header where it does not say `now`). */
  async config(): Promise<Config & { now: Instant }> {
    const sent_ms = Date.now();
    const response = await this.ask('GET', '/config');
    const received_ms = Date.now();
    const config = await this.#read(shapes.config, response);
    const header = Date.parse(response.headers.get('Date') ?? '');
    const ms = Number.isNaN(header) ? (sent_ms + received_ms) / 2 : header;
    const now = config.now ?? { ms, offset_min: -new Date(ms).getTimezoneOffset() };
    return { ...config, now, sent_ms, received_ms };
  }

  /** Sign in. Throws Failure: bad_credentials, too_many, unreachable, server. */
  async signIn(username: string, password: string, code?: string): Promise<Session> {
    return this.#session(await this.ask('POST', '/session', { username, password, code }));
  }

  /** Who is signed in. Throws Failure signed_out when nobody is. */
  async me(): Promise<Session> {
    return this.#session(await this.ask('GET', '/me'));
  }

  async signOut(): Promise<void> {
    await this.ask('DELETE', '/session');
    this.#csrf = '';
  }

  async changePassword(current: string, next: string): Promise<void> {
    await this.ask('POST', '/me/password', { current, new: next });
  }

  async children(): Promise<Child[]> {
    return (await this.#read(shapes.children, await this.ask('GET', '/children'))).items;
  }

  /** One child with the line of its trip, which the list of children leaves out. */
  async child(id: string): Promise<Child> {
    return this.#read(shapes.child, await this.ask('GET', `/children/${encodeURIComponent(id)}`));
  }

  async notices(after: string | null): Promise<{ items: Notice[]; next: string | null }> {
    const query = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    return this.#read(shapes.notices, await this.ask('GET', `/notices?limit=20${query}`));
  }

  async readNotice(id: string): Promise<void> {
    await this.ask('POST', `/notices/${encodeURIComponent(id)}/read`);
  }

  /** Say that the child does not ride in this direction on this day. */
  async stayHome(child: string, service_date: string, direction: Direction): Promise<Exception> {
    const body = { service_date, direction, kind: 'absent' };
    const response = await this.ask('POST', `/children/${encodeURIComponent(child)}/exceptions`, body);
    return this.#read(shapes.exception, response);
  }

  async rideAfterAll(child: string, exception: string): Promise<void> {
    await this.ask(
      'DELETE',
      `/children/${encodeURIComponent(child)}/exceptions/${encodeURIComponent(exception)}`,
    );
  }
}
