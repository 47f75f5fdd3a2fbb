import { describe, expect, it } from 'vitest';
import { bearing, distanceM, glideSpot, glideTo, splitShape, spotAt } from '../src/model/glide.ts';
import { aPosition } from './builders.ts';

/** East for 1000 m, then north for 1000 m. */
const LAT = 1000 / 111_320;
const LON = LAT / Math.cos((37.5 * Math.PI) / 180);
const shape = {
  points: [
    [37.5, 105.2],
    [37.5, 105.2 + LON],
    [37.5 + LAT, 105.2 + LON],
  ] as [number, number][],
  metres: [0, 1000, 2000],
};

describe('a spot on the shape', () => {
  it('lies between the points by its metre, headed as the shape is', () => {
    const spot = spotAt(shape, 500);
    expect(spot?.lon).toBeCloseTo(105.2 + LON / 2, 9);
    expect(spot?.lat).toBe(37.5);
    expect(spot?.hdg).toBeCloseTo(90, 3);
    expect(spotAt(shape, 1500)?.hdg).toBeCloseTo(0, 3);
  });

  it('is held to the ends of the shape', () => {
    expect(spotAt(shape, -50)?.lon).toBe(105.2);
    expect(spotAt(shape, 9999)?.lat).toBeCloseTo(37.5 + LAT, 9);
  });

  it('is nowhere on a shape without points', () => {
    expect(spotAt({ points: [], metres: [] }, 10)).toBeNull();
  });
});

describe('the glide', () => {
  const first = glideTo(null, aPosition({ metre: 800 }), shape, 0, 1);

  it('does not glide to its first place', () => {
    expect(glideSpot(first, shape, 0).metre).toBe(800);
  });

  it('goes round the corner along the shape, and not across it', () => {
    const drawn = glideSpot(first, shape, 0);
    const second = glideTo(drawn, aPosition({ metre: 1200, interval_s: 10 }), shape, 1000, 1);
    const half = glideSpot(second, shape, 6000);
    expect(half.metre).toBeCloseTo(1000, 6);
    expect(distanceM(half, { lat: 37.5, lon: 105.2 + LON })).toBeLessThan(0.01);
  });

  it('lasts one interval and then waits', () => {
    const second = glideTo(
      glideSpot(first, shape, 0),
      aPosition({ metre: 1000, interval_s: 5 }),
      shape,
      0,
      1,
    );
    expect(glideSpot(second, shape, 4900).metre).toBeLessThan(1000);
    expect(glideSpot(second, shape, 5000).metre).toBe(1000);
    expect(glideSpot(second, shape, 60_000).metre).toBe(1000);
  });

  it('keeps up with a clock that runs faster', () => {
    const second = glideTo(
      glideSpot(first, shape, 0),
      aPosition({ metre: 1000, interval_s: 5 }),
      shape,
      0,
      20,
    );
    expect(second.lasts_ms).toBe(250);
  });

  it('jumps where no bus could have driven', () => {
    const far = glideTo(glideSpot(first, shape, 0), aPosition({ metre: null, lat: 38.2 }), shape, 0, 1);
    expect(far.lasts_ms).toBe(0);
  });

  it('goes straight when the bus is off the shape', () => {
    const off = aPosition({ metre: null, lat: 37.501, lon: 105.2 + LON * 0.8, hdg: 45 });
    const glide = glideTo(glideSpot(first, shape, 0), off, shape, 0, 1);
    const half = glideSpot(glide, shape, 2500);
    expect(half.lat).toBeCloseTo(37.5005, 9);
    expect(half.metre).toBeNull();
  });
});

describe('the line', () => {
  it('is cut at the bus, and nothing of it is lost', () => {
    const { behind, ahead } = splitShape(shape, 1500);
    expect(behind).toHaveLength(3);
    expect(ahead).toHaveLength(2);
    expect(behind.at(-1)).toEqual(ahead[0]);
  });

  it('is all ahead before the bus is on it', () => {
    expect(splitShape(shape, null)).toEqual({
      behind: [],
      ahead: shape.points.map(([lat, lon]) => [lon, lat]),
    });
  });
});

it('bearings are clockwise from north', () => {
  expect(bearing([0, 0], [1, 0])).toBeCloseTo(0);
  expect(bearing([0, 0], [0, 1])).toBeCloseTo(90);
  expect(bearing([0, 0], [-1, 0])).toBeCloseTo(180);
  expect(bearing([0, 0], [0, -1])).toBeCloseTo(270);
});
