/** What people call a bus: by its number where it has one, else by its plate. */

import { fleetNumber, type Named } from '../model/named.ts';
import type { Say } from './say.ts';

export function busName(bus: Named | null, say: Say): string {
  if (!bus) return say('bus.unknown');
  const number = fleetNumber(bus);
  // Numbers of buses are names: 1017 is never written 1,017.
  return number === null
    ? say('bus.plate', { plate: bus.name })
    : say('bus.number', { number: String(number) });
}
