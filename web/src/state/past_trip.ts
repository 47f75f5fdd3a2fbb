/** A trip of another time than the one on the family page, asked for when somebody wants to see it. */

import type { TripDetail } from '../model/staff_trip.ts';
import { tripDetail } from '../wire/staff_shapes.ts';
import type { Session } from './session.svelte.ts';

/** Ask for one trip with its stops, planned and served. Throws Failure. */
export async function askTrip(session: Session, id: string): Promise<TripDetail> {
  try {
    return await session.http.get(tripDetail, `/trips/${encodeURIComponent(id)}`);
  } catch (failure) {
    session.endedBy(failure);
    throw failure;
  }
}
