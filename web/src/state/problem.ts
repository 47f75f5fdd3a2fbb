/** Says a failure in the reader's words: what went wrong and what to do. */

import { Failure } from '../model/failure.ts';
import type { Say } from '../words/say.ts';

/** Up to this a wait is said in seconds. */
const SECONDS_UP_TO = 90;

/** One sentence for any failure; what is no Failure is a fault of this page, and is said as unreadable. */
export function problemOf(failure: unknown, say: Say): string {
  if (!(failure instanceof Failure)) return say('error.unreadable');
  switch (failure.kind) {
    case 'bad_credentials':
      return say('error.bad_credentials');
    case 'too_many': {
      const seconds = Math.ceil(failure.retry_after_s);
      if (seconds <= SECONDS_UP_TO) return say('error.too_many', { seconds });
      return say('error.too_many_minutes', { minutes: Math.ceil(seconds / 60) });
    }
    case 'unreachable':
      return say('error.unreachable');
    case 'server':
      return say('error.server', { status: failure.status });
    case 'signed_out':
      return say('login.ended');
    case 'refused':
      return say('error.refused', { reason: failure.reason || failure.code });
    default:
      return say('error.unreadable');
  }
}
