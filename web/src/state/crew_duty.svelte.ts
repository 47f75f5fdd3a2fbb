/** Whether this person is signed on to the chosen trip: what was said on this phone, and what the server knows of it. */

import type { Entry } from '../model/entry.ts';
import type { Named } from '../model/named.ts';
import type { User } from '../model/person.ts';
import { isOver, type TripDetail } from '../model/staff_trip.ts';
import type { Shelf } from '../wire/shelf.ts';
import type { Clock } from './clock.svelte.ts';

/** The bus's state answers a sign-on within this, or it went astray. */
const ANSWERS_MS = 8000;

export type SignedOn =
  | { readonly kind: 'sending' | 'confirmed' | 'missing' }
  /** Somebody else is signed on in this person's place. */
  | { readonly kind: 'other'; readonly name: string };

export class CrewDuty {
  /** What was said last on this phone. */
  state: 'on' | 'off' = $state('off');
  #trip: string | null = null;
  /** When this person last signed on from here, by the server's clock (ms). */
  #signed_ms = $state(0);
  /** Signed off from here: what the server still says of before doesn't sign on again. */
  #signedOff = false;

  constructor(
    private readonly shelf: Shelf,
    private readonly clock: Clock,
    private readonly me: () => User | null,
  ) {}

  /** Turn to a trip, as this phone last knew it. */
  open(trip: string): void {
    this.#trip = trip;
    this.#signedOff = false;
    this.state = this.shelf.known<'on' | 'off'>(`duty.${trip}`) ?? 'off';
  }

  /** Say it here. */
  sign(state: 'on' | 'off'): void {
    this.#signed_ms = this.clock.exactly().ms;
    this.#signedOff = state === 'off';
    this.#keep(state);
  }

  #keep(state: 'on' | 'off'): void {
    this.state = state;
    if (this.#trip !== null) this.shelf.know(`duty.${this.#trip}`, state);
  }

  /** Take what the server says: signed on by the badge in the bus, this phone needs no second word. True when that is news. */
  heard(detail: TripDetail): boolean {
    if (this.state === 'on' || this.#signedOff || !this.#isMe(detail)) return false;
    this.#keep('on');
    return true;
  }

  /** What the server knows of it; null where it says nothing of it, or nobody wants to be signed on. `waiting` is what wasn't sent yet. */
  signedOn(detail: TripDetail, waiting: readonly Entry[]): SignedOn | null {
    if (this.state === 'off' || !this.me() || isOver(detail)) return null;
    if (waiting.some(({ act, trip_id }) => act.kind === 'duty' && trip_id === this.#trip))
      return { kind: 'sending' };
    if (this.#isMe(detail)) return { kind: 'confirmed' };
    if (this.clock.now.ms - this.#signed_ms < ANSWERS_MS * this.clock.speed) return { kind: 'sending' };
    const there = this.#there(detail);
    return there ? { kind: 'other', name: there.name } : { kind: 'missing' };
  }

  /** Who is signed on in this person's place of the bus. */
  #there({ duty }: TripDetail): Named | null {
    return (this.me()?.role === 'driver' ? duty?.driver : duty?.attendant) ?? null;
  }

  /** A person is named by the badge; an account's scope names the same person. */
  #isMe(detail: TripDetail): boolean {
    const [there, scope] = [this.#there(detail), this.me()?.scope];
    return there !== null && !!scope && (there.id === scope.id || there.code === scope.code);
  }
}
