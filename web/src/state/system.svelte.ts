/** What an administrator's page knows: how the house is, recorders, what was refused from one, and the newest of the audit. */

import type { Command, Order } from '../model/command.ts';
import type { AuditItem, Device, Rejected } from '../model/device.ts';
import type { House } from '../model/house.ts';
import type { Instant } from '../model/instant.ts';
import { HouseKeeper } from '../wire/staff_house.ts';
import { Staff } from '../wire/staff.ts';
import type { Clock } from './clock.svelte.ts';
import type { Session } from './session.svelte.ts';

const REFRESH_MS = 15_000;

export class System {
  /** null: the server doesn't tell. */
  house: House | null = $state.raw(null);
  devices: readonly Device[] | null = $state.raw(null);
  audit: readonly AuditItem[] | null = $state.raw(null);
  rejected: readonly Rejected[] | null = $state.raw(null);
  /** The newest commands to the chosen recorder; null: unknown yet, or the server takes none. */
  commands: readonly Command[] | null = $state.raw(null);
  chosen: string | null = $state(null);
  failed: unknown = $state.raw(null);
  /** Since when what is shown is known, by the server's clock. */
  known_at: Instant | null = $state.raw(null);
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Whether the server tells how the house is: one that doesn't is asked once. */
  #tells = true;
  readonly #staff: Staff;
  readonly #keeper: HouseKeeper;

  constructor(
    private readonly session: Session,
    private readonly clock: Clock,
  ) {
    this.#staff = new Staff(session.http);
    this.#keeper = new HouseKeeper(session.http);
  }

  start(): void {
    this.#timer = setInterval(() => void this.reload(), REFRESH_MS);
    void this.reload();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  woken(): void {
    void this.reload();
  }

  async reload(): Promise<void> {
    try {
      const [devices, audit, house] = await Promise.all([
        this.#staff.devices(),
        this.#staff.audit(),
        this.#tells ? this.#keeper.house() : null,
      ]);
      this.#tells = house !== null;
      // Those that had something refused first: that is what an administrator comes for.
      this.devices = [...devices].sort((a, b) => b.rejected - a.rejected || (a.code < b.code ? -1 : 1));
      this.audit = audit;
      this.house = house;
      this.known_at = this.clock.exactly();
      this.failed = null;
      if (this.chosen !== null) await this.#look(this.chosen);
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.failed = failure;
    }
  }

  async #look(id: string): Promise<void> {
    const [rejected, commands] = await Promise.all([this.#staff.rejected(id), this.#keeper.commands(id)]);
    if (this.chosen !== id) return;
    this.rejected = rejected;
    this.commands = commands;
  }

  async choose(id: string | null): Promise<void> {
    this.chosen = id;
    this.rejected = null;
    this.commands = null;
    if (id === null) return;
    try {
      await this.#look(id);
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.failed = failure;
    }
  }

  /** Ask something of a recorder; throws Failure for the form to say. */
  async order(id: string, order: Order): Promise<void> {
    const made = await this.#keeper.order(id, order);
    if (this.chosen === id) this.commands = [made, ...(this.commands ?? [])];
  }
}
