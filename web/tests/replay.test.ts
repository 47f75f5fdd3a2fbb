/** The evidence of a trip on the fake server: what is asked for, shown and run. */

import { afterEach, expect, it, vi } from 'vitest';
import { Fleet } from '../src/state/fleet.svelte.ts';
import { endAll, ending, signedIn, until } from './signed_in.ts';
import { aPosition } from './builders.ts';

vi.setConfig({ testTimeout: 60_000 });
afterEach(endAll);

async function opened(
  user = 'proof',
): Promise<{ fleet: Fleet; fake: Awaited<ReturnType<typeof signedIn>>['fake'] }> {
  const { fake, session, clock, makeWatch } = await signedIn(user);
  const fleet = ending(new Fleet(session, clock, makeWatch));
  await fleet.start();
  await until(() => fleet.link.kind === 'live');
  await fleet.choose('f16');
  await fleet.replay.show('f16');
  return { fleet, fake };
}

it('holds positions, corridor, badges and what was found, and follows the newest', async () => {
  const { fleet } = await opened();
  const { replay } = fleet;
  expect(replay.track?.fixes.length).toBeGreaterThan(100);
  expect(replay.track?.corridor_m).toBe(50);
  expect(replay.track?.signed_on.map((one) => one.badge)).toEqual(['D-0017', 'A-0017']);
  expect(replay.found(fleet.findings.ofTrip('f16')).map((one) => one.kind)).toEqual([
    'off_route',
    'lamps_off',
    'overspeed',
  ]);
  expect(replay.past).toBe(false);
  expect(replay.at_ms).toBe(replay.end_ms);
});

it('runs at its pace from where it stands, and ends following the newest', async () => {
  const { replay } = (await opened()).fleet;
  replay.seek(replay.begin_ms + 60_000);
  replay.advance(1000);
  expect(replay.at_ms - replay.begin_ms).toBe(60_000);
  replay.toggle();
  replay.advance(1000);
  expect(replay.at_ms - replay.begin_ms).toBe(60_000 + 1000 * replay.pace);
  replay.pace = 60;
  replay.advance(3_600_000);
  expect([replay.playing, replay.past, replay.at_ms]).toEqual([false, false, replay.end_ms]);
  // From the end it begins anew.
  replay.toggle();
  expect([replay.playing, replay.at_ms]).toEqual([true, replay.begin_ms]);
});

it('a finding that is pushed stands among the marks at once, and one that is withdrawn goes', async () => {
  const { fleet, fake } = await opened();
  const kinds = (): string[] => fleet.replay.found(fleet.findings.ofTrip('f16')).map((one) => one.kind);
  const [known] = fake.desk.alarms.findings.filter(
    (one) => one.kind === 'off_route' && one.id.startsWith('t'),
  );
  if (!known) throw new Error('The fake has no deviation on trip 17: see tests/dev/track.ts.');
  fake.push('finding', { ...known, id: 'new', kind: 'wrong_direction' });
  await until(() => kinds().includes('wrong_direction'), 5000);
  fake.push('finding', { ...known, id: 'new', kind: 'wrong_direction', withdrawn_at: known['began_at'] });
  await until(() => !kinds().includes('wrong_direction'), 5000);
});

it('what the bus says is had within 5 s of its push', async () => {
  const { fleet } = await opened();
  const { replay } = fleet;
  const before = replay.end_ms;
  // The fake's bus reports every 5 s.
  await until(() => {
    replay.heard([aPosition({ trip_id: 'f16' })]);
    return replay.end_ms > before;
  }, 12_000);
  expect(replay.track?.fixes.map((fix) => fix.at.ms)).toEqual(
    [...new Set(replay.track?.fixes.map((fix) => fix.at.ms))].sort((a, b) => a - b),
  );
});

it('of a trip that no bus ran it says so, and another trip closes it', async () => {
  const { fleet } = await opened();
  await fleet.choose('f12');
  expect(fleet.replay.trip).toBeNull();
  await fleet.replay.show('f12');
  expect(fleet.replay.none).toBe(true);
  await fleet.choose(null);
  expect(fleet.replay.trip).toBeNull();
});
