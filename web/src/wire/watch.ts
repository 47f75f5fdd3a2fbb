/** Watches one trip, school or fleet over a socket: says what changed, and begins afresh after every reconnect. */

import { io, type Socket } from 'socket.io-client';
import type { StaffNotice } from '../model/alarm.ts';
import type { Finding } from '../model/finding.ts';
import type { Position } from '../model/position.ts';
import type { StaffTrip, TripDetail } from '../model/staff_trip.ts';
import { positions, read } from './shapes.ts';
import { finding, staffNotice } from './staff_alarm_shapes.ts';
import { staffTrip, tripDetail } from './staff_shapes.ts';

export type Watched = { readonly trip: string } | { readonly school: string } | { readonly fleet: true };

export type WatchListener = {
  /** The connection stands, and the watch was taken: ask for everything, for pushes may have been missed. */
  connected: () => void;
  disconnected: () => void;
  trip: (trip: StaffTrip, detail: TripDetail | null) => void;
  /** Somebody got on or off, on a trip that this person sees: counts and names are to be asked for. */
  ride: () => void;
  positions: (items: readonly Position[]) => void;
  finding: (finding: Finding) => void;
  /** Something that this person is told or called to, whatever is watched. */
  notice: (notice: StaffNotice) => void;
  /** The session is over, or a right ended: ask over HTTP what is left. */
  ended: () => void;
};

/** How long the server may take to answer before the connection is made again. */
const ANSWER_MS = 10_000;
const AGAIN_MS = 5000;

export class Watch {
  readonly #socket: Socket;
  #what: Watched | null = null;

  /** `origin` and `headers` serve tests, whose runtime has no cookies. */
  constructor(
    private readonly hear: WatchListener,
    origin?: string,
    headers?: Record<string, string>,
  ) {
    const options = {
      path: '/socket.io',
      transports: ['websocket'],
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 10_000,
      ...(headers ? { extraHeaders: headers } : {}),
    };
    this.#socket = origin === undefined ? io(options) : io(origin, options);
    this.#socket.on('connect', () => this.#begin());
    this.#socket.on('disconnect', (reason) => {
      hear.disconnected();
      // The library stays closed when the server closed it.
      if (reason === 'io server disconnect') hear.ended();
    });
    this.#socket.on('connect_error', () => {
      hear.disconnected();
      if (!this.#socket.active) hear.ended();
    });
    this.#socket.on('position', (value: unknown) => hear.positions(read(positions, value)?.items ?? []));
    this.#socket.on('ride', () => hear.ride());
    this.#socket.on('trip', (value: unknown) => this.#trip(value));
    this.#socket.on('finding', (value: unknown) => {
      const found = read(finding, value);
      if (found) hear.finding(found);
    });
    this.#socket.on('notice', (value: unknown) => {
      const told = read(staffNotice, value);
      if (told) hear.notice(told);
    });
    this.#socket.on('ended', (value: unknown) => {
      // A window's end is no end of the watch (docs/http.md).
      const reason = value !== null && typeof value === 'object' && 'reason' in value ? value.reason : '';
      if (reason !== 'window') hear.ended();
    });
  }

  #trip(value: unknown): void {
    const isDetail = value !== null && typeof value === 'object' && 'plan' in value;
    const detail = isDetail ? read(tripDetail, value) : null;
    const trip = detail ?? read(staffTrip, value);
    if (trip) this.hear.trip(trip, detail);
  }

  #begin(): void {
    if (!this.#what) {
      this.hear.connected();
      return;
    }
    this.#socket.timeout(ANSWER_MS).emit('watch', this.#what, (error: Error | null, answer: unknown) => {
      if (error) {
        this.#socket.disconnect().connect();
        return;
      }
      if (answer !== null && typeof answer === 'object' && 'error' in answer) {
        this.hear.disconnected();
        setTimeout(() => {
          if (this.#socket.connected) this.#begin();
        }, AGAIN_MS);
        return;
      }
      this.hear.connected();
    });
  }

  /** Watch this and nothing else, from now on and after every reconnect. */
  watch(what: Watched): void {
    const before = this.#what;
    this.#what = what;
    if (!this.#socket.connected) {
      this.#socket.connect();
      return;
    }
    if (before) this.#socket.emit('unwatch', before);
    this.#begin();
  }

  /** Connect without watching anything: what concerns this person is told all the same. Also at once when a reconnect is only due later. */
  listen(): void {
    if (!this.#socket.connected) this.#socket.connect();
  }

  close(): void {
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }
}
