import { afterEach, describe, expect, it } from 'vitest';
import { countedBy, isSame, MOST, movedBy, turned, type Wanted } from '../src/model/choice.ts';
import { Failure } from '../src/model/failure.ts';
import type { Notice, NoticeKind } from '../src/model/notice.ts';
import { urgentOf } from '../src/model/urgent.ts';
import { Choices } from '../src/state/choices.svelte.ts';
import { Clock } from '../src/state/clock.svelte.ts';
import { Session } from '../src/state/session.svelte.ts';
import { Http } from '../src/wire/http.ts';
import { aChild, aTrip, at } from './builders.ts';
import { startFake, type Fake } from './dev/server.ts';

const ended: (() => unknown)[] = [];
const FIVE: Wanted = { lead: { by: 'minutes', value: 5 }, muted: [] };

async function open(scene: string): Promise<{ fake: Fake; session: Session; choices: Choices }> {
  const fake = await startFake(scene);
  ended.push(() => fake.stop());
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
  await session.signIn(scene, 'correct horse battery');
  const choices = new Choices(session, clock, 'c1', 20);
  await choices.start();
  return { fake, session, choices };
}

async function until(what: () => boolean, deadline_ms = 5000): Promise<void> {
  const end = Date.now() + deadline_ms;
  while (!what()) {
    if (Date.now() > end) throw new Error(`not within ${String(deadline_ms)} ms: ${String(what)}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

describe('a choice', () => {
  it('stays within its range, in whichever way it is counted', () => {
    expect(movedBy(FIVE, -9).lead.value).toBe(1);
    expect(movedBy(FIVE, 99).lead.value).toBe(MOST.minutes);
    const stops = countedBy(FIVE, 'stops');
    expect(stops.lead).toEqual({ by: 'stops', value: 2 });
    expect(movedBy(stops, 99).lead.value).toBe(MOST.stops);
    expect(countedBy(movedBy(FIVE, 4), 'minutes').lead.value).toBe(9);
  });

  it('mutes a kind and tells it again', () => {
    const muted = turned(turned(FIVE, 'late'), 'boarded');
    expect(muted.muted).toEqual(['late', 'boarded']);
    expect(isSame(muted, { ...muted, muted: ['boarded', 'late'] })).toBe(true);
    expect(isSame(turned(muted, 'late'), muted)).toBe(false);
  });
});

describe('the settings', () => {
  it('are shown at once, saved when they rest, and can be taken back', async () => {
    const { fake, choices } = await open('coming');
    for (let n = 0; n < 4; n++) choices.want('to_school', movedBy(choices.find('to_school') ?? FIVE, 1));
    expect(choices.find('to_school')?.lead.value).toBe(9);
    expect(choices.saving.kind).toBe('saving');
    await until(() => choices.saving.kind === 'saved');
    expect(fake.scene.choices.get('to_school')).toMatchObject({ lead: { by: 'minutes', value: 9 } });
    expect(fake.scene.choices.get('from_school')).toMatchObject({ lead: { by: 'minutes', value: 5 } });
    choices.undo();
    await until(() => (fake.scene.choices.get('to_school')?.['lead'] as { value: number }).value === 5);
    expect(choices.find('to_school')?.lead.value).toBe(5);
  });

  it('are saved when the page is left before they rest', async () => {
    const { fake, choices } = await open('coming');
    choices.want('from_school', turned(FIVE, 'late'));
    choices.leave();
    await until(() => choices.saving.kind === 'saved');
    expect(fake.scene.choices.get('from_school')).toMatchObject({ muted: ['late'] });
  });

  it('stay as wished when they could not be saved, say so, and are tried again', async () => {
    const { fake, choices } = await open('stubborn');
    choices.want('to_school', movedBy(FIVE, 5));
    await until(() => choices.saving.kind === 'failed');
    expect(choices.saving.kind === 'failed' && choices.saving.failure).toBeInstanceOf(Failure);
    expect(choices.find('to_school')?.lead.value).toBe(10);
    Object.assign(fake.scene, { name: 'coming' });
    choices.again();
    await until(() => choices.saving.kind === 'saved');
    expect(fake.scene.choices.get('to_school')).toMatchObject({ lead: { value: 10 } });
  });

  it('say why they could not be asked for', async () => {
    const { session } = await open('coming');
    const other = new Choices(session, new Clock(), 'nobody');
    await other.start();
    expect(other.failed).toBeInstanceOf(Failure);
    expect(other.items).toBeNull();
  });
});

describe('what must be seen first', () => {
  const child = aChild(aTrip());
  const said = (kind: NoticeKind, clock: string, over: Partial<Notice> = {}): Notice => ({
    id: `${kind}${clock}`,
    kind,
    child,
    trip: null,
    at: at(clock),
    read_at: null,
    late: false,
    muted: false,
    text: { zh: kind, en: kind },
    ...over,
  });
  const found = (...notices: Notice[]) => urgentOf(notices, child, at('07:40'))?.kind ?? null;

  it('is an alarm, read or not, and nothing else', () => {
    expect(found(said('no_show', '07:31'))).toBe('no_show');
    expect(found(said('left_aboard', '07:31', { read_at: at('07:32') }))).toBe('left_aboard');
    expect(found(said('late', '07:31'), said('cancelled', '07:30'))).toBeNull();
  });

  it.each<[NoticeKind, NoticeKind]>([
    ['no_show', 'boarded'],
    ['left_aboard', 'alighted'],
    ['wrong_bus', 'arrived'],
    ['wrong_stop', 'handed_over'],
    ['wrong_stop', 'correction'],
  ])('ends: %s with %s', (alarm, end) => {
    expect(found(said(end, '07:35'), said(alarm, '07:31'))).toBeNull();
    expect(found(said(alarm, '07:31'), said(end, '07:20'))).toBe(alarm);
  });

  it('ends with the state of the child on that trip, though nobody was told of the ride', () => {
    const trip = { id: 't1', code: 'T1', name: 'Route 17' };
    const of = (state: 'expected' | 'aboard' | 'alighted', kind: NoticeKind) =>
      urgentOf([said(kind, '07:31', { trip })], aChild(aTrip({ rider_state: state })), at('07:40'))?.kind ??
      null;
    expect([of('expected', 'no_show'), of('aboard', 'no_show')]).toEqual(['no_show', null]);
    expect([of('aboard', 'left_aboard'), of('alighted', 'left_aboard')]).toEqual(['left_aboard', null]);
  });

  it('is of this child, and of today', () => {
    expect(found(said('no_show', '07:31', { child: { id: 'c2', code: 'K2', name: 'Lily' } }))).toBeNull();
    expect(found(said('no_show', '05:00'))).toBeNull();
  });
});
