import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Failure } from '../src/model/failure.ts';
import type { Call } from '../src/model/entry.ts';
import { Outbox, type Post } from '../src/state/outbox.svelte.ts';
import { Shelf } from '../src/wire/shelf.ts';
import { MemoryStore } from './store.ts';

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function phone(refuses: (call: Call) => boolean = () => false): {
  outbox: Outbox;
  sent: Call[];
  told: () => string[];
} {
  const sent: Call[] = [];
  const post: Post = {
    ready: () => Promise.resolve(),
    send: (call) => {
      sent.push(call);
      return refuses(call)
        ? Promise.reject(new Failure('refused', 404, 'not_found', '', 0))
        : Promise.resolve(null);
    },
    taken: () => undefined,
    reached: () => undefined,
    ended: () => false,
  };
  const outbox = new Outbox(
    'u1',
    new Shelf(new MemoryStore()),
    { exactly: () => ({ ms: Date.now(), offset_min: 480 }) },
    post,
  );
  outbox.start();
  return { outbox, sent, told: () => sent.splice(0).map((call) => call.trip_id) };
}

test('a trip that was left is told about for a quarter of an hour: alarms of its end wait for the phone', async () => {
  const { outbox, told } = phone();
  outbox.on = 'first';
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(new Set(told())).toEqual(new Set(['first']));
  outbox.on = 'second';
  await vi.advanceTimersByTimeAsync(MINUTE);
  const both = told();
  expect(both.filter((id) => id === 'first').length).toBeGreaterThanOrEqual(2);
  expect(both.filter((id) => id === 'second').length).toBeGreaterThanOrEqual(2);
  outbox.on = null;
  await vi.advanceTimersByTimeAsync(13 * MINUTE);
  expect(new Set(told())).toEqual(new Set(['first', 'second']));
  await vi.advanceTimersByTimeAsync(3 * MINUTE);
  told();
  await vi.advanceTimersByTimeAsync(5 * MINUTE);
  expect(told()).toEqual([]);
  outbox.stop();
});

test('that nothing is left is said at once after a count and a check, not twenty seconds later', async () => {
  const { outbox, sent } = phone();
  outbox.on = 'trip';
  await vi.advanceTimersByTimeAsync(1000);
  sent.splice(0);
  outbox.add('trip', { kind: 'headcount', count: 12 });
  outbox.add('trip', { kind: 'rear_check' });
  await vi.advanceTimersByTimeAsync(0);
  const kinds = sent.map(({ entries }) => entries[0]?.act.kind ?? 'whole');
  expect(kinds.slice(0, 3)).toEqual(['headcount', 'rear_check', 'whole']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent, 'and then only now and then').toHaveLength(kinds.length);
  outbox.stop();
});

test('one that still has something to send is not told to be whole', async () => {
  const { outbox, told } = phone();
  outbox.on = 'first';
  await vi.advanceTimersByTimeAsync(1000);
  outbox.on = 'second';
  told();
  outbox.add('first', { kind: 'ride', rider_id: 'r', dir: 'off' }, 5 * MINUTE);
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  expect(new Set(told())).toEqual(new Set(['second']));
  outbox.stop();
});

test('one that the server knows nothing of any more holds up nothing', async () => {
  const { outbox, told } = phone((call) => call.trip_id === 'first');
  outbox.on = 'first';
  outbox.on = 'second';
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(told().filter((id) => id === 'first')).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(told().length).toBeGreaterThanOrEqual(2);
  outbox.stop();
});
