/** What a guardian was told: the list, and what of it needs to be seen at once. */

import type { Instant } from './instant.ts';
import type { Named } from './named.ts';

export const NOTICE_KINDS = [
  'approaching',
  'boarded',
  'alighted',
  'arrived',
  'handed_over',
  'absent',
  'no_show',
  'not_started',
  'late',
  'substituted',
  'cancelled',
  'left_aboard',
  'wrong_stop',
  'wrong_bus',
  'correction',
  'message',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export type Notice = {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly child: Named;
  readonly trip: Named | null;
  readonly at: Instant;
  readonly read_at: Instant | null;
  /** It was learnt too late to be told; it is history only. */
  readonly late: boolean;
  /** The reader wants such kept and not told. */
  readonly muted: boolean;
  readonly text: { readonly zh: string; readonly en: string };
};

export type Tone = 'ok' | 'watch' | 'act' | 'quiet';

const TONES: Partial<Record<NoticeKind, Tone>> = {
  boarded: 'ok',
  alighted: 'ok',
  arrived: 'ok',
  handed_over: 'ok',
  no_show: 'act',
  left_aboard: 'act',
  wrong_stop: 'act',
  wrong_bus: 'act',
  cancelled: 'act',
  not_started: 'watch',
  late: 'watch',
  substituted: 'watch',
  correction: 'watch',
};

/** Whether a notice is still to be looked at; what was muted was never to be. */
export function isNew(notice: Notice): boolean {
  return !notice.read_at && !notice.muted;
}

/** How much a notice asks of its reader. */
export function noticeTone(kind: NoticeKind): Tone {
  return TONES[kind] ?? 'quiet';
}

/** Put a notice into a list (newest first); a repeat replaces, and never doubles; a read mark is never lost. */
export function putNotice(list: readonly Notice[], notice: Notice): readonly Notice[] {
  const known = list.find((other) => other.id === notice.id);
  const merged = known?.read_at && !notice.read_at ? { ...notice, read_at: known.read_at } : notice;
  const others = list.filter((other) => other.id !== notice.id);
  return [...others, merged].sort((a, b) => b.at.ms - a.at.ms || (a.id < b.id ? 1 : -1));
}
