/** What the keyboard does at a desk: `/` finds, `j k` go through the list, `a` answers, Escape closes one thing at a time. */

import type { Fleet } from '../state/fleet.svelte.ts';
import type { Session } from '../state/session.svelte.ts';

export type Desk = {
  readonly fleet: Fleet;
  readonly session: Session;
  /** Where the list is. */
  readonly list: () => HTMLElement | undefined;
  /** Where one types what to find; undefined on a desk without. */
  readonly search: () => HTMLInputElement | undefined;
  /** Open a finding, and its trip on the map. */
  readonly show: (finding: string) => Promise<void>;
};

/** Move the focus through the list by so many rows, from where it is, else from the chosen one. */
export function stepThrough(list: HTMLElement | undefined, by: number): void {
  const rows = [...(list?.querySelectorAll<HTMLButtonElement>('[data-trip], [data-finding]') ?? [])];
  const at = rows.findIndex((row) => row === document.activeElement);
  const chosen = rows.findIndex((row) => row.hasAttribute('aria-current'));
  const from = at >= 0 ? at : chosen;
  rows[Math.min(rows.length - 1, Math.max(0, from + by))]?.focus();
}

/** Answer the chosen finding, else the first that calls. */
async function acknowledge({ fleet, session, show }: Desk): Promise<void> {
  const chosen = fleet.findings.live?.find((one) => one.id === fleet.findings.chosen);
  const id = chosen?.state === 'open' ? chosen.id : fleet.findings.alarms[0]?.finding_id;
  if (id === undefined) return;
  await fleet.findings.step(id, 'acknowledge').catch((failure: unknown) => session.endedBy(failure));
  await show(id);
}

/** What lies over the page closes before what lies beneath it. */
async function close({ fleet, search }: Desk, target: EventTarget | null): Promise<void> {
  const field = search();
  if (field && target === field) {
    field.blur();
    fleet.query = '';
  } else if (fleet.replay.trip !== null) fleet.replay.close();
  else if (fleet.findings.chosen !== null) await fleet.findings.choose(null);
  else await fleet.choose(null);
}

/** Do what a key says; an open dialog has its keys to itself, and so has a field that is typed in. */
export async function onDeskKey(event: KeyboardEvent, desk: Desk): Promise<void> {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key === 'Escape') return close(desk, event.target);
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
  const field = desk.search();
  if (event.key === '/' && field) {
    event.preventDefault();
    field.focus();
  } else if (event.key === 'j') stepThrough(desk.list(), 1);
  else if (event.key === 'k') stepThrough(desk.list(), -1);
  else if (event.key === 'a') await acknowledge(desk);
}
