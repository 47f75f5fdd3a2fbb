/** The first sentence of the family page, from a situation. */

import { clockTime } from '../format/time.ts';
import type { Child } from '../model/child.ts';
import type { Situation } from '../model/situation.ts';
import { busName } from './bus.ts';
import type { Key, Say } from './say.ts';

/** The kinds that name an instant, and have a way to be said without it. */
const TIMED = new Set<Situation['kind']>([
  'handed_over',
  'at_school',
  'got_off',
  'no_signal',
  'left_without',
  'no_show',
  'arrived_aboard',
  'still_aboard',
  'did_not_ride',
  'ended',
]);
/** The kinds that count stops, and have a way to be said without the count. */
const COUNTED = new Set<Situation['kind']>(['coming', 'late', 'aboard_to_school', 'aboard_home']);

export function sentenceOf(child: Child, situation: Situation, say: Say): string {
  const { kind, at, place, stops, minutes } = situation;
  const values = {
    child: child.name,
    bus: busName(child.trip?.bus ?? null, say),
    place: place ?? '',
    time: at ? clockTime(at) : '',
    stops: stops ?? 0,
    minutes: minutes ?? 0,
    direction: child.trip?.direction ?? 'to_school',
  };
  const suffix =
    TIMED.has(kind) && !at ? '.untimed' : COUNTED.has(kind) && stops === null ? '.uncounted' : '';
  return say(`say.${kind}${suffix}` as Key, values);
}
