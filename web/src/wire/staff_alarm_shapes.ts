/** The shapes of findings, of notices that call staff, and of substitutions, checked and turned into the model. */

import * as v from 'valibot';
import {
  CONTACT_ROLES,
  FINDING_KINDS,
  FINDING_STATES,
  SEEN,
  SEVERITIES,
  TAKEN_STEPS,
  TIERS,
} from '../model/finding.ts';
import { WHY_NOT } from '../model/substitution.ts';
import { instant, maybe, named } from './shapes.ts';

export const kind = v.fallback(v.picklist(FINDING_KINDS), 'other');
export const severity = v.picklist(SEVERITIES);

const contact = v.object({
  name: v.nullish(v.string(), ''),
  role: v.fallback(v.picklist(CONTACT_ROLES), 'other'),
  phone: v.nullish(v.string(), ''),
});
/** Whom to ring; who has no number can't be rung. */
const call = v.pipe(
  v.nullish(v.array(contact), []),
  v.transform((all) => all.filter(({ phone }) => phone !== '')),
);

export const evidence = v.object({
  what: v.fallback(v.picklist(SEEN), 'other'),
  at: instant,
  value: maybe(v.union([v.number(), v.string()])),
  lat: maybe(v.number()),
  lon: maybe(v.number()),
  by: maybe(named),
  remarks: maybe(v.string()),
});

const findingEntries = {
  id: v.string(),
  kind,
  severity,
  trip: maybe(named),
  vehicle: maybe(named),
  driver: maybe(named),
  rider: maybe(named),
  stop: maybe(named),
  began_at: instant,
  ended_at: maybe(instant),
  measured: maybe(v.number()),
  limit: maybe(v.number()),
  evidence: v.nullish(v.array(evidence), []),
  state: v.picklist(FINDING_STATES),
  owner: maybe(named),
  deadline_at: maybe(instant),
  answered_at: maybe(instant),
  call,
  calls: maybe(v.object({ tier: v.picklist(TIERS), times: v.number(), next_at: maybe(instant) })),
  withdrawn_at: maybe(instant),
};
export const finding = v.object(findingEntries);
export const findings = v.object({ items: v.array(finding), next: maybe(v.string()) });
export const findingDetail = v.object({
  ...findingEntries,
  steps: v.nullish(
    v.array(
      v.object({ at: instant, by: maybe(named), step: v.picklist(TAKEN_STEPS), remarks: maybe(v.string()) }),
    ),
    [],
  ),
});

export const staffNotice = v.object({
  id: v.string(),
  child: maybe(named),
  trip: maybe(named),
  at: instant,
  sent_at: maybe(instant),
  text: v.object({ zh: v.string(), en: v.string() }),
  finding: maybe(v.object({ id: v.string(), kind })),
  call,
  answered_at: maybe(instant),
});
export const staffNotices = v.object({ items: v.array(staffNotice), next: maybe(v.string()) });

const whyNot = v.object({
  code: v.fallback(v.picklist(WHY_NOT), 'other'),
  trip: maybe(named),
  until: maybe(v.string()),
  number: maybe(v.number()),
  needed: maybe(v.number()),
});
const candidates = v.nullish(
  v.array(
    v.object({
      ...named.entries,
      seats: maybe(v.number()),
      phone: maybe(v.string()),
      free: v.boolean(),
      why_not: maybe(whyNot),
    }),
  ),
  [],
);
export const substitutes = v.pipe(
  v.object({ vehicles: candidates, drivers: candidates, attendants: candidates }),
  v.transform(({ vehicles, drivers, attendants }) => ({
    vehicle: vehicles,
    driver: drivers,
    attendant: attendants,
  })),
);

export const substitution = v.object({
  id: maybe(v.string()),
  vehicle: maybe(named),
  driver: maybe(named),
  attendant: maybe(named),
  reason: v.nullish(v.string(), ''),
  made_at: instant,
  shift_s: maybe(v.number()),
  skip_stops: maybe(v.array(named)),
});
export const substitutions = v.object({ items: v.array(substitution) });
export const duty = v.object({
  driver: maybe(named),
  attendant: maybe(named),
  since: maybe(instant),
});
