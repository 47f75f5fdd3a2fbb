/** What an administrator's page knows: recorders, what was refused from one, and the newest of the audit. */

import type { AuditItem, Device, Rejected } from '../model/device.ts';
import { Staff } from '../wire/staff.ts';
import type { Session } from './session.svelte.ts';

const REFRESH_MS = 15_000;

export class System {
  devices: readonly Device[] | null = $state.raw(null);
  audit: readonly AuditItem[] | null = $state.raw(null);
  rejected: readonly Rejected[] | null = $state.raw(null);
  chosen: string | null = $state(null);
  failed: unknown = $state.raw(null);
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #staff: Staff;

  constructor(private readonly session: Session) {
    this.#staff = new Staff(session.http);
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
      const [devices, audit] = await Promise.all([this.#staff.devices(), this.#staff.audit()]);
      // Those that had something refused first: that is what an administrator comes for.
      this.devices = [...devices].sort((a, b) => b.rejected - a.rejected || (a.code < b.code ? -1 : 1));
      this.audit = audit;
      this.failed = null;
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.failed = failure;
    }
  }

  async choose(id: string | null): Promise<void> {
    this.chosen = id;
    this.rejected = null;
    if (id === null) return;
    try {
      const rejected = await this.#staff.rejected(id);
      if (this.chosen === id) this.rejected = rejected;
    } catch (failure) {
      if (!this.session.endedBy(failure)) this.failed = failure;
    }
  }
}
