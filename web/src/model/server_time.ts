/** The server's clock as this device can know it: what it last said, and how fast it runs. */

import type { Instant } from './instant.ts';

export type ServerTime = {
  /** What the server's clock showed … */
  readonly server: Instant;
  /** … when this device's clock showed this (ms). */
  readonly local_ms: number;
  /** Seconds of the server's clock in one real second: 1, but for demonstrations. */
  readonly speed: number;
};

/** Before the server has spoken: trust the device. */
export function untold(local_ms: number): ServerTime {
  return {
    server: { ms: local_ms, offset_min: -new Date(local_ms).getTimezoneOffset() },
    local_ms,
    speed: 1,
  };
}

/**
 * Take what the server said in an answer that was asked for at `sent_ms` and came at `received_ms` (this device's clock).
 * Half of the way there and back is taken for the way back; the error is under that half, so ages are right to a second on any usable line.
 */
export function told(server: Instant, speed: number, sent_ms: number, received_ms: number): ServerTime {
  return { server, local_ms: (sent_ms + received_ms) / 2, speed };
}

/** The server's time when this device's clock shows `local_ms`. */
export function serverNow(time: ServerTime, local_ms: number): Instant {
  return {
    ms: time.server.ms + (local_ms - time.local_ms) * time.speed,
    offset_min: time.server.offset_min,
  };
}
