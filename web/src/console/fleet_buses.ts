/** The fleet as the map draws it: the neediest first, each bus once. */

import type { FleetBus } from '../map/fleet_drawing.ts';
import { fleetNumber } from '../model/named.ts';
import type { Instant } from '../model/instant.ts';
import { CALLING, toneOf } from '../model/need.ts';
import { freshness } from '../model/position.ts';
import type { Fleet } from '../state/fleet.svelte.ts';
import { busName } from '../words/bus.ts';
import type { Say } from '../words/say.ts';

/** `id` is the trip's, so that a click chooses it; a bus on no trip of today is not drawn. */
export function fleetBuses(fleet: Fleet, now: Instant, say: Say): FleetBus[] {
  const drawn = new Set<string>();
  return fleet.items.flatMap(({ trip, need }) => {
    const position = fleet.positionOf(trip);
    if (!trip.vehicle || !position || drawn.has(trip.vehicle.id)) return [];
    // A finished trip's bus is drawn with the trip that it is on, or waits for.
    if (position.trip_id === null && ['done', 'cancelled', 'missed', 'missed_before'].includes(need))
      return [];
    drawn.add(trip.vehicle.id);
    const number = fleetNumber(trip.vehicle);
    return [
      {
        id: trip.id,
        name: `${busName(trip.vehicle, say)} · ${trip.route.name}`,
        mark: number === null ? trip.vehicle.name.slice(-4) : String(number),
        lat: position.lat,
        lon: position.lon,
        hdg: position.hdg,
        tone: toneOf(need),
        calling: CALLING.has(need),
        faded: freshness(position, now) !== 'live',
        chosen: trip.id === fleet.chosen,
      },
    ];
  });
}
