/** What a guardian wants to be told of a child, by direction. */

import type { NoticeKind } from './notice.ts';
import type { Direction } from './trip.ts';

export const LEAD_WAYS = ['minutes', 'stops'] as const;
export type LeadWay = (typeof LEAD_WAYS)[number];
export type Lead = { readonly by: LeadWay; readonly value: number };

/** As docs/http.md has it: 1 to 30 minutes, 1 to 5 stops. */
export const MOST: Readonly<Record<LeadWay, number>> = { minutes: 30, stops: 5 };
/** What is offered first when somebody turns from one way to the other. */
const OFFERED: Readonly<Record<LeadWay, number>> = { minutes: 5, stops: 2 };

export type Wanted = { readonly lead: Lead; readonly muted: readonly NoticeKind[] };
export type Choice = Wanted & { readonly direction: Direction };

/** Count the other way, with a number that makes sense there. */
export function countedBy(wanted: Wanted, by: LeadWay): Wanted {
  return wanted.lead.by === by ? wanted : { ...wanted, lead: { by, value: OFFERED[by] } };
}

/** Move the number by so much, within its range. */
export function movedBy(wanted: Wanted, step: number): Wanted {
  const { by, value } = wanted.lead;
  return { ...wanted, lead: { by, value: Math.min(MOST[by], Math.max(1, value + step)) } };
}

/** Mute a kind, or tell it again. */
export function turned(wanted: Wanted, kind: NoticeKind): Wanted {
  const muted = wanted.muted.includes(kind)
    ? wanted.muted.filter((one) => one !== kind)
    : [...wanted.muted, kind];
  return { ...wanted, muted };
}

/** Whether two choices come to the same. */
export function isSame(a: Wanted, b: Wanted): boolean {
  return (
    a.lead.by === b.lead.by &&
    a.lead.value === b.lead.value &&
    [...a.muted].sort().join() === [...b.muted].sort().join()
  );
}
