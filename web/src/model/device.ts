/** A bus's recorder, what was refused from it, and what people did: the administrator's lists. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';

export type Device = {
  readonly id: string;
  readonly code: string;
  readonly vehicle: Named;
  readonly active: boolean;
  /** null: never heard from. */
  readonly online: boolean | null;
  readonly seen_at: Instant | null;
  readonly skew_ms: number | null;
  readonly firmware: string | null;
  readonly rejected: number;
};

export type Rejected = {
  readonly seq: number | null;
  readonly kind: string;
  readonly reason: string;
  readonly received_at: Instant;
  readonly payload: string;
};

export type AuditItem = {
  readonly id: number;
  readonly at: Instant;
  readonly user: Named | null;
  readonly action: string;
  readonly object: string | null;
  readonly detail: string | null;
};

/** What people do, as the audit names it; `other` is an action that this page doesn't know. */
export const ACTIONS = [
  'add_exception',
  'answer_call',
  'cancel_trip',
  'change_password',
  'change_preferences',
  'end_substitution',
  'hand_over',
  'log_in',
  'log_out',
  'make_token',
  'push_subscribe',
  'push_unsubscribe',
  'read_board',
  'read_child',
  'read_child_bus',
  'read_finding',
  'read_findings',
  'read_manifest',
  'read_notices',
  'read_rider',
  'read_track',
  'revoke_token',
  'substitute',
  'withdraw_exception',
  'watch_ride',
  'change_finding',
  'other',
] as const;
export type Action = (typeof ACTIONS)[number];

/** One line of the audit as it is shown: repeats of one person doing one thing are one line. */
export type AuditLine = {
  readonly id: number;
  readonly at: Instant;
  readonly user: Named | null;
  readonly action: Action;
  readonly times: number;
};

/** Fold what one person did again and again (a page that asks by itself) into one line, under its newest. */
export function foldAudit(items: readonly AuditItem[]): AuditLine[] {
  const lines: AuditLine[] = [];
  for (const { id, at, user, action: said } of items) {
    const action = ACTIONS.find((one) => one === said) ?? 'other';
    const last = lines.at(-1);
    if (last && last.action === action && last.user?.id === user?.id)
      lines[lines.length - 1] = { ...last, times: last.times + 1 };
    else lines.push({ id, at, user, action, times: 1 });
  }
  return lines;
}
