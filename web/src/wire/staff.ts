/** Speaks with the server for crew, school and desk: one function a thing that can be asked or done, each answer checked. */

import { Failure } from '../model/failure.ts';
import type { Jurisdiction, SchoolPlace } from '../model/area.ts';
import type { BoardRow } from '../model/board.ts';
import type { AuditItem, Device, Rejected } from '../model/device.ts';
import type { Act, Call, Entry } from '../model/entry.ts';
import type { Instant } from '../model/instant.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Named } from '../model/named.ts';
import type { Position } from '../model/position.ts';
import type { Fixed, LawfulReason, SignOff, StaffTrip, TripDetail } from '../model/staff_trip.ts';
import type { RiderState } from '../model/trip.ts';
import type { Http } from './http.ts';
import * as base from './shapes.ts';
import * as shapes from './staff_shapes.ts';

/** A day of a county in a few requests; more pages than this is a server that never ends its list. */
const PAGE = 200;
const MOST_PAGES = 100;

const trip = (id: string): string => `/trips/${encodeURIComponent(id)}`;

/** RFC 3339 in UTC. */
export function rfc3339(at: Instant): string {
  return new Date(at.ms).toISOString();
}

/** Both counts and who is in doubt, of a 409. */
export type Mismatch = {
  readonly delivered: number;
  readonly received: number;
  readonly in_doubt: readonly (Named & { readonly state: RiderState })[];
};

export class Staff {
  constructor(private readonly http: Http) {}

  /** All trips of one service date that the caller may see. */
  async trips(service_date: string): Promise<StaffTrip[]> {
    const items: StaffTrip[] = [];
    let after = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = `service_date=${service_date}&limit=${String(PAGE)}${after}`;
      const said = await this.http.get(shapes.staffTrips, `/trips?${query}`);
      items.push(...said.items);
      if (said.next === null) break;
      after = `&after=${encodeURIComponent(said.next)}`;
    }
    return items;
  }

  detail(id: string): Promise<TripDetail> {
    return this.http.get(shapes.tripDetail, trip(id));
  }

  manifest(id: string): Promise<Manifest> {
    return this.http.get(shapes.manifest, `${trip(id)}/manifest`);
  }

  async positions(): Promise<readonly Position[]> {
    return (await this.http.get(base.positions, '/positions')).items;
  }

  async board(service_date: string): Promise<readonly BoardRow[]> {
    return (await this.http.get(shapes.board, `/board?service_date=${service_date}`)).items;
  }

  /** Send what was noted on the phone; gives the trip's sign-off where the answer has it. Throws Failure. */
  async send(call: Call): Promise<SignOff | null> {
    const [first] = call.entries;
    if (!first || first.act.kind === 'ride') {
      const items = call.entries.map(rideOf);
      const body = { items, synced_to: rfc3339(call.synced_to) };
      await this.http.post(shapes.accepted, `${trip(call.trip_id)}/rides`, body);
      return null;
    }
    return this.#sendOne(first, first.act);
  }

  async #sendOne(entry: Entry, act: Exclude<Act, { kind: 'ride' }>): Promise<SignOff | null> {
    const noted = { at: rfc3339(entry.at), client_id: entry.client_id };
    const path = trip(entry.trip_id);
    if (act.kind === 'duty') {
      await this.http.post(shapes.accepted, `${path}/duty`, { state: act.state, ...noted });
      return null;
    }
    const said =
      act.kind === 'headcount'
        ? await this.http.post(shapes.signedOff, `${path}/headcount`, { count: act.count, ...noted })
        : await this.http.post(shapes.signedOff, `${path}/rear-check`, noted);
    return said.sign_off;
  }

  /** Say how many came in (or were handed out); gives the mismatch of a 409. Throws any other Failure. */
  async receive(id: string, count: number, remarks: string, client_id: string): Promise<SignOff | Mismatch> {
    const body = { count, client_id, ...(remarks.trim() === '' ? {} : { remarks: remarks.trim() }) };
    try {
      return (await this.http.post(shapes.signedOff, `${trip(id)}/arrival`, body)).sign_off;
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.code !== 'count_mismatch') throw failure;
      const said = base.read(shapes.mismatch, failure.fields);
      if (!said) throw failure;
      return said;
    }
  }

  cancel(id: string, reason: string): Promise<TripDetail> {
    return this.http.post(shapes.tripDetail, `${trip(id)}/cancel`, { reason });
  }

  excuse(id: string, which: Fixed, reason: LawfulReason, remarks: string): Promise<TripDetail> {
    const body = { reason, ...(remarks === '' ? {} : { remarks }) };
    return this.http.post(shapes.tripDetail, `${trip(id)}/verdicts/${which}/excuse`, body);
  }

  async endExcuse(id: string, which: Fixed): Promise<TripDetail> {
    await this.http.remove(`${trip(id)}/verdicts/${which}/excuse`);
    return this.detail(id);
  }

  async devices(): Promise<readonly Device[]> {
    const items: Device[] = [];
    let after = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const said = await this.http.get(shapes.devices, `/devices?limit=${String(PAGE)}${after}`);
      items.push(...said.items);
      if (said.next === null) break;
      after = `&after=${encodeURIComponent(said.next)}`;
    }
    return items;
  }

  async rejected(device: string): Promise<readonly Rejected[]> {
    const path = `/devices/${encodeURIComponent(device)}/rejected?limit=50`;
    return (await this.http.get(shapes.rejected, path)).items;
  }

  /** Every one of the parts that the caller's area has. */
  async jurisdictions(): Promise<readonly Jurisdiction[]> {
    return (await this.http.get(shapes.jurisdictions, `/jurisdictions?limit=${String(PAGE)}`)).items;
  }

  async schools(): Promise<readonly SchoolPlace[]> {
    return (await this.http.get(shapes.schools, `/schools?limit=${String(PAGE)}`)).items;
  }

  async audit(): Promise<readonly AuditItem[]> {
    return (await this.http.get(shapes.audit, '/audit?limit=50')).items;
  }
}

function rideOf(entry: Entry): Record<string, string> {
  if (entry.act.kind !== 'ride')
    throw new Error(`Entry ${entry.client_id} is no ride: entry.ts mixed a call.`);
  const { rider_id, dir } = entry.act;
  return { rider_id, dir, at: rfc3339(entry.at), client_id: entry.client_id };
}
