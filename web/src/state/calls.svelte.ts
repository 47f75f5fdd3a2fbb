/** The calls to a member of staff that nobody has answered yet: as notices bring them. */

import { callsOf, type Alarm, type StaffNotice } from '../model/alarm.ts';
import { isLine } from '../model/failure.ts';
import { Alarms } from '../wire/staff_alarms.ts';
import type { Clock } from './clock.svelte.ts';
import type { Session } from './session.svelte.ts';

export class Calls {
  #notices: readonly StaffNotice[] = $state.raw([]);
  /** Why calls can't be shown: then silence means nothing, and the page says so. */
  lost: unknown = $state.raw(null);
  readonly #alarms: Alarms;

  constructor(
    session: Session,
    private readonly clock: Clock,
  ) {
    this.#alarms = new Alarms(session.http);
  }

  readonly #open: readonly Alarm[] = $derived.by(() => callsOf(this.#notices, this.clock.now));

  get alarms(): readonly Alarm[] {
    return this.#open;
  }

  /** Ask for the newest. Throws Failure of the line; any other is kept for the page to say. */
  async reload(): Promise<void> {
    try {
      this.#notices = await this.#alarms.calls();
      this.lost = null;
    } catch (failure) {
      if (isLine(failure)) throw failure;
      this.lost = failure;
    }
  }

  /** Take what was pushed. */
  heard(notice: StaffNotice): void {
    if (notice.finding) this.#put(notice);
  }

  /** Say "I see to it": the calls end, for everybody. Throws Failure for the band to say. */
  async answer(id: string): Promise<void> {
    this.#put(await this.#alarms.answer(id, ''));
  }

  #put(notice: StaffNotice): void {
    this.#notices = [...this.#notices.filter((other) => other.id !== notice.id), notice];
  }
}
