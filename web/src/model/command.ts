/** Commands to a bus's recorder: what may be asked of it, and what became of that. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';

/** PROTOCOL, `cmd`. */
export const COMMAND_KINDS = ['say', 'set_interval', 'snapshot', 'dump', 'plan', 'reboot'] as const;
export type CommandKind = (typeof COMMAND_KINDS)[number];

export const COMMAND_STATES = [
  'waiting',
  'sent',
  'answered',
  'refused',
  'unanswered',
  'expired',
  'other',
] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

export type Command = {
  readonly id: string;
  readonly kind: CommandKind | 'other';
  readonly state: CommandState;
  readonly made_at: Instant;
  readonly answered_at: Instant | null;
  readonly error: string | null;
  /** null: the server itself. */
  readonly by: Named | null;
};

export const CAMERAS = ['cabin', 'road', 'door'] as const;
export type Camera = (typeof CAMERAS)[number];

/** What is asked of a recorder. */
export type Order =
  | { readonly kind: 'say'; readonly args: { readonly text: string } }
  | { readonly kind: 'set_interval'; readonly args: { readonly moving_s: number; readonly parked_s: number } }
  | { readonly kind: 'snapshot'; readonly args: { readonly camera: Camera } }
  | { readonly kind: 'dump'; readonly args: { readonly from: string; readonly to: string } }
  | { readonly kind: 'plan' | 'reboot'; readonly args: Readonly<Record<string, never>> };

/** docs/http.md: 1 to 200 characters. */
export const MOST_SAID = 200;
