/** What is found wrong with a trip or a bus: how grave it is, whom to ring, and the life that people give it. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';
import type { Tone } from './notice.ts';
import type { Role } from './person.ts';

/** INTERFACES, section 5; `other` is a kind that a newer server has and this page doesn't know. */
export const FINDING_KINDS = [
  'sos',
  'left_aboard',
  'collision',
  'wrong_stop',
  'wrong_bus',
  'no_show',
  'rear_check_missing',
  'alcohol',
  'not_started',
  'missed_trip',
  'off_route',
  'wrong_direction',
  'route_not_covered',
  'departed_early',
  'departed_late',
  'arrived_late',
  'stop_skipped',
  'unscheduled_stop',
  'stops_out_of_order',
  'wrong_vehicle',
  'vehicle_document_expired',
  'no_permit',
  'wrong_driver',
  'no_driver',
  'qualification_expired',
  'no_attendant',
  'wrong_attendant',
  'permit_expired',
  'wrong_tag',
  'lamps_off',
  'stop_sign_in',
  'overspeed',
  'overload',
  'door_open_moving',
  'harsh_driving',
  'fatigue',
  'count_mismatch',
  'inspection_failed',
  'silent',
  'data_late',
  'gap',
  'clock_skew',
  'duplicate_identity',
  'rejected_records',
  'other',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** The gravest first. */
export const SEVERITIES = ['act', 'watch', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** In the order of its life. */
export const FINDING_STATES = ['open', 'acknowledged', 'rectified', 'closed'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

export const STEPS = ['acknowledge', 'rectify', 'close', 'reopen'] as const;
export type Step = (typeof STEPS)[number];

export const CONTACT_ROLES = ['attendant', 'driver', 'operator', 'school', 'other'] as const;
/** Whom to ring. */
export type Contact = {
  readonly name: string;
  readonly role: (typeof CONTACT_ROLES)[number];
  readonly phone: string;
};

/** The furthest that is called: each calls those before it as well. */
export const TIERS = ['attendant', 'operator', 'school', 'regulator'] as const;
export type Tier = (typeof TIERS)[number];

/** What was seen; `other` is a word that a newer server has and this page doesn't know. */
export const SEEN = [
  'age',
  'alcohol',
  'arm',
  'arrival',
  'arrived',
  'awaited',
  'badge',
  'count',
  'coverage',
  'delivered',
  'departed',
  'departure',
  'door',
  'driving_24h',
  'driving_day',
  'driving_elsewhere',
  'driving_night',
  'event',
  'excuse',
  'harsh_accel',
  'harsh_brake',
  'harsh_turn',
  'inspection_until',
  'insurance_until',
  'lamp',
  'left_out',
  'licence_since',
  'missed_trip',
  'not_started',
  'own_stop',
  'own_trip',
  'passed',
  'planned',
  'position',
  'qualified_until',
  'received',
  'ride',
  'rider',
  'service_date',
  'speed',
  'tag',
  'unseen',
  'valid_until',
  'vehicle',
  'visit',
  'other',
] as const;

/** One thing that a finding or a verdict rests on. */
export type Evidence = {
  readonly what: (typeof SEEN)[number];
  readonly at: Instant;
  readonly value: number | string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  /** Who approved an excuse, and what they said to it. */
  readonly by?: Named | null;
  readonly remarks?: string | null;
};

export type Finding = {
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly trip: Named | null;
  readonly vehicle: Named | null;
  readonly driver: Named | null;
  readonly rider: Named | null;
  readonly stop: Named | null;
  readonly began_at: Instant;
  /** null: it still is. */
  readonly ended_at: Instant | null;
  /** In the kind's own unit. */
  readonly measured: number | null;
  readonly limit: number | null;
  readonly evidence: readonly Evidence[];
  readonly state: FindingState;
  readonly owner: Named | null;
  readonly deadline_at: Instant | null;
  /** When a person answered the call. */
  readonly answered_at: Instant | null;
  readonly call: readonly Contact[];
  /** How far the calls for a person have climbed; null where nobody is called. */
  readonly calls: { readonly tier: Tier; readonly times: number; readonly next_at: Instant | null } | null;
  /** Since when it is known that, judged again, it was not so. */
  readonly withdrawn_at: Instant | null;
};

export const TAKEN_STEPS = ['acknowledged', 'rectified', 'closed', 'reopened'] as const;
export type TakenStep = (typeof TAKEN_STEPS)[number];

/** One thing that somebody did about a finding. */
export type StepTaken = {
  readonly at: Instant;
  readonly by: Named | null;
  readonly step: TakenStep;
  readonly remarks: string | null;
};
export type FindingDetail = Finding & { readonly steps: readonly StepTaken[] };

const SEVERITY_TONES: Record<Severity, Tone> = { act: 'act', watch: 'watch', info: 'quiet' };

export function severityTone(severity: Severity): Tone {
  return SEVERITY_TONES[severity];
}

/** Whether it calls for a person now, and nobody has answered. */
export function isCalling(finding: Finding): boolean {
  return finding.state === 'open' && !finding.withdrawn_at && finding.calls?.next_at != null;
}

/** Whether it calls the desk of this role: a regulator is called when the calls have climbed so far, and no sooner. */
export function callsDesk(finding: Finding, role: Role): boolean {
  if (!isCalling(finding) || !finding.calls) return false;
  const from = role === 'operator' ? 'operator' : 'regulator';
  return TIERS.indexOf(finding.calls.tier) >= TIERS.indexOf(from);
}

/** Whether it is over. What ended as it began was a moment: an SOS stands until a person has seen to it. */
export function isOver(finding: Finding): boolean {
  return finding.ended_at !== null && finding.ended_at.ms > finding.began_at.ms;
}

/** Whether it was the act of a moment, which a person answers: it goes on only until somebody does. */
export function isMoment({ kind }: Finding): boolean {
  return kind === 'sos' || kind === 'collision';
}

/** Whether it should have been rectified by now (PRODUCT: a finding has an owner, a deadline and an end). */
export function isOverdue(finding: Finding, now: Instant): boolean {
  const { state, deadline_at, withdrawn_at } = finding;
  if (withdrawn_at || deadline_at === null) return false;
  return (state === 'open' || state === 'acknowledged') && deadline_at.ms < now.ms;
}

/** What whoever supervises sent back last, with their remark, until it is rectified again. */
export function sentBack({ state, steps }: FindingDetail): StepTaken | null {
  if (state !== 'open' && state !== 'acknowledged') return null;
  return steps.findLast((one) => one.step === 'reopened') ?? null;
}

/** Whether somebody still has to do something about it. */
export function isLive(finding: Finding): boolean {
  return !finding.withdrawn_at && (finding.state === 'open' || finding.state === 'acknowledged');
}

/** Whether it is so at this moment, as far as people have said: what was answered and is over presses nobody. */
export function isPressing(finding: Finding): boolean {
  return isLive(finding) && (finding.state === 'open' || !isOver(finding));
}

/** Sort: what calls first, then the graver, then the newer; the same list for the same facts. */
export function byGravity(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      Number(isCalling(b)) - Number(isCalling(a)) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.began_at.ms - a.began_at.ms ||
      (a.id < b.id ? -1 : 1),
  );
}

/** The gravest of some; undefined of none. */
export function worstOf(findings: readonly Finding[]): Finding | undefined {
  return byGravity(findings)[0];
}

/** What a person of this role may do next: a grave one is struck off by who supervises, not by who ran the bus (docs/http.md). */
export function nextSteps(finding: Finding, role: Role): readonly Step[] {
  const supervises = role === 'regulator' || role === 'admin';
  if (finding.withdrawn_at || !(supervises || role === 'operator')) return [];
  const reopen: readonly Step[] = supervises ? ['reopen'] : [];
  switch (finding.state) {
    case 'open':
      return ['acknowledge'];
    case 'acknowledged':
      return ['rectify'];
    case 'rectified':
      return supervises || finding.severity !== 'act' ? ['close', ...reopen] : [];
    case 'closed':
      return reopen;
  }
}

/** Put a finding into a list; a repeat replaces. */
export function putFinding(list: readonly Finding[], finding: Finding): readonly Finding[] {
  return [...list.filter((other) => other.id !== finding.id), finding];
}

/** The unit of `measured` and `limit`, of the kinds that measure something. */
export type Unit = 'seconds' | 'metres' | 'kmh' | 'people' | 'share' | 'alcohol' | 'none';
const UNITS: Partial<Record<FindingKind, Unit>> = {
  off_route: 'metres',
  wrong_direction: 'metres',
  unscheduled_stop: 'metres',
  route_not_covered: 'share',
  departed_early: 'seconds',
  departed_late: 'seconds',
  arrived_late: 'seconds',
  not_started: 'seconds',
  missed_trip: 'seconds',
  overspeed: 'kmh',
  no_attendant: 'people',
  overload: 'people',
  left_aboard: 'people',
  count_mismatch: 'people',
  fatigue: 'seconds',
  alcohol: 'alcohol',
  silent: 'seconds',
  data_late: 'seconds',
  clock_skew: 'seconds',
};

export function unitOf(kind: FindingKind): Unit {
  return UNITS[kind] ?? 'none';
}
