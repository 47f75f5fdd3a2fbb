/** Asks and keeps what a guardian wants to be told. */

import * as v from 'valibot';
import { LEAD_WAYS, type Choice, type Wanted } from '../model/choice.ts';
import { NOTICE_KINDS, type NoticeKind } from '../model/notice.ts';
import { DIRECTIONS, type Direction } from '../model/trip.ts';
import type { Http } from './http.ts';

const kind = v.picklist(NOTICE_KINDS);
const choice = v.object({
  direction: v.picklist(DIRECTIONS),
  lead: v.object({ by: v.picklist(LEAD_WAYS), value: v.number() }),
  muted: v.array(kind),
});
const choices = v.object({ items: v.array(choice), kinds: v.array(kind) });

const path = (child: string): string => `/children/${encodeURIComponent(child)}/preferences`;

/** What holds in each direction, and the kinds that may be muted. Throws Failure. */
export async function askChoices(
  http: Http,
  child: string,
): Promise<{ items: Choice[]; kinds: NoticeKind[] }> {
  return http.get(choices, path(child));
}

/** Keep a choice; gives it as the server has it. Throws Failure. */
export async function keepChoice(
  http: Http,
  child: string,
  direction: Direction,
  wanted: Wanted,
): Promise<Choice> {
  const { lead, muted } = wanted;
  return http.put(choice, `${path(child)}/${direction}`, { lead, muted });
}
