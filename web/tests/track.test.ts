import { describe, expect, it } from 'vitest';
import { columnsOf } from '../src/console/trace_columns.ts';
import {
  bandsOf,
  indexAt,
  isOutside,
  joined,
  offsetM,
  silencesOf,
  spotAt,
  stopsAt,
  type Fix,
} from '../src/model/track.ts';
import type { PlannedStop } from '../src/model/staff_trip.ts';
import { at } from './builders.ts';

const NORTH_M = 1 / 111_320;
const shape = {
  points: [
    [37.5, 105.2],
    [37.52, 105.2],
  ],
  metres: [0, 2226],
} as const;

function aFix(clock: string, over: Partial<Fix> = {}): Fix {
  return {
    at: at(clock),
    lat: 37.5,
    lon: 105.2,
    spd: 30,
    hdg: 0,
    acc: 4,
    sure: true,
    door: false,
    lamp: null,
    arm: null,
    limit: 60,
    ...over,
  };
}

describe('a track at an instant', () => {
  const fixes = [aFix('07:20:00'), aFix('07:20:10', { lat: 37.501 }), aFix('07:22:00', { lat: 37.51 })];

  it('is between two reports on the way, and in a silence where it was last heard', () => {
    expect(indexAt(fixes, at('07:19:59').ms)).toBe(-1);
    expect(spotAt(fixes, at('07:19:59').ms)).toBeNull();
    expect(spotAt(fixes, at('07:20:05').ms)?.lat).toBeCloseTo(37.5005, 6);
    expect(spotAt(fixes, at('07:21:00').ms)?.lat).toBe(37.501);
    expect(spotAt(fixes, at('08:00').ms)?.lat).toBe(37.51);
  });

  it('names its silences, and no line is drawn through them', () => {
    expect(silencesOf(fixes)).toEqual([{ from: at('07:20:10').ms, to: at('07:22:00').ms }]);
    const [, speed] = columnsOf(fixes);
    expect(speed).toEqual([30, 30, null, 30]);
  });

  it('shows what is above the limit', () => {
    const [, , limit, over] = columnsOf([aFix('07:20'), aFix('07:20:05', { spd: 72 })]);
    expect(limit).toEqual([60, 60]);
    expect(over).toEqual([null, 72]);
  });
});

describe('signals', () => {
  it('are on from the position that says so to the first that does not', () => {
    const fixes = [
      aFix('07:20:00'),
      aFix('07:20:05', { door: true }),
      aFix('07:20:10', { door: true }),
      aFix('07:20:12', { door: false }),
      aFix('07:20:20', { door: true }),
    ];
    expect(bandsOf(fixes, 'door')).toEqual([
      { from: at('07:20:05').ms, to: at('07:20:12').ms },
      { from: at('07:20:20').ms, to: at('07:20:20').ms },
    ]);
    expect(bandsOf(fixes, 'lamp')).toBeNull();
  });

  it('are not said of a silence', () => {
    const fixes = [aFix('07:20:00', { door: true }), aFix('07:25:00', { door: true })];
    expect(bandsOf(fixes, 'door')?.map(({ from, to }) => to - from)).toEqual([0, 0]);
  });
});

describe('the corridor', () => {
  const beside = (metres: number, over: Partial<Fix> = {}): Fix =>
    aFix('07:20', {
      lat: 37.51,
      lon: 105.2 + (metres * NORTH_M) / Math.cos((37.51 * Math.PI) / 180),
      ...over,
    });

  it('is measured from the nearest part of the line, its ends round', () => {
    expect(offsetM(shape, beside(80))).toBeCloseTo(80, 1);
    expect(offsetM(shape, { lat: 37.5 - 30 * NORTH_M, lon: 105.2 })).toBeCloseTo(30, 1);
  });

  it('is left by more than its width and the accuracy, and only by a fix', () => {
    expect(isOutside(beside(53), shape, 50)).toBe(false);
    expect(isOutside(beside(55), shape, 50)).toBe(true);
    expect(isOutside(beside(200, { sure: false }), shape, 50)).toBe(false);
    expect(isOutside(beside(200, { acc: 160 }), shape, 50)).toBe(false);
    expect(isOutside(beside(200), shape, null)).toBe(false);
  });
});

it('what was said since is joined once', () => {
  const whole = { corridor_m: 50, signed_on: [], fixes: [aFix('07:20:00'), aFix('07:20:05')] };
  const later = { ...whole, fixes: [aFix('07:20:05', { spd: 9 }), aFix('07:20:10')] };
  expect(joined(whole, later).fixes.map((fix) => fix.spd)).toEqual([30, 9, 30]);
  expect(joined(whole, { ...later, fixes: [] }).fixes).toHaveLength(2);
});

it('stops stand in a replay as they stood then', () => {
  const stop = (seq: number, over: Partial<PlannedStop>): PlannedStop => ({
    ...{ id: `p${String(seq)}`, code: '', name: '', lat: 0, lon: 0, metre: seq, seq },
    planned_at: at('07:20'),
    arrived_at: null,
    departed_at: null,
    passed: true,
    eta: null,
    ...over,
  });
  const stops = [
    stop(0, { arrived_at: at('07:20'), departed_at: at('07:21') }),
    stop(1, {}),
    stop(2, { arrived_at: at('07:25'), departed_at: at('07:26') }),
    stop(3, { passed: false, eta: { at: at('07:30'), low: at('07:30'), high: at('07:31') } }),
  ];
  const early = stopsAt(stops, at('07:22').ms);
  expect(early.map((one) => one.passed)).toEqual([true, false, false, false]);
  expect(early[2]?.arrived_at).toBeNull();
  const late = stopsAt(stops, at('07:25:30').ms);
  // The skipped one counts as passed once a later one was reached; nobody is told an estimate of then.
  expect(late.map((one) => one.passed)).toEqual([true, true, false, false]);
  expect(late[3]?.eta).toBeNull();
});
