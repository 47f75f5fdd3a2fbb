import { describe, expect, it } from 'vitest';
import { bestPlace, dotted, overlap, placesAround } from '../src/map/labels.ts';

const area = { left: 0, right: 400, top: 0, bottom: 400 };
const stop = { left: 193, right: 207, top: 193, bottom: 207 };

describe('a label', () => {
  const places = placesAround(stop, 80, 20, area);

  it('stands above its stop when nothing speaks against it', () => {
    expect(bestPlace(places, [], [], area)).toEqual({ left: 160, right: 240, top: 165, bottom: 185 });
  });

  it('leaves the line free where it can', () => {
    const upwards = dotted([
      { x: 200, y: 200 },
      { x: 200, y: 100 },
    ]);
    expect(bestPlace(places, [], upwards, area)?.top).toBe(215);
  });

  it('never stands on another', () => {
    const above = places[0];
    if (!above) throw new Error('there are four places');
    const place = bestPlace(places, [above], [], area);
    expect(place && overlap(place, above)).toBe(false);
    expect(bestPlace(places, [area], [], area)).toBeNull();
  });

  it('is pushed in from the edge, but not back onto the map from outside of it', () => {
    const atEdge = { left: 0, right: 14, top: 193, bottom: 207 };
    expect(placesAround(atEdge, 80, 20, area)[0]?.left).toBe(3);
    const outside = { left: -60, right: -46, top: 193, bottom: 207 };
    expect(bestPlace(placesAround(outside, 80, 20, area), [], [], area)).toBeNull();
  });
});
