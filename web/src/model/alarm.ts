/** What calls for a person on a page of staff, until one answers: from a finding itself, or from a notice that calls to one. */

import { byGravity, callsDesk, type Contact, type Finding, type FindingKind } from './finding.ts';
import type { Instant } from './instant.ts';
import type { Named } from './named.ts';
import type { Role } from './person.ts';

/** A notice that calls a member of staff to a finding (docs/http.md). */
export type StaffNotice = {
  readonly id: string;
  readonly child: Named | null;
  readonly trip: Named | null;
  /** Of the event. */
  readonly at: Instant;
  /** When this call of it went out. */
  readonly sent_at: Instant | null;
  readonly text: { readonly zh: string; readonly en: string };
  readonly finding: { readonly id: string; readonly kind: FindingKind } | null;
  readonly call: readonly Contact[];
  readonly answered_at: Instant | null;
};

export type Alarm = {
  /** What is answered: the finding's id, or the newest notice's. */
  readonly id: string;
  readonly finding_id: string;
  readonly kind: FindingKind;
  readonly bus: Named | null;
  readonly rider: Named | null;
  readonly place: Named | null;
  readonly since: Instant;
  /** How often people were called. */
  readonly times: number;
  readonly call: readonly Contact[];
  /** The server's own sentence, where one came. */
  readonly text: { readonly zh: string; readonly en: string } | null;
};

/** Calls are repeated by the minute: one that has not come again for so long is over, whoever answered it. */
const SILENT_MS = 300_000;

/** The findings that call this role's desk now: the gravest kinds first, then the oldest. */
export function alarmsOf(findings: readonly Finding[], role: Role): Alarm[] {
  const calling = findings.filter((finding) => callsDesk(finding, role));
  return byKind(
    byGravity(calling).map((finding) => ({
      id: finding.id,
      finding_id: finding.id,
      kind: finding.kind,
      bus: finding.vehicle,
      rider: finding.rider,
      place: finding.stop,
      since: finding.began_at,
      times: finding.calls?.times ?? 0,
      call: finding.call,
      text: null,
    })),
  );
}

const calledMs = (notice: StaffNotice): number => Math.max(notice.at.ms, notice.sent_at?.ms ?? 0);

/** The calls that nobody has answered, one for each finding however often it was repeated. */
export function callsOf(notices: readonly StaffNotice[], now: Instant): Alarm[] {
  const byFinding = new Map<string, StaffNotice[]>();
  for (const notice of notices) {
    if (!notice.finding) continue;
    byFinding.set(notice.finding.id, [...(byFinding.get(notice.finding.id) ?? []), notice]);
  }
  const alarms: Alarm[] = [];
  for (const [finding_id, repeats] of byFinding) {
    const sorted = [...repeats].sort((a, b) => calledMs(b) - calledMs(a));
    const newest = sorted[0];
    const first = sorted.at(-1);
    if (!newest?.finding || !first) continue;
    if (repeats.some((one) => one.answered_at !== null) || now.ms - calledMs(newest) > SILENT_MS) continue;
    alarms.push({
      id: newest.id,
      finding_id,
      kind: newest.finding.kind,
      bus: null,
      rider: newest.child,
      place: null,
      since: first.at,
      times: repeats.length,
      call: newest.call,
      text: newest.text,
    });
  }
  return byKind(alarms);
}

const FIRST: readonly FindingKind[] = ['sos', 'left_aboard', 'collision'];

function byKind(alarms: readonly Alarm[]): Alarm[] {
  const rank = ({ kind }: Alarm): number => {
    const at = FIRST.indexOf(kind);
    return at < 0 ? FIRST.length : at;
  };
  return [...alarms].sort(
    (a, b) => rank(a) - rank(b) || a.since.ms - b.since.ms || (a.finding_id < b.finding_id ? -1 : 1),
  );
}
