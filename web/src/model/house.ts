/** The state of the installation itself, as an administrator reads it at one glance. */

import type { Instant } from './instant.ts';

export const HOUSE_ROLES = ['broker', 'ingest', 'web', 'worker'] as const;

export type HouseRole = {
  readonly role: (typeof HOUSE_ROLES)[number];
  readonly alive: boolean;
  readonly age_s: number | null;
  readonly started_at: Instant | null;
  readonly version: string | null;
};

export type House = {
  readonly at: Instant;
  readonly version: string;
  readonly clock: { readonly now: Instant; readonly speed: number };
  readonly roles: readonly HouseRole[];
  readonly broker: { readonly kind: string; readonly address: string; readonly alive: boolean };
  readonly database: { readonly kind: string; readonly bytes: number | null };
  readonly outbox: {
    readonly waiting: number;
    readonly oldest_at: Instant | null;
    readonly pushes_waiting: number;
    readonly findings_calling: number;
  };
  readonly recorders: {
    readonly active: number;
    readonly online: number;
    readonly silent_on_trip: number;
    readonly rejected_today: number;
  };
  readonly disk: {
    readonly free_bytes: number;
    readonly total_bytes: number;
    readonly free_percent: number;
  };
  /** Sentences of the server. */
  readonly problems: readonly string[];
};

/** A disk with less than this share free is nearly full. */
const LOW_PERCENT = 10;
/** A notice that waits longer than this is not being sent. */
const WAITS_MS = 60_000;

export function isDiskLow({ disk }: House): boolean {
  return disk.free_percent < LOW_PERCENT;
}

/** Whether notices pile up: the oldest waits for longer than sending takes. */
export function isOutboxStuck({ outbox, clock }: House): boolean {
  return outbox.oldest_at !== null && clock.now.ms - outbox.oldest_at.ms > WAITS_MS * clock.speed;
}

/** Whether everything runs: no role is gone, and the server has nothing to say. */
export function isWell(house: House): boolean {
  return (
    house.problems.length === 0 &&
    house.broker.alive &&
    house.roles.every((one) => one.alive) &&
    !isDiskLow(house) &&
    !isOutboxStuck(house)
  );
}

/** A size in the largest unit that gives at least 1: its number, one decimal below 10, and the unit. */
export function sizeOf(bytes: number): { readonly value: string; readonly unit: string } {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return {
    value: at > 0 && value < 10 ? value.toFixed(1) : String(Math.round(value)),
    unit: units[at] ?? '',
  };
}
