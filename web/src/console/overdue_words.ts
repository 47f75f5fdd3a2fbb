/** How long a finding has been waiting past its deadline, in words. */

import { isOverdue, type Finding } from '../model/finding.ts';
import type { Instant } from '../model/instant.ts';
import type { ConsoleSay } from '../words/console.ts';

const HOUR_MS = 3_600_000;
/** From two days on days say it better. */
const DAYS_FROM_H = 48;

/** "overdue by 3 hours"; null while there is time. */
export function overdueWords(finding: Finding, now: Instant, words: ConsoleSay): string | null {
  if (!isOverdue(finding, now) || finding.deadline_at === null) return null;
  const hours = Math.floor((now.ms - finding.deadline_at.ms) / HOUR_MS);
  return hours >= DAYS_FROM_H
    ? words('find.overdue.days', { days: Math.floor(hours / 24) })
    : words('find.overdue.hours', { hours });
}
