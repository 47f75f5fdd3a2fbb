/** Speaks with the server about who runs a trip in another's place. */

import type { Candidates, Move, Substitutes, Substitution } from '../model/substitution.ts';
import type { Http } from './http.ts';
import * as shapes from './staff_alarm_shapes.ts';

export class Dispatch {
  constructor(private readonly http: Http) {}

  /** Who may take the trip, and who may not and why. Throws Failure. */
  candidates(trip: string): Promise<Candidates> {
    return this.http.get(shapes.substitutes, `/trips/${encodeURIComponent(trip)}/substitutes`);
  }

  /** Put another on this one trip, at once everywhere. Throws Failure. */
  substitute(trip: string, what: Substitutes, candidate: string, reason: string): Promise<Substitution> {
    const body = { trip_id: trip, [`${what}_id`]: candidate, reason };
    return this.http.post(shapes.substitution, '/substitutions', body);
  }

  /** Give this one trip another time or way, at once everywhere. Throws Failure. */
  move(trip: string, { shift_s, skip_stops, reason }: Move): Promise<Substitution> {
    const detour = skip_stops.length > 0 ? { skip_stops } : null;
    return this.http.post(shapes.substitution, '/substitutions', { trip_id: trip, shift_s, detour, reason });
  }

  async substitutions(trip: string): Promise<readonly Substitution[]> {
    const path = `/substitutions?trip=${encodeURIComponent(trip)}`;
    return (await this.http.get(shapes.substitutions, path)).items;
  }

  /** From now on the permit's own run it again. */
  async end(substitution: string): Promise<void> {
    await this.http.remove(`/substitutions/${encodeURIComponent(substitution)}`);
  }
}
