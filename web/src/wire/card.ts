/** Asks what a permit's card is, without log-in or with. */

import * as v from 'valibot';
import type { Http } from './http.ts';
import { instant, maybe, named } from './shapes.ts';

const card = v.object({
  code: v.string(),
  state: v.picklist(['ahead', 'in_force', 'expired', 'revoked']),
  plate: v.string(),
  operator: v.string(),
  route: v.string(),
  issuer: v.string(),
  valid_from: v.string(),
  valid_until: v.string(),
  trips: maybe(
    v.array(
      v.object({
        trip: named,
        state: v.string(),
        planned_start_at: instant,
        verdicts: v.record(v.string(), v.string()),
      }),
    ),
  ),
});
export type Card = v.InferOutput<typeof card>;

/** Throws Failure: refused with 404 for a card that isn't one. */
export function readCard(http: Http, token: string): Promise<Card> {
  return http.get(card, `/permit-cards/${encodeURIComponent(token)}`);
}
