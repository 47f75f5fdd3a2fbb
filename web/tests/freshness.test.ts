import { describe, expect, it } from 'vitest';
import { moveBus, replaceChild } from '../src/model/child.ts';
import { parseInstant } from '../src/model/instant.ts';
import { ageS, freshness } from '../src/model/position.ts';
import { serverNow, told } from '../src/model/server_time.ts';
import { aChild, aPosition, aTrip, at } from './builders.ts';

describe('a position', () => {
  it.each([
    ['07:20:59', 5, 'live'],
    ['07:21:00', 5, 'live'],
    ['07:21:01', 5, 'stale'],
    ['07:25:00', 5, 'stale'],
    ['07:25:01', 5, 'lost'],
    // A parked bus reports each minute: 2.5 of its own intervals.
    ['07:22:20', 60, 'live'],
    ['07:22:31', 60, 'stale'],
  ])('from 07:20:00 at %s with an interval of %i s is %s', (now, interval_s, expected) => {
    expect(freshness(aPosition({ interval_s }), at(now))).toBe(expected);
  });

  it('is never younger than now', () => {
    expect(ageS(at('07:20:03'), at('07:20:00'))).toBe(0);
  });
});

describe("the server's time", () => {
  it('is told with half of the way there and back', () => {
    const time = told(at('07:20'), 1, 1000, 1400);
    expect(serverNow(time, 1200)).toEqual(at('07:20'));
    expect(serverNow(time, 11_200)).toEqual(at('07:20:10'));
  });

  it('runs at its own speed', () => {
    expect(serverNow(told(at('07:20'), 20, 0, 0), 3000)).toEqual(at('07:21'));
  });
});

describe('an instant', () => {
  it('keeps the zone that it came with', () => {
    expect(parseInstant('2026-09-01T07:20:00+08:00')).toEqual(at('07:20'));
    expect(parseInstant('2026-08-31T23:20:00Z')).toEqual({ ms: at('07:20').ms, offset_min: 0 });
    expect(parseInstant('2026-08-31T18:50:00.250-04:30')?.offset_min).toBe(-270);
  });

  it('is none without an offset, or of nonsense', () => {
    expect(parseInstant('2026-09-01T07:20:00')).toBeNull();
    expect(parseInstant('2026-99-01T07:20:00Z')).toBeNull();
  });
});

describe('what is known of a trip', () => {
  const known = aChild(aTrip({ stops: [], shape: { points: [[1, 2]], metres: [0] } }));

  it('keeps its line when a shorter answer leaves it out', () => {
    expect(replaceChild(known, aChild(aTrip())).trip?.shape).toEqual(known.trip?.shape);
  });

  it('keeps the last estimate while the bus is quiet, and drops it with a new position', () => {
    expect(replaceChild(known, aChild(aTrip({ eta: null }))).trip?.eta).toEqual(known.trip?.eta);
    const moved = aTrip({ eta: null, position: aPosition({ at: at('07:20:05') }) });
    expect(replaceChild(known, aChild(moved)).trip?.eta).toBeNull();
  });

  it('does not keep an estimate to another stop', () => {
    expect(replaceChild(known, aChild(aTrip({ eta: null, rider_state: 'aboard' }))).trip?.eta).toBeNull();
  });

  it('does not keep a position that the server no longer shows', () => {
    const ended = aTrip({ state: 'closed', position: null });
    expect(replaceChild(known, aChild(ended)).trip?.position).toBeNull();
  });

  it('is not moved back by a late message, nor by another trip', () => {
    const late = moveBus(known, aPosition({ at: at('07:19'), metre: 1 }));
    expect(late.trip?.position?.metre).toBe(500);
    expect(moveBus(known, aPosition({ at: at('07:21'), trip_id: 'other' }))).toBe(known);
    expect(moveBus(known, aPosition({ at: at('07:21'), metre: 900 })).trip?.position?.metre).toBe(900);
  });
});
