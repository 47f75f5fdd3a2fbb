/** How an area's trips and findings stand, rolled up to the parts of the reader's own area. */

import type { Finding, Severity } from './finding.ts';
import type { Named } from './named.ts';
import { needsPerson, type Needing } from './need.ts';

/** A node of city → county → township. */
export type Jurisdiction = Named & { readonly parent: Named | null };
export type SchoolPlace = Named & { readonly jurisdiction: Named | null };

export type AreaRow = {
  readonly id: string;
  readonly name: string;
  readonly trips: number;
  readonly running: number;
  readonly done: number;
  readonly need: number;
  /** Open findings of today's trips. */
  readonly open: Readonly<Record<Severity, number>>;
};

/** The part directly below `own` that a jurisdiction lies in; itself when it is `own`, undefined when it lies elsewhere. */
export function partOf(
  jurisdiction: string,
  own: string,
  tree: ReadonlyMap<string, Jurisdiction>,
): Jurisdiction | undefined {
  let at = tree.get(jurisdiction);
  // A tree is no deeper than its nodes are many; a ring of parents ends here too.
  for (let steps = tree.size; at && steps > 0; steps--) {
    if (at.id === own || at.parent?.id === own || !at.parent) return at;
    at = tree.get(at.parent.id);
  }
  return at;
}

type Key = { readonly id: string; readonly name: string };

/** Sum trips and their open findings under the key that each trip has; those in need first, then by name. */
export function rowsBy(
  items: readonly Needing[],
  findingsOf: (trip: string) => readonly Finding[],
  keyOf: (item: Needing) => Key,
  locale: string,
): AreaRow[] {
  const rows = new Map<string, AreaRow>();
  for (const item of items) {
    const key = keyOf(item);
    const row = rows.get(key.id) ?? {
      ...key,
      trips: 0,
      running: 0,
      done: 0,
      need: 0,
      open: { act: 0, watch: 0, info: 0 },
    };
    const open = findingsOf(item.trip.id).filter((finding) => finding.state === 'open');
    const count = (severity: Severity): number => open.filter((one) => one.severity === severity).length;
    rows.set(key.id, {
      ...row,
      trips: row.trips + 1,
      running: row.running + (item.trip.state === 'en_route' ? 1 : 0),
      done: row.done + (item.need === 'done' ? 1 : 0),
      need: row.need + (needsPerson(item.need) ? 1 : 0),
      open: {
        act: row.open.act + count('act'),
        watch: row.open.watch + count('watch'),
        info: row.open.info + count('info'),
      },
    });
  }
  return [...rows.values()].sort((a, b) => b.need - a.need || a.name.localeCompare(b.name, locale));
}
