import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { later } from '../src/state/later.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a part that could not be fetched while the server was away comes when it is back', async () => {
  let away = 3;
  const asked = vi.fn(() =>
    away-- > 0 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve('part'),
  );
  const part = later(asked);
  await vi.advanceTimersByTimeAsync(1000 + 2000);
  expect(asked).toHaveBeenCalledTimes(3);
  await vi.advanceTimersByTimeAsync(4000);
  expect(await part).toBe('part');
});

test('it is asked for no more than every fifteen seconds in the end', async () => {
  const asked = vi.fn(() => Promise.reject(new TypeError('Failed to fetch')));
  void later(asked);
  await vi.advanceTimersByTimeAsync(15_000);
  const before = asked.mock.calls.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.mock.calls.length - before).toBe(4);
});
