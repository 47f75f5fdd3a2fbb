/** Speaks with the server about the house itself: how it is, and what is asked of recorders. */

import * as v from 'valibot';
import { COMMAND_KINDS, COMMAND_STATES, type Command, type Order } from '../model/command.ts';
import { Failure } from '../model/failure.ts';
import { HOUSE_ROLES, type House } from '../model/house.ts';
import type { Http } from './http.ts';
import { instant, maybe, named } from './shapes.ts';

const house = v.object({
  at: instant,
  version: v.string(),
  clock: v.object({ now: instant, speed: v.number() }),
  roles: v.array(
    v.object({
      role: v.picklist(HOUSE_ROLES),
      alive: v.boolean(),
      age_s: maybe(v.number()),
      started_at: maybe(instant),
      version: maybe(v.string()),
    }),
  ),
  broker: v.object({ kind: v.string(), address: v.string(), alive: v.boolean() }),
  database: v.object({ kind: v.string(), bytes: maybe(v.number()) }),
  outbox: v.object({
    waiting: v.number(),
    oldest_at: maybe(instant),
    pushes_waiting: v.number(),
    findings_calling: v.number(),
  }),
  recorders: v.object({
    active: v.number(),
    online: v.number(),
    silent_on_trip: v.number(),
    rejected_today: v.number(),
  }),
  disk: v.object({ free_bytes: v.number(), total_bytes: v.number(), free_percent: v.number() }),
  problems: v.array(v.string()),
});

const command = v.object({
  id: v.string(),
  kind: v.fallback(v.picklist([...COMMAND_KINDS, 'other']), 'other'),
  state: v.fallback(v.picklist(COMMAND_STATES), 'other'),
  made_at: instant,
  answered_at: maybe(instant),
  error: maybe(v.string()),
  by: maybe(named),
});
const commands = v.object({ items: v.array(command) });

/** What a server of an earlier version doesn't have is null. */
async function ifThere<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (failure) {
    if (failure instanceof Failure && (failure.status === 404 || failure.status === 405)) return null;
    throw failure;
  }
}

export class HouseKeeper {
  constructor(private readonly http: Http) {}

  /** How the installation is; null where the server doesn't tell. Throws Failure. */
  house(): Promise<House | null> {
    return ifThere(this.http.get(house, '/system'));
  }

  /** The newest commands to a recorder; null where the server takes none. Throws Failure. */
  async commands(device: string): Promise<readonly Command[] | null> {
    const path = `/devices/${encodeURIComponent(device)}/commands?limit=5`;
    return (await ifThere(this.http.get(commands, path)))?.items ?? null;
  }

  /** Ask something of a recorder. Throws Failure. */
  order(device: string, order: Order): Promise<Command> {
    return this.http.post(command, `/devices/${encodeURIComponent(device)}/commands`, order);
  }
}
