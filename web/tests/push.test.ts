import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { obstacle, type Offer } from '../src/state/push.svelte.ts';
import { hearPushes } from '../src/worker/notices.ts';

const FULL: Offer = { secure: true, worker: true, push: true, ios: false, permission: 'default' };

describe('what stands in the way', () => {
  it.each([
    ['nothing', {}, null],
    ['no secure connection', { secure: false }, 'insecure'],
    ['an iPhone in its browser', { push: false, ios: true }, 'home_screen'],
    ['an iPhone from the home screen', { ios: true }, null],
    ['a browser without', { push: false }, 'unsupported'],
    ['no worker', { worker: false }, 'unsupported'],
    ['a reader who said no', { permission: 'denied' as const }, 'denied'],
    ['a reader who said yes', { permission: 'granted' as const }, null],
  ])('%s', (_name, part, state) => {
    expect(obstacle({ ...FULL, ...part })).toBe(state);
  });
});

it('the words of the switch are the same in both languages, and each is used', () => {
  const words = (language: string): Record<string, string> =>
    JSON.parse(
      readFileSync(new URL(`../src/words/push.${language}.json`, import.meta.url), 'utf8'),
    ) as Record<string, string>;
  expect(Object.keys(words('zh'))).toEqual(Object.keys(words('en')));
  const source = readFileSync(new URL('../src/push/PushSwitch.svelte', import.meta.url), 'utf8');
  for (const key of Object.keys(words('en')))
    expect(source.includes(`'${key}'`) || source.includes(`\`${key.split('.')[0] ?? ''}.\${`), key).toBe(
      true,
    );
  for (const text of Object.values(words('zh'))) expect(text).not.toMatch(/[A-Za-z]{3,}/);
});

/** A worker's world in memory. */
class World {
  readonly shown: { title: string; options: NotificationOptions }[] = [];
  readonly asked: { method: string; path: string; body: unknown }[] = [];
  readonly said: unknown[] = [];
  readonly opened: string[] = [];
  tabs: object[] = [];
  user = 'u1';
  readonly #hear = new Map<string, (event: never) => void>();

  readonly registration = {
    showNotification: (title: string, options: NotificationOptions): Promise<void> => {
      this.shown.push({ title, options });
      return Promise.resolve();
    },
    pushManager: { subscribe: () => Promise.resolve(subscription('https://push.example/new')) },
  };
  readonly clients = {
    matchAll: () => Promise.resolve(this.tabs),
    openWindow: (url: string) => Promise.resolve(this.opened.push(url)),
  };

  addEventListener(kind: string, hear: (event: never) => void): void {
    this.#hear.set(kind, hear);
  }

  /** Make the browser's event, and wait for what the worker does. */
  async happens(kind: string, event: object): Promise<void> {
    let work: Promise<unknown> = Promise.resolve();
    const whole = { ...event, waitUntil: (promise: Promise<unknown>) => (work = promise) };
    this.#hear.get(kind)?.(whole as never);
    await work;
  }

  fetch = (url: string, options: { method: string; body?: string }): Promise<Response> => {
    this.asked.push({ method: options.method, path: url, body: options.body && JSON.parse(options.body) });
    const answers: Record<string, unknown> = {
      '/api/v1/me': { user: { id: this.user, lang: 'zh' }, csrf: 'c' },
      '/api/v1/config': { push_key: 'k' },
      '/api/v1/push-subscription': { id: 's2' },
    };
    if (options.method === 'DELETE') return Promise.resolve(new Response(null, { status: 204 }));
    return Promise.resolve(Response.json(answers[url]));
  };
}

function subscription(endpoint: string): object {
  return { endpoint, options: {}, toJSON: () => ({ endpoint, keys: { p256dh: 'p', auth: 'a' } }) };
}

describe('the worker', () => {
  let world: World;
  let kept: Map<string, Response>;
  const message = {
    id: 'n1', tag: 'n1', to: 's1', kind: 'boarded', title: '小雨上车了', body: '点开查看详情。', lang: 'zh', at_ms: 5, child: 'c1',
  }; // prettier-ignore
  const pushed = (data: unknown): object => ({ data: { json: () => data } });

  beforeEach(() => {
    world = new World();
    kept = new Map([['/push-note', Response.json({ to: 's1', user: 'u1' })]]);
    const cache = {
      match: (key: string) => Promise.resolve(kept.get(key)?.clone()),
      put: (key: string, value: Response) => Promise.resolve(kept.set(key, value)),
    };
    vi.stubGlobal('caches', { open: () => Promise.resolve(cache) });
    vi.stubGlobal('fetch', world.fetch);
    hearPushes(world as never);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('shows a notice under its tag, without a second sound', async () => {
    await world.happens('push', pushed(message));
    expect(world.shown).toHaveLength(1);
    expect(world.shown[0]).toMatchObject({
      title: '小雨上车了',
      options: { tag: 'n1', renotify: false, lang: 'zh', requireInteraction: false, data: { child: 'c1' } },
    });
  });

  it('shows nothing to who has signed out, or is somebody else', async () => {
    await world.happens('push', pushed({ ...message, to: 's0' }));
    kept.clear();
    await world.happens('push', pushed(message));
    expect(world.shown).toEqual([]);
  });

  it.each([[null], [{}], [{ ...message, title: '' }], ['x'], [[message]]])(
    'shows nothing of %j',
    async (data) => {
      await world.happens('push', pushed(data));
      expect(world.shown).toEqual([]);
    },
  );

  it('opens the page at the child, or brings the open one to the front', async () => {
    const notification = { close: () => undefined, data: { child: 'c1' } };
    await world.happens('notificationclick', { notification });
    expect(world.opened).toEqual(['/#child=c1']);
    const focus = vi.fn(() => Promise.resolve());
    world.tabs = [
      { visibilityState: 'hidden', focus, postMessage: (said: unknown) => world.said.push(said) },
    ];
    await world.happens('notificationclick', { notification });
    expect(world.said).toEqual([{ kind: 'show', child: 'c1' }]);
    expect(focus).toHaveBeenCalledOnce();
    expect(world.opened).toHaveLength(1);
  });

  it('tells the server of a subscription that the browser changed', async () => {
    const oldSubscription = subscription('https://push.example/old');
    await world.happens('pushsubscriptionchange', { oldSubscription });
    expect(world.asked.slice(2)).toEqual([
      {
        method: 'PUT',
        path: '/api/v1/push-subscription',
        body: { endpoint: 'https://push.example/new', keys: { p256dh: 'p', auth: 'a' }, lang: 'zh' },
      },
      {
        method: 'DELETE',
        path: '/api/v1/push-subscription',
        body: { endpoint: 'https://push.example/old' },
      },
    ]);
    await world.happens('push', pushed({ ...message, to: 's2' }));
    expect(world.shown).toHaveLength(1);
  });

  it('renews nothing where somebody else is signed in now', async () => {
    world.user = 'u2';
    await world.happens('pushsubscriptionchange', {});
    expect(world.asked.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
