/** A page's state on the fake server, as a signed-in person has it: with the cookie that Node keeps for nobody. */

import { Clock } from '../src/state/clock.svelte.ts';
import { Session } from '../src/state/session.svelte.ts';
import type { MakeWatch } from '../src/state/watching.svelte.ts';
import { Http } from '../src/wire/http.ts';
import { Watch } from '../src/wire/watch.ts';
import { startFake, type Fake } from './dev/server.ts';

const begun: (() => unknown)[] = [];

/** End what a test began, the last first. */
export async function endAll(): Promise<void> {
  for (const end of begun.splice(0).reverse()) await end();
}

/** Have this stopped when the test is over. */
export function ending<T extends { stop: () => unknown }>(one: T): T {
  begun.push(() => one.stop());
  return one;
}

/** Wait until it is so; fails after the deadline. */
export async function until(what: () => boolean, deadline_ms = 15_000): Promise<void> {
  const end = Date.now() + deadline_ms;
  while (!what()) {
    if (Date.now() > end) throw new Error(`not within ${String(deadline_ms)} ms: ${String(what)}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

export async function signedIn(
  user: string,
): Promise<{ fake: Fake; session: Session; clock: Clock; makeWatch: MakeWatch }> {
  const fake = ending(await startFake(user, 0, 100));
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
  await session.signIn(user, 'correct horse battery');
  const makeWatch: MakeWatch = (listener) =>
    Promise.resolve(new Watch(listener, fake.url, { Cookie: cookie }));
  return { fake, session, clock, makeWatch };
}
