/** A fake server that speaks docs/http.md over real HTTP and a real socket, for tests of the web and for looking at its states. */

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server as Sockets } from 'socket.io';
import { deskAnswer, detail, fleetPosition, fleetTrip, newDesk, type Desk } from './desk.ts';
import { child, childCount, newScene, notice, position, rfc, type Scene } from './scene.ts';

/** Where the built page lies; a second build beside the first is named by `DIST`. */
const DIST = process.env['DIST'] ?? fileURLToPath(new URL('../../dist/', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "worker-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const ROLES: Record<string, string> = {
  operator: 'operator',
  calm: 'operator',
  school: 'school',
  admin: 'admin',
  regulator: 'regulator',
  attendant: 'attendant',
  attendant_home: 'attendant',
  driver: 'driver',
  alarm: 'operator',
  alarm_school: 'school',
  alarm_attendant: 'attendant',
  alarm_regulator: 'regulator',
  proof: 'operator',
  proof_regulator: 'regulator',
};
const SCOPES: Record<string, unknown> = {
  operator: { id: 'o1', code: 'O1', name: '中卫校车服务有限公司' },
  school: { id: 's3', code: 'S3', name: '中卫市第三小学' },
  regulator: { id: 'j1', code: 'J1', name: '沙坡头区' },
  attendant: { id: 'a17', code: 'A-0017', name: '李伟' },
  driver: { id: 'd17', code: 'D-0017', name: '李伟' },
};
const PASSWORD = 'correct horse battery';

export type Fake = {
  readonly url: string;
  scene: Scene;
  /** What crew, school and desk see and did. */
  readonly desk: Desk;
  /** HTTP is not answered for so long, as where there is no reception. */
  deafen: (for_ms: number) => void;
  /** Push to every page. */
  push: (event: string, payload: unknown) => void;
  /** The child boards: state, ride and notice, as the real server would push them. */
  board: () => void;
  /** Break every socket; `for_ms` long none is accepted. */
  cut: (for_ms: number) => void;
  /** Break every connection below the sockets, as a bad line does; for `for_ms` none is accepted. */
  hiccup: (for_ms: number) => void;
  /** Whether a `watch` gets its answer. */
  mute: boolean;
  endSession: () => void;
  stop: () => Promise<void>;
  readonly sockets: () => number;
};

/** Start on a free port (or `port`), with the first scene; `tiles` is a PMTiles file to draw on. */
export async function startFake(sceneName: string, port = 0, pushEvery_ms = 1000, tiles = ''): Promise<Fake> {
  let scene = newScene(sceneName, Date.now());
  let desk = newDesk(sceneName, Date.now());
  let noReception = 0;
  let session: string | null = null;
  let user = sceneName;
  let failures = 0;
  let deafUntil = 0;
  let mute = false;
  const now = (): number => Date.now();
  const http: Server = createServer((request, response) => void answer(request, response));
  const io = new Sockets(http, {
    transports: ['websocket'],
    allowRequest: (_, done) => done(null, now() >= Math.max(deafUntil, noReception)),
  });

  const whole = (which: number): Record<string, unknown> => child(scene, now(), which, true);
  const cookieOf = (header: string | undefined): string | null =>
    /sid=([^;]+)/.exec(header ?? '')?.[1] ?? null;

  io.use((socket, next) => {
    if (session && cookieOf(socket.handshake.headers.cookie) === session) next();
    else next(new Error('unauthorized'));
  });
  io.on('connection', (socket) => {
    socket.on('watch', (what: Record<string, unknown>, reply: (answer: unknown) => void) => {
      if (mute) return;
      if (!('child' in what)) {
        const trip = typeof what['trip'] === 'string' ? detail(desk, what['trip'], now()) : null;
        reply(
          trip
            ? { trip, position: { items: [] } }
            : { trips: { items: [], next: null }, position: { items: [] } },
        );
        return;
      }
      const which = what['child'] === 'c2' ? 1 : what['child'] === 'c1' ? 0 : -1;
      if (which < 0 || which >= childCount(scene))
        reply({ error: { code: 'not_found', message: 'no such child' } });
      else {
        const said = whole(which);
        reply({ child: said, trip: said['trip'], position: { items: [said['position']].filter(Boolean) } });
      }
    });
  });

  async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
    let text = '';
    for await (const part of request) text += String(part);
    return text ? (JSON.parse(text) as Record<string, unknown>) : {};
  }

  function send(
    response: ServerResponse,
    status: number,
    value?: unknown,
    headers: Record<string, string> = {},
  ): void {
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      ...headers,
    });
    response.end(value === undefined ? undefined : JSON.stringify(value));
  }
  const refuse = (response: ServerResponse, status: number, code: string, headers = {}): void =>
    send(response, status, { error: { code, message: code } }, headers);

  function me(): Record<string, unknown> {
    const role = ROLES[user] ?? 'guardian';
    const scope = SCOPES[role] ?? null;
    return {
      user: {
        id: 'u1',
        username: user,
        name: role === 'guardian' ? '张敏' : '李伟',
        role,
        scope,
        lang: null,
      },
      csrf: 'token-1',
    };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (now() < noReception) {
      request.socket.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://fake');
    if (!url.pathname.startsWith('/api/')) {
      if (url.pathname === '/tiles.pmtiles') await serveRange(request, response);
      else await serveFile(url.pathname, response);
      return;
    }
    const path = url.pathname.slice('/api/v1'.length);
    const act = `${request.method ?? 'GET'} ${path}`;
    if (act === 'GET /config')
      return send(response, 200, {
        tiles: tiles
          ? {
              kind: 'pmtiles',
              url: '/tiles.pmtiles',
              crs: 'gcj02',
              attribution: 'Stamen <b>, OSM',
              maxzoom: 3,
            }
          : null,
        demo: true,
        version: '0.1.0',
        now: rfc(now()),
        speed: 1,
      });
    if (act === 'POST /session') {
      const body = await bodyOf(request);
      if (++failures > 4) return refuse(response, 429, 'too_many', { 'Retry-After': '42' });
      if (body['password'] !== PASSWORD) return refuse(response, 401, 'bad_credentials');
      failures = 0;
      user = String(body['username']);
      scene = newScene(user, now());
      desk = newDesk(user, now());
      session = `s${String(now())}`;
      return send(response, 200, me(), { 'Set-Cookie': `sid=${session}; Path=/; HttpOnly; SameSite=Lax` });
    }
    if (!session || cookieOf(request.headers.cookie) !== session)
      return refuse(response, 401, 'not_signed_in');
    if (request.method !== 'GET' && request.headers['x-csrf-token'] !== 'token-1')
      return refuse(response, 403, 'csrf');
    return signedIn(act, path, request, response);
  }

  async function signedIn(
    act: string,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (act === 'GET /me') return send(response, 200, me());
    if (act === 'DELETE /session') {
      session = null;
      return send(response, 204);
    }
    if (act === 'POST /me/password') {
      const body = await bodyOf(request);
      return body['current'] === PASSWORD
        ? send(response, 204)
        : send(response, 422, { error: { code: 'invalid', message: 'wrong', fields: { current: 'wrong' } } });
    }
    if (act === 'GET /children') {
      const items = Array.from({ length: childCount(scene) }, (_, which) =>
        child(scene, now(), which, false),
      );
      return send(response, 200, { items, next: null });
    }
    const one = /^GET \/children\/c([12])$/.exec(act)?.[1];
    if (one && Number(one) <= childCount(scene)) return send(response, 200, whole(Number(one) - 1));
    if (act === 'GET /notices' && ROLES[user] === undefined)
      return send(response, 200, { items: scene.notices, next: null });
    const read = /^POST \/notices\/(\w+)\/read$/.exec(act)?.[1];
    if (read) {
      for (const one of scene.notices) if (one['id'] === read) one['read_at'] = rfc(now());
      return send(response, 204);
    }
    if (act === 'GET /children/c1/preferences')
      return send(response, 200, {
        items: [...scene.choices.values()],
        kinds: ['approaching', 'boarded', 'alighted', 'arrived', 'handed_over', 'late'],
      });
    const chosen = /^PUT \/children\/c1\/preferences\/(\w+)$/.exec(act)?.[1];
    if (chosen) {
      if (scene.name === 'stubborn') return refuse(response, 503, 'busy');
      const kept = { direction: chosen, ...(await bodyOf(request)) };
      scene.choices.set(chosen, kept);
      return send(response, 200, kept);
    }
    if (act === 'GET /trips/t0') {
      const said = detail(newDesk('operator', now()), 'f16', now());
      return said ? send(response, 200, said) : refuse(response, 404, 'not_found');
    }
    if (act === 'POST /children/c1/exceptions') {
      const body = await bodyOf(request);
      const made = {
        id: `e${String(scene.exceptions.size + 1)}`,
        kind: 'absent',
        service_date: String(body['service_date']),
        direction: String(body['direction']),
      };
      scene.exceptions.set(made.id, made);
      return send(response, 201, made);
    }
    const undone = /^DELETE \/children\/c1\/exceptions\/(\w+)$/.exec(act)?.[1];
    if (undone) return send(response, scene.exceptions.delete(undone) ? 204 : 404);
    const query = new URL(request.url ?? '/', 'http://fake').searchParams;
    const answered = deskAnswer(desk, act, query, await bodyOf(request), now());
    return answered ? send(response, ...answered) : refuse(response, 404, `not_found ${path}`);
  }

  async function serveRange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readFile(tiles);
    const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const end = Math.min(bytes.length - 1, to ? Number(to) : bytes.length - 1);
    response.writeHead(206, { 'Content-Range': `bytes ${from}-${String(end)}/${String(bytes.length)}` });
    response.end(bytes.subarray(Number(from), end + 1));
  }

  async function serveFile(path: string, response: ServerResponse): Promise<void> {
    const name = path === '/' ? 'index.html' : normalize(path).replace(/^\/+/, '');
    try {
      const bytes = await readFile(join(DIST, name));
      response.writeHead(200, {
        'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
        'Content-Security-Policy': POLICY,
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  const push = (event: string, payload: unknown): void => void io.emit(event, payload);
  const timer = setInterval(() => {
    const at = ROLES[user] === undefined ? position(scene, now()) : null;
    if (at && childCount(scene) > 0) push('position', { items: [at] });
    if (ROLES[user] === undefined && childCount(scene) > 0) push('child', child(scene, now(), 0, true));
    if (ROLES[user] === undefined) return;
    const moving = Array.from({ length: 46 }, (_, index) => fleetPosition(desk, index, now())).filter(
      Boolean,
    );
    push('position', { items: moving });
    push('trip', ROLES[user] === 'attendant' ? detail(desk, 'f16', now()) : fleetTrip(desk, 5));
  }, pushEvery_ms);

  await new Promise<void>((done) => http.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`,
    get scene() {
      return scene;
    },
    set scene(next) {
      scene = next;
    },
    get desk() {
      return desk;
    },
    deafen(for_ms) {
      noReception = now() + for_ms;
      io.disconnectSockets(true);
    },
    get mute() {
      return mute;
    },
    set mute(next) {
      mute = next;
    },
    push,
    board() {
      scene.riderState = 'aboard';
      const ride = {
        dir: 'on',
        at: rfc(now()),
        trip: { id: 't1', code: 'T1', name: '17' },
        stop: { id: 'p3', code: 'P3', name: '沙坡头花园' },
      };
      scene.rides.set('c1', [ride]);
      const said = notice(
        'n9',
        'boarded',
        now(),
        null,
        '小雨在沙坡头花园上了 17 号车。',
        'Xiaoyu boarded Bus 17 at Shapotou Garden.',
      );
      scene.notices.unshift(said);
      push('ride', { child: 'c1', ...ride });
      push('notice', said);
    },
    cut(for_ms) {
      deafUntil = now() + for_ms;
      io.disconnectSockets(true);
    },
    hiccup(for_ms) {
      deafUntil = now() + for_ms;
      for (const socket of io.sockets.sockets.values()) socket.conn.close();
    },
    endSession() {
      session = null;
      push('ended', { watch: null, reason: 'session' });
    },
    sockets: () => io.engine.clientsCount,
    async stop() {
      clearInterval(timer);
      await io.close();
    },
  };
}
