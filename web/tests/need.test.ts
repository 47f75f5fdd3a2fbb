import { describe, expect, it } from 'vitest';
import { boardStateOf, directionNow, rowsOf, type BoardRow } from '../src/model/board.ts';
import { byNeed, keepOrder, needOf, type Needing } from '../src/model/need.ts';
import type { StaffTrip } from '../src/model/staff_trip.ts';
import { aPosition, at } from './builders.ts';

function aTrip(over: Partial<StaffTrip> = {}): StaffTrip {
  return {
    id: 't1',
    code: 'T1',
    service_date: '2026-09-01',
    direction: 'to_school',
    route: { id: 'r', code: 'R', name: 'Route' },
    vehicle: { id: 'v17', code: 'ZW-0017', name: 'plate' },
    driver: null,
    school: null,
    state: 'en_route',
    planned_start_at: at('07:00'),
    planned_end_at: at('07:40'),
    started_at: at('07:01'),
    ended_at: null,
    delay_s: 0,
    findings_open: 0,
    worst: null,
    ...over,
  };
}
const live = aPosition({ at: at('07:20') });
const NOW = at('07:20:10');

const MISSED = { kind: 'missed_trip', severity: 'act' } as const;

describe('what a trip needs', () => {
  it.each([
    ['a running bus on time', aTrip(), live, 'running'],
    ['six minutes late', aTrip({ delay_s: 360 }), live, 'running'],
    ['more than six minutes late', aTrip({ delay_s: 361 }), live, 'late'],
    ['running and never heard from', aTrip(), null, 'silent'],
    ['running and stale', aTrip({ delay_s: 900 }), aPosition({ at: at('07:19') }), 'silent'],
    ['just before its start', aTrip({ state: 'scheduled', planned_start_at: at('07:20') }), null, 'waiting'],
    ['past its start', aTrip({ state: 'scheduled', planned_start_at: at('07:19') }), null, 'not_started'],
    ['arrived just now', aTrip({ state: 'arrived', planned_end_at: at('07:15') }), live, 'running'],
    [
      'arrived and never closed',
      aTrip({ state: 'arrived', planned_end_at: at('07:10') }),
      live,
      'not_closed',
    ],
    ['closed', aTrip({ state: 'closed' }), null, 'done'],
    ['cancelled', aTrip({ state: 'cancelled' }), null, 'cancelled'],
    ['missed', aTrip({ state: 'missed', planned_end_at: at('07:00'), worst: MISSED }), null, 'missed'],
    [
      'missed long ago, and seen to by nobody',
      aTrip({ state: 'missed', planned_end_at: at('06:20'), worst: MISSED }),
      null,
      'found',
    ],
    [
      'missed before anybody watched, or seen to',
      aTrip({ state: 'missed', planned_end_at: at('07:00') }),
      null,
      'missed_before',
    ],
  ] as const)('%s', (_, trip, position, need) => {
    expect(needOf(trip, position, NOW)).toBe(need);
  });
});

describe('the list', () => {
  const item = (id: string, need: Needing['need'], start = '07:00'): Needing => ({
    need,
    found: null,
    trip: aTrip({ id, code: id, planned_start_at: at(start) }),
  });
  const ids = (items: readonly Needing[]): string => items.map((one) => one.trip.id).join('');

  it('has not started, silent and late before the rest, then by time', () => {
    const items = [
      item('f', 'running'),
      item('e', 'late'),
      item('d', 'silent', '07:05'),
      item('c', 'silent', '07:01'),
      item('b', 'not_started'),
      item('a', 'waiting'),
    ];
    expect(ids(byNeed(items))).toBe('bcdefa');
    expect(ids(byNeed([...items].reverse()))).toBe('bcdefa');
  });

  it('keeps its order while it is read; what is new comes in, what is gone goes', () => {
    const fresh = [item('b', 'late'), item('n', 'late'), item('a', 'running')];
    expect(ids(keepOrder(['a', 'x', 'b'], fresh, (one) => one.trip.id))).toBe('anb');
    expect(ids(keepOrder([], fresh, (one) => one.trip.id))).toBe('bna');
  });
});

describe("a school's board", () => {
  const by = { id: 'u', code: 'U', name: 'someone' };
  const aRow = (over: Partial<BoardRow> = {}): BoardRow => ({
    trip: aTrip(),
    from: by,
    planned_at: at('07:40'),
    eta: { at: at('07:41'), low: at('07:40'), high: at('07:43') },
    arrived_at: null,
    stale: false,
    position_at: at('07:20'),
    counts: {
      planned: 3,
      expected: 0,
      aboard: 3,
      alighted: 0,
      handed_over: 0,
      absent: 0,
      no_show: 0,
      strangers: 0,
    },
    sign_off: null,
    missing: [],
    substitution: null,
    ...over,
  });
  const count = (count: number) => ({ count, at: at('07:45'), by });
  const signOff = (delivered: number | null, received: number | null) => ({
    delivered: delivered === null ? null : count(delivered),
    received: received === null ? null : { ...count(received), remarks: null },
    agreed: delivered !== null && delivered === received,
    aboard: 0,
    rear_checked_at: null,
    open: [],
  });

  it.each([
    ['on time', aRow(), 'on_time'],
    ['two minutes late', aRow({ eta: { at: at('07:42:01'), low: at('07:41'), high: at('07:45') } }), 'late'],
    ['stale', aRow({ stale: true }), 'silent'],
    ['arrived', aRow({ arrived_at: at('07:41') }), 'ask'],
    [
      'arrived and the attendant alone has counted',
      aRow({ arrived_at: at('07:41'), sign_off: signOff(3, null) }),
      'ask',
    ],
    ['counted by the school alone', aRow({ arrived_at: at('07:41'), sign_off: signOff(null, 3) }), 'done'],
    ['counted alike', aRow({ arrived_at: at('07:41'), sign_off: signOff(3, 3) }), 'done'],
    ['counted differently', aRow({ arrived_at: at('07:41'), sign_off: signOff(3, 2) }), 'differ'],
    ['cancelled', aRow({ trip: aTrip({ state: 'cancelled' }) }), 'cancelled'],
    ['overdue', aRow({ trip: aTrip({ state: 'scheduled' }) }), 'not_started'],
  ] as const)('%s', (_, row, state) => {
    expect(boardStateOf(row, at('07:20'))).toBe(state);
  });

  it('is by planned time, one half of the day at a time, the nearer half first', () => {
    const home = aRow({ trip: aTrip({ id: 'h', direction: 'from_school' }), planned_at: at('16:30') });
    const early = aRow({ trip: aTrip({ id: 'e' }), planned_at: at('07:30') });
    const rows = [home, aRow(), early];
    expect(rowsOf(rows, 'to_school').map((row) => row.trip.id)).toEqual(['e', 't1']);
    expect(directionNow(rows, at('08:00'))).toBe('to_school');
    expect(directionNow(rows, at('15:00'))).toBe('from_school');
  });
});
