/** A trip's stops as the map draws them. */

import type { DrawnStop } from '../map/drawing.ts';
import type { ChildTrip } from '../model/trip.ts';
import type { Say } from '../words/say.ts';

/** Only the child's own stop says whose it is; the others are named. */
export function mapStops(trip: ChildTrip, say: Say): DrawnStop[] {
  return trip.stops.map((stop) => ({
    id: stop.id,
    lat: stop.lat,
    lon: stop.lon,
    label: stop.mine ? say('map.mine', { stop: stop.name }) : stop.name,
    mine: stop.mine,
    school: stop.id === trip.school_stop.id,
    passed: stop.passed || stop.departed_at !== null,
  }));
}
