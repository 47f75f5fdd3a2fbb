/** What is found wrong in the scope: what is still to be done whole and live, the rest by page; and what this person does about it. */

import { alarmsOf, type Alarm } from '../model/alarm.ts';
import { isLine } from '../model/failure.ts';
import {
  byGravity,
  isLive,
  putFinding,
  SEVERITIES,
  type Finding,
  type FindingDetail,
  type FindingState,
  type Severity,
  type Step,
} from '../model/finding.ts';
import { Alarms, type FindingQuery } from '../wire/staff_alarms.ts';
import type { Session } from './session.svelte.ts';

/** So many pages (200 each) of one severity: grave ones are had all, of the lesser the newest do. */
const MOST_PAGES: Record<Severity, number> = { act: 20, watch: 5, info: 2 };
const LIVE_STATES = ['open', 'acknowledged'] as const;

export type Filter = { readonly state: FindingState; readonly severity: Severity | 'all' };

export class Findings {
  /** Open and acknowledged ones; null until they were asked for. */
  live: readonly Finding[] | null = $state.raw(null);
  /** What was asked for by page: the rectified and closed ones. */
  #past: readonly Finding[] = $state.raw([]);
  #next: string | null = $state(null);
  /** A page is being fetched. */
  busy = $state(false);
  filter: Filter = $state.raw({ state: 'open', severity: 'all' });
  detail: FindingDetail | null = $state.raw(null);
  failed: unknown = $state.raw(null);
  /** Why what is still to be done can't be shown: then silence means nothing, and the page says so. */
  lost: unknown = $state.raw(null);
  #chosen: string | null = $state(null);

  readonly chosen: string | null = $derived(this.#chosen);
  readonly hasMore: boolean = $derived(this.#next !== null);
  readonly alarms: readonly Alarm[] = $derived.by(() =>
    alarmsOf(this.live ?? [], this.session.user?.role ?? 'operator'),
  );
  readonly openBy: Readonly<Record<Severity, number>> = $derived.by(() => {
    const open = (this.live ?? []).filter((one) => one.state === 'open');
    const count = (severity: Severity): number => open.filter((one) => one.severity === severity).length;
    return { act: count('act'), watch: count('watch'), info: count('info') };
  });
  readonly shown: readonly Finding[] = $derived.by(() => {
    const { state, severity } = this.filter;
    const isPast = state === 'rectified' || state === 'closed';
    const all = (isPast ? this.#past : (this.live ?? [])).filter(
      (one) => one.state === state && (severity === 'all' || one.severity === severity),
    );
    return isPast ? [...all].sort((a, b) => b.began_at.ms - a.began_at.ms) : byGravity(all);
  });
  readonly #byTrip: ReadonlyMap<string, readonly Finding[]> = $derived.by(() => {
    const map = new Map<string, Finding[]>();
    for (const finding of this.live ?? []) {
      if (!finding.trip) continue;
      const known = map.get(finding.trip.id);
      if (known) known.push(finding);
      else map.set(finding.trip.id, [finding]);
    }
    return map;
  });
  readonly #alarms: Alarms;

  constructor(
    private readonly session: Session,
    /** Something that the fleet's order rests on changed. */
    private readonly turned: () => void = () => undefined,
  ) {
    this.#alarms = new Alarms(session.http);
  }

  /** What is still to be done about one trip. */
  ofTrip(id: string): readonly Finding[] {
    return this.#byTrip.get(id) ?? [];
  }

  /** Ask for everything that is still to be done. Throws Failure of the line; any other is kept for the page to say. */
  async reload(): Promise<void> {
    try {
      await this.#ask();
      this.lost = null;
    } catch (failure) {
      if (isLine(failure)) throw failure;
      this.lost = failure;
    }
  }

  async #ask(): Promise<void> {
    const queries = SEVERITIES.flatMap((severity) =>
      LIVE_STATES.map((state) => this.#alarms.all({ state, severity }, MOST_PAGES[severity])),
    );
    this.live = (await Promise.all(queries)).flat().filter(isLive);
    if (this.#chosen !== null) await this.#fetch(this.#chosen);
  }

  /** Take what was pushed. */
  heard(finding: Finding): void {
    const others = (this.live ?? []).filter((one) => one.id !== finding.id);
    this.live = isLive(finding) ? putFinding(others, finding) : others;
    if (!isLive(finding)) this.#past = putFinding(this.#past, finding);
    else this.#past = this.#past.filter((one) => one.id !== finding.id);
    this.turned();
    if (finding.id !== this.#chosen) return;
    if (this.detail) this.detail = { ...this.detail, ...finding };
    void this.#fetch(finding.id).catch(() => undefined);
  }

  async select(filter: Filter): Promise<void> {
    this.filter = filter;
    this.#past = [];
    this.#next = null;
    await this.more();
  }

  /** The first page of what is past, or the next. */
  async more(): Promise<void> {
    const { state, severity } = this.filter;
    if (state === 'open' || state === 'acknowledged' || this.busy) return;
    const query: FindingQuery = severity === 'all' ? { state } : { state, severity };
    this.busy = true;
    try {
      const page = await this.#alarms.page(query, this.#next);
      if (this.filter.state !== state || this.filter.severity !== severity) return;
      this.#past = page.items.reduce(putFinding, this.#past);
      this.#next = page.next;
      this.failed = null;
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.failed = failure;
    } finally {
      this.busy = false;
    }
  }

  async choose(id: string | null): Promise<void> {
    this.#chosen = id;
    this.detail = null;
    this.failed = null;
    if (id === null) return;
    await this.#fetch(id).catch((failure: unknown) => {
      if (!this.session.endedBy(failure)) this.failed = failure;
    });
  }

  async #fetch(id: string): Promise<void> {
    const detail = await this.#alarms.one(id);
    if (this.#chosen === id) this.detail = detail;
  }

  /** Do something about a finding; throws Failure for the panel to say. */
  async step(id: string, step: Step, remarks = ''): Promise<void> {
    const detail = await this.#alarms.step(id, step, remarks);
    this.heard(detail);
    if (this.#chosen === id) this.detail = detail;
  }
}
