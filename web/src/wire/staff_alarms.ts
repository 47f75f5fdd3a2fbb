/** Speaks with the server about what is wrong: findings and what people do about them, and the calls to staff. */

import type { StaffNotice } from '../model/alarm.ts';
import type { Finding, FindingDetail, FindingKind, FindingState, Severity, Step } from '../model/finding.ts';
import type { Http } from './http.ts';
import * as shapes from './staff_alarm_shapes.ts';

const PAGE = 200;

export type FindingQuery = {
  readonly state?: FindingState;
  readonly severity?: Severity;
  readonly kind?: FindingKind;
  readonly trip?: string;
};
export type FindingPage = { readonly items: readonly Finding[]; readonly next: string | null };

export class Alarms {
  constructor(private readonly http: Http) {}

  /** One page of findings, newest first. Throws Failure. */
  page(query: FindingQuery, after: string | null = null): Promise<FindingPage> {
    const words = new URLSearchParams({ ...query, limit: String(PAGE) });
    if (after !== null) words.set('after', after);
    return this.http.get(shapes.findings, `/findings?${words.toString()}`);
  }

  /** So many pages of findings as there are, up to `most`. */
  async all(query: FindingQuery, most: number): Promise<Finding[]> {
    const items: Finding[] = [];
    let after: string | null = null;
    for (let page = 0; page < most; page++) {
      const said: FindingPage = await this.page(query, after);
      items.push(...said.items);
      after = said.next;
      if (after === null) break;
    }
    return items;
  }

  one(id: string): Promise<FindingDetail> {
    return this.http.get(shapes.findingDetail, `/findings/${encodeURIComponent(id)}`);
  }

  /** Do something about a finding; a remark that says nothing isn't sent. Throws Failure. */
  step(id: string, step: Step, remarks: string): Promise<FindingDetail> {
    return this.http.post(shapes.findingDetail, `/findings/${encodeURIComponent(id)}/${step}`, said(remarks));
  }

  /** The newest notices that call this person. */
  async calls(): Promise<readonly StaffNotice[]> {
    const { items } = await this.http.get(shapes.staffNotices, '/notices?limit=50');
    return items.filter((notice) => notice.finding !== null);
  }

  async answer(notice: string, remarks: string): Promise<StaffNotice> {
    return this.http.post(shapes.staffNotice, `/notices/${encodeURIComponent(notice)}/answer`, said(remarks));
  }
}

const said = (remarks: string): { remarks?: string } =>
  remarks.trim() === '' ? {} : { remarks: remarks.trim() };
