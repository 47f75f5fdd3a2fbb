/** Hears the server's pushes over one socket, and watches again after every reconnect: nothing rests on having heard every push. */

import { io, type Socket } from 'socket.io-client';
import type { Child, Ride } from '../model/child.ts';
import type { Notice } from '../model/notice.ts';
import type { Position } from '../model/position.ts';
import * as shapes from './shapes.ts';

/** How long the server may take to answer a `watch` before the connection is given up and made again. */
const ANSWER_MS = 10_000;
/** A server that asked for patience is asked again after this. */
const AGAIN_MS = 5000;

export type Listener = {
  /** The connection stands; watches are being made. */
  connected: () => void;
  disconnected: () => void;
  /** Everything of one child, fresh: replaces what was known. */
  snapshot: (child: Child) => void;
  child: (child: Child) => void;
  positions: (items: readonly Position[]) => void;
  ride: (child: string, ride: Ride) => void;
  notice: (notice: Notice) => void;
  /** The right to a child's position ended with its trip's window. */
  windowEnded: (child: string | null) => void;
  /** The account may no longer see what it watched: ask for everything again. */
  rightsEnded: () => void;
  /** The session is over. */
  sessionEnded: () => void;
};

export class Live {
  readonly #socket: Socket;
  #watched: readonly string[] = [];

  /** `origin` undefined is the page's own; `headers` serves tests, whose runtime has no cookies. */
  constructor(
    private readonly hear: Listener,
    origin?: string,
    headers?: Record<string, string>,
  ) {
    const options = {
      path: '/socket.io',
      transports: ['websocket'],
      autoConnect: false,
      // A call that is taken and never put through is given up.
      timeout: ANSWER_MS,
      reconnectionDelay: 500,
      reconnectionDelayMax: 10_000,
      ...(headers ? { extraHeaders: headers } : {}),
    };
    this.#socket = origin === undefined ? io(options) : io(origin, options);
    this.#listen();
  }

  #listen(): void {
    const { hear } = this;
    const on = <S extends Parameters<typeof shapes.read>[0]>(
      event: string,
      schema: S,
      take: (value: NonNullable<ReturnType<typeof shapes.read<S>>>) => void,
    ) =>
      this.#socket.on(event, (value: unknown) => {
        const checked = shapes.read(schema, value);
        if (checked !== null) take(checked as NonNullable<typeof checked>);
      });
    this.#socket.on('connect', () => {
      hear.connected();
      for (const child of this.#watched) this.#watch(child);
    });
    this.#socket.on('disconnect', (reason) => {
      hear.disconnected();
      // The library leaves it closed when the server closed it: a session that ended, or a server that stops.
      if (reason === 'io server disconnect') hear.rightsEnded();
    });
    this.#socket.on('connect_error', () => {
      hear.disconnected();
      // Refused by the server (not merely unreachable): the library gives up, so ask why over HTTP.
      if (!this.#socket.active) hear.rightsEnded();
    });
    on('position', shapes.positions, ({ items }) => hear.positions(items));
    on('child', shapes.child, (child) => hear.child(child));
    on('ride', shapes.ridePush, ({ child, ...ride }) => hear.ride(child, ride));
    on('notice', shapes.notice, (notice) => hear.notice(notice));
    on('ended', shapes.ended, ({ watch, reason }) => {
      if (reason === 'session') hear.sessionEnded();
      else if (reason === 'window') hear.windowEnded(watch?.child ?? null);
      else hear.rightsEnded();
    });
  }

  #watch(child: string): void {
    this.#socket.timeout(ANSWER_MS).emit('watch', { child }, (error: Error | null, answer: unknown) => {
      if (error) {
        // Not answered. A line that broke meanwhile is made again by the library, which a call from here, in the midst of it, would stop for ever.
        if (this.#socket.connected) this.#socket.disconnect().connect();
        return;
      }
      if (answer !== null && typeof answer === 'object' && 'error' in answer) {
        const refusal = shapes.read(shapes.refusal, answer);
        if (refusal?.error.code === 'too_many') setTimeout(() => this.#watchIfStill(child), AGAIN_MS);
        // Otherwise no longer this guardian's child, or no session: HTTP says what is left.
        else this.hear.rightsEnded();
        return;
      }
      const snapshot = shapes.read(shapes.snapshot, answer);
      if (snapshot) this.hear.snapshot(snapshot.child);
    });
  }

  #watchIfStill(child: string): void {
    if (this.#socket.connected && this.#watched.includes(child)) this.#watch(child);
  }

  /** Watch these children and no others, from now on and after every reconnect. */
  watch(children: readonly string[]): void {
    const connected = this.#socket.connected;
    if (connected) {
      for (const child of this.#watched)
        if (!children.includes(child)) this.#socket.emit('unwatch', { child });
      for (const child of children) if (!this.#watched.includes(child)) this.#watch(child);
    }
    this.#watched = children;
  }

  /** Connect, or do it at once when a reconnect is only due later. */
  connect(): void {
    if (!this.#socket.connected) this.#socket.connect();
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }
}
