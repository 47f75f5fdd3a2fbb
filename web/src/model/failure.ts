/** What can go wrong between this page and the server, in the few kinds that the pages tell apart. */

export type FailureKind =
  /** No answer at all. */
  | 'unreachable'
  /** 401: nobody is signed in (any more). */
  | 'signed_out'
  /** 401 at the login itself. */
  | 'bad_credentials'
  /** 429. */
  | 'too_many'
  /** Any other 4xx: the server says why. */
  | 'refused'
  /** 5xx. */
  | 'server'
  /** An answer that is not what docs/http.md says. */
  | 'unreadable';

export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly status: number,
    readonly code: string,
    /** The server's own sentence, for what the page has no words of its own for. */
    readonly reason: string,
    /** Seconds to wait before the next try, when the server said so. */
    readonly retry_after_s: number,
    /** The fields that the server named, each with what is wrong with it. */
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${kind} ${status} ${code} ${reason}`);
  }
}

/** The failure of a request that got no answer. */
export function unreachable(): Failure {
  return new Failure('unreachable', 0, '', '', 0);
}

/** Whether a failure is of the line or the session, and not of the one thing that was asked. */
export function isLine(failure: unknown): boolean {
  return failure instanceof Failure && (failure.kind === 'unreachable' || failure.kind === 'signed_out');
}
