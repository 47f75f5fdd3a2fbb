import { afterEach, describe, expect, it, vi } from 'vitest';
import { Arrivals } from '../src/state/arrivals.svelte.ts';
import { isWell } from '../src/model/house.ts';
import { Fleet } from '../src/state/fleet.svelte.ts';
import { System } from '../src/state/system.svelte.ts';
import { foldAudit } from '../src/model/device.ts';
import { isPast } from '../src/model/board.ts';
import { endAll, ending, signedIn, until } from './signed_in.ts';

vi.setConfig({ testTimeout: 60_000 });
afterEach(endAll);

describe('the school', () => {
  it('is told both counts and who is in doubt when they differ, and either side may correct', async () => {
    const { fake, session, clock, makeWatch } = await signedIn('school');
    fake.desk.delivered = {
      count: 12,
      at: '2026-09-01T07:45:00+08:00',
      by: { id: 'a', code: 'A', name: 'attendant' },
    };
    const arrivals = ending(new Arrivals(session, clock, makeWatch));
    await arrivals.start();
    const row = () => arrivals.shown.find((one) => one.trip.id === 'f16');
    expect(await arrivals.receive('f16', 11, '', 'id-1')).toBe(false);
    expect(arrivals.mismatches.get('f16')).toMatchObject({ delivered: 12, received: 11 });
    expect(arrivals.mismatches.get('f16')?.in_doubt.map((rider) => rider.name)).toEqual(['刘子轩']);
    // The count is kept all the same.
    expect(row()?.sign_off?.received?.count).toBe(11);
    expect(await arrivals.receive('f16', 12, 'counted again', 'id-2')).toBe(true);
    expect(arrivals.mismatches.size).toBe(0);
    expect(row()?.sign_off).toMatchObject({ agreed: true, received: { remarks: 'counted again' } });
  });

  it('is held against the ticks before the attendant has counted', async () => {
    const { session, clock, makeWatch } = await signedIn('school');
    const arrivals = ending(new Arrivals(session, clock, makeWatch));
    await arrivals.start();
    expect(await arrivals.receive('f16', 5, '', 'id-1')).toBe(false);
    expect(arrivals.mismatches.get('f16')).toMatchObject({ delivered: 6, received: 5 });
    expect(await arrivals.receive('f16', 6, '', 'id-2')).toBe(true);
  });

  it('keeps its rows where they are when one of them changes', async () => {
    const { fake, session, clock, makeWatch } = await signedIn('school');
    const arrivals = ending(new Arrivals(session, clock, makeWatch));
    await arrivals.start();
    const before = arrivals.shown.map((row) => row.trip.id);
    expect(before.length).toBeGreaterThan(5);
    fake.desk.cancelled.add('f0');
    await until(() => arrivals.rows?.find((row) => row.trip.id === 'f0')?.trip.state !== undefined);
    await arrivals.reload();
    expect(arrivals.shown.map((row) => row.trip.id)).toEqual(before);
  });
});

describe("the dispatcher's fleet", () => {
  it('has every trip of the day, the neediest first, and every bus moves', async () => {
    const { session, clock, makeWatch } = await signedIn('operator');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    expect(fleet.items).toHaveLength(46);
    expect(fleet.items.slice(0, 5).map((item) => item.need)).toEqual([
      'missed',
      'not_started',
      'silent',
      'late',
      'late',
    ]);
    await until(() => fleet.link.kind === 'live');
    const before = fleet.positions.get('v17')?.lon;
    await until(() => fleet.positions.get('v17')?.lon !== before);
  });

  it('finds by bus, driver and school, and cancels with a reason', async () => {
    const { fake, session, clock, makeWatch } = await signedIn('operator');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    fleet.query = 'zw-0017';
    expect(fleet.shown.map((item) => item.trip.id)).toEqual(['f16']);
    await fleet.choose('f16');
    expect(fleet.detail?.stops).toHaveLength(6);
    await fleet.cancel('f16', 'snow');
    expect(fake.desk.calls.at(-1)).toMatchObject({ path: 'cancel', body: { reason: 'snow' } });
    expect(fleet.trip?.state).toBe('cancelled');
  });
});

it('the administrator sees first what had most refused', async () => {
  const { session, clock } = await signedIn('admin');
  const system = ending(new System(session, clock));
  system.start();
  await until(() => system.devices !== null);
  expect(system.devices?.slice(0, 2).map((device) => device.rejected)).toEqual([14, 1]);
  await system.choose('ZW-0007');
  expect(system.rejected?.[0]?.reason).toContain('future');
  await system.order('ZW-0007', { kind: 'say', args: { text: '请回场' } });
  expect(system.commands?.map(({ kind, state }) => [kind, state])).toEqual([['say', 'sent']]);
  expect(system.house?.roles.filter((one) => !one.alive).map(({ role }) => role)).toEqual(['worker']);
  expect(system.house && isWell(system.house)).toBe(false);
});

it('the audit is in words, and what a page asks again and again is one line', () => {
  const at = { ms: 0, offset_min: 480 };
  const user = { id: 'u', code: 'u', name: 'someone' };
  const item = (id: number, action: string) => ({ id, at, user, action, object: null, detail: null });
  const lines = foldAudit([
    item(4, 'read_manifest'),
    item(3, 'read_manifest'),
    item(2, 'log_in'),
    item(1, 'novel'),
  ]);
  expect(lines.map(({ id, action, times }) => [id, action, times])).toEqual([
    [4, 'read_manifest', 2],
    [2, 'log_in', 1],
    [1, 'other', 1],
  ]);
});

it('a school sees what comes; what is long over and needs nobody is put away', async () => {
  const { session, clock, makeWatch } = await signedIn('school');
  const arrivals = ending(new Arrivals(session, clock, makeWatch));
  await arrivals.start();
  const row = arrivals.shown[0];
  if (!row) throw new Error('the board is empty');
  const later = { ...clock.now, ms: row.planned_at.ms + 1_800_001 };
  expect(isPast(row, clock.now)).toBe(false);
  expect(isPast(row, later)).toBe(true);
  const unanswered = { ...row, sign_off: null };
  expect(isPast(unanswered, later)).toBe(false);
});
