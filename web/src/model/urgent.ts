/** What of the notices must be seen before anything else on the page, for as long as nothing newer has settled it. */

import type { Child } from './child.ts';
import type { Instant } from './instant.ts';
import type { Notice, NoticeKind } from './notice.ts';
import type { RiderState } from './trip.ts';

/** After so long it is history: people have been reached by other ways. */
const STANDS_MS = 7_200_000;
const OFF: readonly NoticeKind[] = ['alighted', 'arrived', 'handed_over'];
/** Which later notices of the child settle it; a correction settles everything. */
const SETTLED_BY: Partial<Record<NoticeKind, readonly NoticeKind[]>> = {
  left_aboard: OFF,
  wrong_stop: ['handed_over', 'boarded'],
  wrong_bus: OFF,
  no_show: ['boarded', 'absent', ...OFF],
};

/** Which states of the child on the trip still bear it out; a muted notice is not pushed, but the state is. */
const BORNE_OUT: Partial<Record<NoticeKind, readonly RiderState[]>> = {
  left_aboard: ['aboard'],
  no_show: ['expected', 'no_show'],
};

function isBorneOut(notice: Notice, child: Child): boolean {
  const states = BORNE_OUT[notice.kind];
  const trip = child.trip;
  if (!states || trip?.rider_state == null || trip.id !== notice.trip?.id) return true;
  return states.includes(trip.rider_state);
}

/** Find the newest alarm about this child that still stands; null when there is none. */
export function urgentOf(notices: readonly Notice[], child: Child, now: Instant): Notice | null {
  const own = notices.filter((notice) => notice.child.id === child.id);
  for (const notice of own) {
    const settling = SETTLED_BY[notice.kind];
    if (!settling || now.ms - notice.at.ms > STANDS_MS || !isBorneOut(notice, child)) continue;
    const settled = own.some(
      (other) =>
        other.at.ms >= notice.at.ms &&
        other.id !== notice.id &&
        (other.kind === 'correction' || settling.includes(other.kind)),
    );
    if (!settled) return notice;
  }
  return null;
}
