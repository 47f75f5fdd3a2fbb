import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../src/model/failure.ts';
import { Clock } from '../src/state/clock.svelte.ts';
import { Family } from '../src/state/family.svelte.ts';
import { Session } from '../src/state/session.svelte.ts';
import { Http } from '../src/wire/http.ts';
import { Live } from '../src/wire/live.ts';
import { startFake, type Fake } from './dev/server.ts';

const PASSWORD = 'correct horse battery';
const ended: (() => unknown)[] = [];

/** The page's own state against a real HTTP server and a real socket; only the browser's cookies are kept by hand. */
async function open(
  scene: string,
  password = PASSWORD,
  prepare: (fake: Fake) => unknown = () => undefined,
): Promise<{ fake: Fake; session: Session; family: Family }> {
  const fake = await startFake(scene, 0, 100);
  ended.push(() => fake.stop());
  prepare(fake);
  let cookie = '';
  const send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (cookie) headers.set('Cookie', cookie);
    const response = await fetch(input, { ...init, headers });
    cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? cookie;
    return response;
  };
  const clock = new Clock();
  const session = new Session(new Http(fake.url, send), clock, { suggest: () => undefined });
  await session.start();
  await session.signIn(scene, password);
  const family = new Family(session, clock, (listener) =>
    Promise.resolve(new Live(listener, fake.url, { Cookie: cookie })),
  );
  ended.push(() => family.stop());
  await family.start();
  return { fake, session, family };
}

/** Wait until it is so; a deadline instead of a sleep. */
async function until(what: () => boolean, deadline_ms = 8000): Promise<void> {
  const end = Date.now() + deadline_ms;
  while (!what()) {
    if (Date.now() > end) throw new Error(`not within ${String(deadline_ms)} ms: ${String(what)}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

describe('signing in', () => {
  it('tells a wrong password from too many tries, with the time to wait', async () => {
    const kinds: string[] = [];
    const fake = await startFake('coming');
    ended.push(() => fake.stop());
    const http = new Http(fake.url);
    for (let i = 0; i < 5; i++)
      await http
        .signIn('coming', 'wrong')
        .catch((failure: Failure) => kinds.push(`${failure.kind} ${String(failure.retry_after_s)}`));
    expect(kinds.slice(0, 4).every((kind) => kind.startsWith('bad_credentials'))).toBe(true);
    expect(kinds[4]).toBe('too_many 42');
  });

  it('says that a server is not there', async () => {
    const failure: unknown = await new Http('http://127.0.0.1:9').me().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).kind).toBe('unreachable');
  });
});

describe('the family page', () => {
  it('gets the line by its watch, and sees the bus move', async () => {
    const { family } = await open('coming');
    await until(
      () => (family.child?.trip?.shape?.points.length ?? 0) > 50 && family.child?.trip?.position != null,
    );
    expect(family.link.kind).toBe('live');
    const before = family.child?.trip?.position?.metre ?? 0;
    await until(() => (family.child?.trip?.position?.metre ?? 0) > before);
  });

  it('learns of a boarding without asking, says it once, and keeps it read', async () => {
    const { fake, family } = await open('coming');
    await until(() => family.link.kind === 'live');
    fake.board();
    await until(() => family.child?.trip?.rider_state === 'aboard');
    expect(family.toast?.kind).toBe('boarded');
    expect(family.child?.rides[0]?.dir).toBe('on');
    const unread = family.unread;
    if (family.toast) await family.read([family.toast]);
    expect(family.unread).toBe(unread - 1);
    expect(family.toast).toBeNull();
    fake.push('notice', fake.scene.notices[0]);
    await family.reload();
    expect(family.notices?.filter((notice) => notice.kind === 'boarded')).toHaveLength(1);
    expect(family.toast).toBeNull();
  });

  it('says since when the line is down, watches again when it is back, and takes what it missed', async () => {
    const { fake, family } = await open('coming');
    await until(() => family.link.kind === 'live');
    fake.cut(4000);
    await until(() => family.link.kind === 'polled');
    fake.board();
    await until(() => family.link.kind === 'live' && family.child?.trip?.rider_state === 'aboard', 12_000);
    expect(family.notices?.some((notice) => notice.kind === 'boarded')).toBe(true);
    expect(family.toast?.kind).toBe('boarded');
  }, 20_000);

  it('calls a line that is back at once not down', async () => {
    const { fake, family } = await open('coming');
    await until(() => family.link.kind === 'live' && fake.sockets() === 1);
    const kinds: string[] = [];
    fake.hiccup(0);
    await until(() => fake.sockets() === 0);
    await until(() => kinds.push(family.link.kind) > 0 && fake.sockets() === 1);
    expect(new Set(kinds)).toEqual(new Set(['live']));
  });

  it('comes back when the line broke before its watch was answered', async () => {
    const { fake, family } = await open('coming', PASSWORD, (fake) => (fake.mute = true));
    await until(() => family.link.kind === 'live');
    fake.hiccup(1000);
    await until(() => fake.sockets() === 0);
    fake.mute = false;
    await until(() => fake.sockets() === 1 && (family.child?.trip?.shape?.points.length ?? 0) > 50);
  });

  it('keeps a child at home, and takes it back', async () => {
    const { family } = await open('coming');
    const trip = family.child?.trips_today[0];
    if (!family.child || !trip) throw new Error('the scene has a child with a trip');
    await family.stayHome(family.child, trip);
    await until(() => family.child?.exceptions.length === 1 && family.child.trip?.rider_state === 'absent');
    await family.rideAfterAll(family.child, trip);
    await until(() => family.child?.exceptions.length === 0 && family.child.trip?.rider_state === 'expected');
  });

  it('goes back to the login when the session ends', async () => {
    const { fake, family, session } = await open('coming');
    await until(() => family.link.kind === 'live');
    fake.endSession();
    await until(() => session.phase === 'signed_out');
    expect(session.farewell).toBe('ended');
  });

  it('goes back to the login when the server closes the socket of a session that is gone', async () => {
    const { fake, family, session } = await open('coming');
    await until(() => family.link.kind === 'live');
    fake.scene.notices.length = 0;
    await session.http.signOut();
    fake.cut(0);
    await until(() => session.phase === 'signed_out');
  });

  it('drops a position whose window has ended', async () => {
    const { fake, family } = await open('two');
    await until(() => family.child?.trip?.position != null);
    fake.scene.riderState = 'alighted';
    Object.assign(fake.scene, { name: 'ended' });
    fake.push('ended', { watch: { child: 'c1' }, reason: 'window' });
    await until(() => family.child?.trip?.state === 'closed');
    expect(family.child?.trip?.position).toBeNull();
  });
});
