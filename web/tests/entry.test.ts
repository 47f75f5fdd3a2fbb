import { describe, expect, it } from 'vitest';
import { nextCall, refusedOf, syncedTo, type Act, type Entry } from '../src/model/entry.ts';
import { at } from './builders.ts';

const NOW = at('07:40');

function anEntry(order: number, clock: string, act: Act, over: Partial<Entry> = {}): Entry {
  const client_id = `id-${String(order)}`;
  return {
    client_id,
    user_id: 'u1',
    trip_id: 't1',
    order,
    at: at(clock),
    held_until_ms: 0,
    refused: null,
    act,
    ...over,
  };
}
const on = (rider_id: string): Act => ({ kind: 'ride', rider_id, dir: 'on' });
const ids = (entries: readonly Entry[] = []): string[] => entries.map((entry) => entry.client_id);

describe('what is sent next', () => {
  it('is all rides up to the first thing that is none, in their order', () => {
    const entries = [
      anEntry(3, '07:32', on('c')),
      anEntry(1, '07:30', on('a')),
      anEntry(4, '07:33', { kind: 'headcount', count: 3 }),
      anEntry(2, '07:31', on('b')),
      anEntry(5, '07:34', on('d')),
    ];
    const call = nextCall(entries, 1000, NOW);
    expect(ids(call?.entries)).toEqual(['id-1', 'id-2', 'id-3']);
    expect(call?.synced_to.ms).toBe(at('07:33').ms - 1);
  });

  it('is nothing while the first may still be undone, for nothing overtakes it', () => {
    const held = anEntry(1, '07:30', on('a'), { held_until_ms: 5000 });
    const later = anEntry(2, '07:31', on('b'));
    expect(nextCall([held, later], 4999, NOW)).toBeNull();
    expect(ids(nextCall([held, later], 5000, NOW)?.entries)).toEqual(['id-1', 'id-2']);
  });

  it('leaves a ride that may still be undone for later, and does not claim to have sent it', () => {
    const call = nextCall(
      [anEntry(1, '07:30', on('a')), anEntry(2, '07:31', on('b'), { held_until_ms: 9000 })],
      1000,
      NOW,
    );
    expect(ids(call?.entries)).toEqual(['id-1']);
    expect(call?.synced_to.ms).toBe(at('07:31').ms - 1);
  });

  it('does not mix trips', () => {
    const call = nextCall(
      [anEntry(1, '07:30', on('a')), anEntry(2, '07:31', on('b'), { trip_id: 't2' })],
      1000,
      NOW,
    );
    expect(ids(call?.entries)).toEqual(['id-1']);
    // What is left is another trip's: of this one nothing is.
    expect(call?.synced_to).toEqual(NOW);
  });

  it('passes over what the server has refused', () => {
    const call = nextCall(
      [anEntry(1, '07:30', on('a'), { refused: 'unknown' }), anEntry(2, '07:31', on('b'))],
      1000,
      NOW,
    );
    expect(ids(call?.entries)).toEqual(['id-2']);
    expect(nextCall([], 1000, NOW)).toBeNull();
  });

  it('never says more than is so, in whatever order entries lie', () => {
    const entries = [anEntry(2, '07:36', on('b')), anEntry(1, '07:35', on('a'))];
    expect(syncedTo(entries, 't1', [], NOW).ms).toBe(at('07:35').ms - 1);
    expect(syncedTo([], 't1', [], NOW)).toEqual(NOW);
  });
});

describe('a refusal', () => {
  const call = {
    trip_id: 't1',
    entries: [anEntry(1, '07:30', on('a')), anEntry(2, '07:31', on('b'))],
    synced_to: NOW,
  };

  it('takes out what it names and no more', () => {
    expect([...refusedOf(call, { 'items.1.rider_id': 'unknown' }, 'invalid')]).toEqual([['id-2', 'unknown']]);
  });

  it('that names nothing is of all', () => {
    expect([...refusedOf(call, { synced_to: 'future' }, 'trip is over').values()]).toEqual([
      'trip is over',
      'trip is over',
    ]);
  });
});
