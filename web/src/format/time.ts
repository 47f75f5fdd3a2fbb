/** Says instants and ages: clock times in the agency's zone, and never more exact than they are. */

import type { Instant } from '../model/instant.ts';

const two = (value: number): string => String(value).padStart(2, '0');

function shifted(instant: Instant): Date {
  return new Date(instant.ms + instant.offset_min * 60_000);
}

/** "07:31", in the zone that the instant came with. */
export function clockTime(instant: Instant): string {
  const date = shifted(instant);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** "07:31:05", for what is evidence. */
export function exactTime(instant: Instant): string {
  return `${clockTime(instant)}:${two(shifted(instant).getUTCSeconds())}`;
}

/** "1 September" or "9月1日", in the zone that the instant came with. */
export function dayName(instant: Instant, locale: string): string {
  return new Intl.DateTimeFormat(locale, { month: 'long', day: 'numeric', timeZone: 'UTC' }).format(
    shifted(instant),
  );
}

/** Whether two instants are on one day of the first one's zone. */
export function sameDay(a: Instant, b: Instant): boolean {
  return (
    shifted(a).toISOString().slice(0, 10) ===
    shifted({ ms: b.ms, offset_min: a.offset_min }).toISOString().slice(0, 10)
  );
}

export type Age =
  | { readonly kind: 'now' }
  | { readonly kind: 'live'; readonly seconds: number }
  | { readonly kind: 'old'; readonly minutes: number }
  | { readonly kind: 'old_hours'; readonly hours: number };

/** How an age of so many seconds is said: seconds up to a minute, then whole minutes, then hours, always rounded down. */
export function ageWords(age_s: number): Age {
  if (age_s < 1) return { kind: 'now' };
  if (age_s < 60) return { kind: 'live', seconds: Math.floor(age_s) };
  if (age_s < 3600) return { kind: 'old', minutes: Math.floor(age_s / 60) };
  return { kind: 'old_hours', hours: Math.floor(age_s / 3600) };
}

/** The ends of an interval as clock times, widened to whole minutes: the low end down, the high end up. */
export function intervalTimes(low: Instant, high: Instant): { low: string; high: string } {
  const up = { ms: Math.ceil(high.ms / 60_000) * 60_000, offset_min: high.offset_min };
  return { low: clockTime(low), high: clockTime(up) };
}
