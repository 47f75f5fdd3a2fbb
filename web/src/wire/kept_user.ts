/** Remembers on the phone who works on a bus, so that the page opens where there is no reception. Sending still needs the session. */

import * as v from 'valibot';
import type { User } from '../model/person.ts';
import type { ServerTime } from '../model/server_time.ts';
import { user } from './shapes.ts';

const KEPT_AS = 'sixfixed.crew';
const KNOWN = 'sixfixed.known.';

const kept = v.object({
  user,
  time: v.object({
    server: v.object({ ms: v.number(), offset_min: v.number() }),
    local_ms: v.number(),
    speed: v.number(),
  }),
});

export function keepUser(who: User, time: ServerTime): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify({ user: who, time }));
  } catch {
    // Then the page needs reception to open.
  }
}

export function keptUser(): { readonly user: User; readonly time: ServerTime } | null {
  try {
    const said = v.safeParse(kept, JSON.parse(localStorage.getItem(KEPT_AS) ?? 'null'));
    return said.success ? said.output : null;
  } catch {
    return null;
  }
}

/** Forget the person and every name that was remembered; what is still to be sent stays, and names nobody. */
export function forgetUser(): void {
  try {
    localStorage.removeItem(KEPT_AS);
    for (const key of Object.keys(localStorage)) if (key.startsWith(KNOWN)) localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}
