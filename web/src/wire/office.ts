/** Speaks with the server about the plan's records, packs, and permits. */

import * as v from 'valibot';
import type { Plural, Row } from '../model/record.ts';
import type { Http } from './http.ts';
import { instant, maybe, named } from './shapes.ts';

const row = v.looseObject({ id: v.string() });
const rows = v.object({ items: v.array(row), next: maybe(v.string()) });
const change = v.object({
  id: v.union([v.string(), v.number()]),
  at: instant,
  by: maybe(named),
  action: v.string(),
  before: maybe(v.record(v.string(), v.unknown())),
  after: maybe(v.record(v.string(), v.unknown())),
});
const changes = v.object({ items: v.array(change), next: maybe(v.string()) });
const fault = v.object({
  file: v.string(),
  line: maybe(v.number()),
  column: maybe(v.string()),
  value: maybe(v.string()),
  why: v.string(),
});
const made = v.object({ of: v.string(), value: v.string() });
const report = v.object({
  changes: v.record(v.string(), v.object({ new: v.number(), changed: v.number(), ended: v.number() })),
  faults: v.array(fault),
  warnings: v.array(fault),
  made_secrets: v.array(made),
  made_passwords: v.array(made),
});
const document_ = v.object({
  id: v.string(),
  condition: v.string(),
  name: v.string(),
  content_type: v.string(),
  size: v.number(),
  made_at: instant,
});
export const CONDITIONS = ['vehicle', 'driver', 'plan', 'safety', 'insurance'] as const;
export const STATES = ['draft', 'submitted', 'returned', 'approved', 'withdrawn'] as const;
export const STEPS = ['submit', 'return', 'approve', 'withdraw'] as const;
const bilingual = v.object({ zh: v.string(), en: v.string() });
const application = v.object({
  id: v.string(),
  state: v.picklist(STATES),
  operator: named,
  timetable: named,
  vehicle: named,
  driver: named,
  attendant: maybe(named),
  tag: maybe(v.string()),
  valid_from: v.string(),
  valid_until: v.string(),
  conditions: v.array(
    v.object({
      which: v.picklist(CONDITIONS),
      note: maybe(v.string()),
      problems: v.array(bilingual),
      documents: v.array(document_),
    }),
  ),
  problems: v.record(v.string(), bilingual),
  permit: maybe(named),
  by: named,
  changed_at: instant,
  steps: v.array(v.object({ at: instant, by: named, step: v.string(), remarks: maybe(v.string()) })),
  possible: v.array(v.picklist(STEPS)),
});
const applications = v.object({ items: v.array(application), next: maybe(v.string()) });
const lapse = v.object({
  what: v.picklist(['permit', 'inspection', 'insurance', 'qualification']),
  of: named,
  operator: named,
  until: v.string(),
  days_left: v.number(),
});
const lapses = v.object({ items: v.array(lapse) });

export type Change = v.InferOutput<typeof change>;
export type Fault = v.InferOutput<typeof fault>;
export type Report = v.InferOutput<typeof report>;
export type Application = v.InferOutput<typeof application>;
export type Lapse = v.InferOutput<typeof lapse>;
export type Step = (typeof STEPS)[number];
export type Wish = {
  timetable: string;
  vehicle: string;
  driver: string;
  attendant: string | null;
  tag: string | null;
  valid_from: string;
  valid_until: string;
  conditions: Record<string, string>;
};

function asked(values: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) query.set(name, value);
  return query.toString();
}

export class Office {
  constructor(private readonly http: Http) {}

  /** One page of records. Throws Failure, as all of these do. */
  async list(
    plural: Plural,
    query: { q?: string; sort?: string; ended?: string; after?: string | null; limit?: string },
  ): Promise<{ items: Row[]; next: string | null }> {
    const found = await this.http.get(rows, `/${plural}?${asked(query)}`);
    return { items: found.items as Row[], next: found.next };
  }

  async make(plural: Plural, body: object): Promise<Row> {
    return (await this.http.post(row, `/${plural}`, body)) as Row;
  }

  async change(plural: Plural, id: string, body: object): Promise<void> {
    await this.http.ask('PATCH', `/${plural}/${encodeURIComponent(id)}`, body);
  }

  async end(plural: Plural, id: string): Promise<void> {
    await this.http.remove(`/${plural}/${encodeURIComponent(id)}`);
  }

  async history(plural: Plural, id: string): Promise<readonly Change[]> {
    return (await this.http.get(changes, `/${plural}/${encodeURIComponent(id)}/history?limit=50`)).items;
  }

  /** What a pack would change (`dry`), or what it has; its faults are in the report. */
  async importPack(file: File, dry: boolean): Promise<Report> {
    const typed = file.name.endsWith('.xlsx')
      ? 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
      : 'application/zip';
    const body = new Blob([file], { type: typed });
    const answer = await this.http.ask('POST', dry ? '/packs?dry_run=1' : '/packs', body);
    return v.parse(report, await answer.json());
  }

  exportPack(): Promise<Response> {
    return this.http.ask('GET', '/packs/export');
  }

  async applications(after: string | null): Promise<{ items: Application[]; next: string | null }> {
    return this.http.get(applications, `/permit-applications?${asked({ limit: '50', after })}`);
  }

  apply(id: string | null, wish: Wish): Promise<Application> {
    return id === null
      ? this.http.post(application, '/permit-applications', wish)
      : this.http.put(application, `/permit-applications/${id}`, wish);
  }

  step(id: string, step: Step, body: object): Promise<Application> {
    return this.http.post(application, `/permit-applications/${id}/${step}`, body);
  }

  async attach(id: string, condition: string, file: File): Promise<void> {
    const query = asked({ condition, name: file.name });
    await this.http.ask('POST', `/permit-applications/${id}/documents?${query}`, file);
  }

  async one(id: string): Promise<Application> {
    return this.http.get(application, `/permit-applications/${id}`);
  }

  document(id: string, document: string): Promise<Response> {
    return this.http.ask('GET', `/permit-applications/${id}/documents/${document}`);
  }

  async detach(id: string, document: string): Promise<void> {
    await this.http.remove(`/permit-applications/${id}/documents/${document}`);
  }

  card(permit: string): Promise<Response> {
    return this.http.ask('POST', `/permits/${encodeURIComponent(permit)}/card`);
  }

  async lapsing(days: number): Promise<readonly Lapse[]> {
    return (await this.http.get(lapses, `/lapsing?days=${days}`)).items;
  }
}

/** Give a file to the browser to be saved. */
export async function save(answer: Response, name: string): Promise<void> {
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
