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
