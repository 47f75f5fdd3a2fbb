/** Which part of the reader's area a school lies in; asked for once, for the plan changes by the term. */

import { partOf, type Jurisdiction, type SchoolPlace } from '../model/area.ts';
import { Staff } from '../wire/staff.ts';
import type { Session } from './session.svelte.ts';

export class Areas {
  #tree: ReadonlyMap<string, Jurisdiction> = $state.raw(new Map());
  #schools: ReadonlyMap<string, SchoolPlace> = $state.raw(new Map());
  readonly #staff: Staff;

  constructor(private readonly session: Session) {
    this.#staff = new Staff(session.http);
  }

  /** Ask; without an answer the page has no sums by area and is otherwise whole. */
  async load(): Promise<void> {
    try {
      const [tree, schools] = await Promise.all([this.#staff.jurisdictions(), this.#staff.schools()]);
      this.#tree = new Map(tree.map((one) => [one.id, one]));
      this.#schools = new Map(schools.map((one) => [one.id, one]));
    } catch (failure) {
      this.session.endedBy(failure);
    }
  }

  /** Whether there is more than one part to tell apart. */
  get known(): boolean {
    return this.#tree.size > 0;
  }

  /** The part of the own area that a school lies in. */
  of(school: string | undefined): Jurisdiction | undefined {
    const place = school === undefined ? undefined : this.#schools.get(school)?.jurisdiction;
    const own = this.session.user?.scope?.id ?? '';
    return place ? partOf(place.id, own, this.#tree) : undefined;
  }
}
