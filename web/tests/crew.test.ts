import { afterEach, describe, expect, it } from 'vitest';
import { findRider, workAt } from '../src/model/manifest.ts';
import { Clock } from '../src/state/clock.svelte.ts';
import { Crew } from '../src/state/crew.svelte.ts';
import { Session } from '../src/state/session.svelte.ts';
import { Http } from '../src/wire/http.ts';
import { Shelf } from '../src/wire/shelf.ts';
import { Watch } from '../src/wire/watch.ts';
import { startFake, type Fake } from './dev/server.ts';
import { MemoryStore } from './store.ts';

const ended: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function until(what: () => boolean, deadline_ms = 9000): Promise<void> {
  const end = Date.now() + deadline_ms;
  while (!what()) {
    if (Date.now() > end) throw new Error(`not within ${String(deadline_ms)} ms: ${String(what)}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** A phone: its storage and its cookie outlive the page that is open on it. */
class Phone {
  readonly store = new MemoryStore();
  cookie = '';

  constructor(readonly fake: Fake) {}

  readonly send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (this.cookie) headers.set('Cookie', this.cookie);
    const response = await fetch(input, { ...init, headers });
    this.cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? this.cookie;
    return response;
  };

  /** Open the page; `signIn` the first time only. */
  async open(signIn: boolean, name = 'attendant'): Promise<Crew> {
    const clock = new Clock();
    clock.start();
    ended.push(() => clock.stop());
    const session = new Session(new Http(this.fake.url, this.send), clock, { suggest: () => undefined });
    if (signIn) await session.signIn(name, 'correct horse battery');
    else session.phase = 'signed_in';
    const crew = new Crew(session, clock, 'u1', new Shelf(this.store), (listener) =>
      Promise.resolve(new Watch(listener, this.fake.url, { Cookie: this.cookie })),
    );
    ended.push(() => crew.stop());
    await crew.start();
    return crew;
  }
}

async function onTrip(): Promise<{ fake: Fake; phone: Phone; crew: Crew }> {
  const fake = await startFake('attendant', 0, 200);
  ended.push(() => fake.stop());
  const phone = new Phone(fake);
  const crew = await phone.open(true);
  await crew.choose('f16');
  crew.sign('on');
  await until(() => crew.link.kind === 'live' && crew.outbox.waiting.length === 0);
  expect(fake.desk.calls.map((call) => call.path)).toContain('duty');
  return { fake, phone, crew };
}

function rider(crew: Crew, id: string): NonNullable<ReturnType<typeof findRider>> {
  const found = crew.manifest && findRider(crew.manifest, id);
  if (!found) throw new Error(`rider ${id} is not on the manifest`);
  return found;
}

const waitingAt = (crew: Crew): string[] =>
  workAt(crew.manifest ?? { stops: [], strangers: [] }, 'to_school', crew.seq ?? 0)
    .riders.filter((one) => one.state === 'expected')
    .map((one) => one.id);

const sentRides = (fake: Fake): string[] =>
  fake.desk.calls
    .filter((call) => call.path === 'rides')
    .flatMap((call) =>
      (call.body['items'] as { rider_id: string; dir: string }[]).map(
        (item) => `${item.rider_id} ${item.dir}`,
      ),
    );

it("sends no word about ticks from a driver's phone: the server takes none", async () => {
  const fake = await startFake('driver', 0, 200);
  ended.push(() => fake.stop());
  const phone = new Phone(fake);
  const first = await phone.open(true, 'driver');
  await first.choose('f16');
  first.sign('on');
  await until(() => first.outbox.waiting.length === 0 && fake.desk.calls.length > 0);
  first.stop();
  // An attendant's phone that is opened again says at once that it holds nothing back.
  const again = await phone.open(true, 'driver');
  expect(again.duty).toBe('on');
  await until(() => again.link.kind === 'live');
  await again.outbox.pump();
  expect(fake.desk.calls.filter((call) => call.path === 'rides')).toEqual([]);
});

describe("the attendant's phone", () => {
  it('says whether the server knows of the sign-on, and signs on again where it went astray', async () => {
    const { fake, crew } = await onTrip();
    await crew.reload();
    expect(crew.signedOn).toEqual({ kind: 'confirmed' });
    fake.desk.alarms.duty = { driver: null, attendant: null, since: null };
    await crew.reload();
    // Right after the sign-on the answer may still be on its way; then it is missed.
    await until(() => crew.signedOn?.kind === 'missing', 30_000);
    const other = { id: 'x', code: 'A-0099', name: 'somebody else' };
    fake.desk.alarms.duty = { driver: null, attendant: other, since: '2026-09-01T07:00:00+08:00' };
    await crew.reload();
    expect(crew.signedOn).toEqual({ kind: 'other', name: 'somebody else' });
    crew.sign('on');
    await until(() => crew.signedOn?.kind === 'confirmed', 30_000);
  }, 120_000);

  it('begins at the stop that the bus comes to, and shows a tick at once', async () => {
    const { crew } = await onTrip();
    expect(crew.seq).toBe(3);
    const [first = ''] = waitingAt(crew);
    crew.tick(rider(crew, first), 'on');
    expect(rider(crew, first).state).toBe('aboard');
  });

  it('sends nothing that was undone', async () => {
    const { fake, crew } = await onTrip();
    const [first = '', second = ''] = waitingAt(crew);
    crew.tick(rider(crew, first), 'on');
    crew.undo();
    expect(rider(crew, first).state).toBe('expected');
    crew.tick(rider(crew, second), 'on');
    crew.sleeping();
    await until(() => sentRides(fake).length > 0);
    expect(sentRides(fake)).toEqual([`${second} on`]);
  });

  it('takes back by its opposite what has left the phone before it was undone', async () => {
    const { fake, crew } = await onTrip();
    const [first = ''] = waitingAt(crew);
    crew.tick(rider(crew, first), 'on');
    crew.sleeping();
    await until(() => crew.outbox.waiting.length === 0);
    crew.undo();
    await until(() => sentRides(fake).length === 2);
    expect(sentRides(fake)).toEqual([`${first} on`, `${first} off`]);
    expect(rider(crew, first).state).not.toBe('aboard');
  });

  it('keeps ticks without reception over a reload, and sends each once and in order when it is back', async () => {
    const { fake, phone, crew } = await onTrip();
    const [first = '', second = ''] = waitingAt(crew);
    fake.deafen(3_600_000);
    crew.tick(rider(crew, first), 'on');
    crew.tick(rider(crew, second), 'on');
    crew.headcount(7);
    await until(() => crew.link.kind === 'offline');
    crew.stop();

    const again = await phone.open(false);
    expect(again.trip?.id).toBe('f16');
    expect(again.duty).toBe('on');
    expect(rider(again, first).state).toBe('aboard');
    expect(rider(again, second).state).toBe('aboard');
    expect(again.outbox.waiting).toHaveLength(3);

    fake.deafen(0);
    again.woken();
    again.sleeping();
    await until(() => again.outbox.waiting.length === 0, 15_000);
    const calls = fake.desk.calls.filter(
      (call) => call.path !== 'duty' && (call.body['items'] as unknown[] | undefined)?.length !== 0,
    );
    expect(calls.map((call) => call.path)).toEqual(['rides', 'headcount']);
    expect(sentRides(fake)).toEqual([`${first} on`, `${second} on`]);
    expect(fake.desk.delivered?.count).toBe(7);
    // The head count was still to be sent then, and everything before it was.
    const synced = Date.parse(String(calls[0]?.body['synced_to']));
    expect(synced).toBeLessThan(Date.parse(String(calls[1]?.body['at'])));
    expect(synced).toBeGreaterThanOrEqual(
      Date.parse((calls[0]?.body['items'] as { at: string }[])[1]?.at ?? ''),
    );
    expect(rider(again, first).state).toBe('aboard');
  }, 30_000);

  it('sends under the same id what it does not know to have arrived', async () => {
    const { fake, phone, crew } = await onTrip();
    const [first = ''] = waitingAt(crew);
    crew.tick(rider(crew, first), 'on');
    const kept = crew.outbox.waiting[0];
    crew.sleeping();
    await until(() => crew.outbox.waiting.length === 0);
    // As if the answer had been lost on its way: the entry lies there still.
    if (kept) new Shelf(phone.store).put(kept);
    crew.sleeping();
    await until(() => sentRides(fake).length === 2 && crew.outbox.waiting.length === 0);
    expect(fake.desk.taken.size).toBe(2);
    expect(rider(crew, first).state).toBe('aboard');
  });

  it('shows what the server does not take until it is seen, and sends the rest', async () => {
    const { fake, crew } = await onTrip();
    const [first = ''] = waitingAt(crew);
    crew.tick({ ...rider(crew, first), id: 'nobody' }, 'on');
    crew.tick(rider(crew, first), 'on');
    crew.sleeping();
    await until(() => crew.outbox.refused.length === 1 && crew.outbox.waiting.length === 0);
    expect(crew.outbox.refused[0]?.refused).toBe('unknown');
    expect(sentRides(fake)).toEqual([`${first} on`]);
    crew.outbox.dismiss(crew.outbox.refused[0]?.client_id ?? '');
    expect(crew.outbox.entries).toHaveLength(0);
  });

  it('says when this device keeps nothing, and works on', async () => {
    const { fake, phone, crew } = await onTrip();
    const [first = ''] = waitingAt(crew);
    phone.store.full = true;
    crew.tick(rider(crew, first), 'on');
    expect(crew.lasting).toBe(false);
    crew.sleeping();
    await until(() => sentRides(fake).length === 1);
  });

  it('closes the trip when everybody is off, counted by both, and the rear was checked', async () => {
    const { fake, crew } = await onTrip();
    crew.toStop(6);
    for (const one of workAt(crew.manifest ?? { stops: [], strangers: [] }, 'to_school', 6).riders)
      crew.tick(one, 'off');
    crew.headcount(6);
    crew.rearCheck();
    crew.sleeping();
    await until(() => crew.signOff?.rear_checked_at != null && crew.outbox.waiting.length === 0);
    expect(crew.signOff?.open).toEqual(['received']);
    fake.desk.received = {
      count: 6,
      at: '2026-09-01T07:50:00+08:00',
      by: { id: 's', code: 'S', name: 'gate' },
    };
    await until(() => crew.detail?.state === 'closed');
    expect(crew.signOff?.open).toEqual([]);
  }, 15_000);
});
