/** What a page of records knows: the records of one noun as searched and sorted, page by page. */

import type { Noun, Row } from '../model/record.ts';
import { Office } from '../wire/office.ts';
import type { Session } from './session.svelte.ts';

const PAGE = '50';

export class Records {
  noun: Noun | null = $state.raw(null);
  q = $state('');
  sort = $state('');
  ended = $state(false);
  rows: readonly Row[] | null = $state.raw(null);
  next: string | null = $state(null);
  failed: unknown = $state.raw(null);
  readonly office: Office;
  #asked = 0;

  constructor(private readonly session: Session) {
    this.office = new Office(session.http);
  }

  open(noun: Noun): void {
    this.noun = noun;
    this.q = '';
    this.sort = '';
    this.ended = false;
    this.rows = null;
    void this.reload();
  }

  async reload(): Promise<void> {
    await this.#load(null);
  }

  async more(): Promise<void> {
    if (this.next !== null) await this.#load(this.next);
  }

  /** By a field; again: from its end. */
  order(name: string): void {
    this.sort = this.sort === name ? `-${name}` : name;
    void this.reload();
  }

  async #load(after: string | null): Promise<void> {
    const noun = this.noun;
    if (noun === null) return;
    const mine = ++this.#asked;
    const { q, sort } = this;
    try {
      const found = await this.office.list(noun.plural, {
        q: q.trim(),
        sort,
        ended: this.ended ? 'all' : '',
        after,
        limit: PAGE,
      });
      // What was asked before a newer question is no answer to it.
      if (mine !== this.#asked) return;
      this.rows = after === null ? found.items : [...(this.rows ?? []), ...found.items];
      this.next = found.next;
      this.failed = null;
    } catch (failure) {
      if (mine === this.#asked && !this.session.endedBy(failure)) this.failed = failure;
    }
  }
}
