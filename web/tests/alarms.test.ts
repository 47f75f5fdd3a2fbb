import { afterEach, describe, expect, it, vi } from 'vitest';
import { alarmsOf, callsOf, type StaffNotice } from '../src/model/alarm.ts';
import { partOf, rowsBy, type Jurisdiction } from '../src/model/area.ts';
import { byGravity, isPressing, nextSteps, type Finding } from '../src/model/finding.ts';
import { Arrivals } from '../src/state/arrivals.svelte.ts';
import { Fleet } from '../src/state/fleet.svelte.ts';
import { Siren, type Sounding } from '../src/state/siren.svelte.ts';
import { aFinding, at } from './builders.ts';
import { endAll, ending, signedIn, until } from './signed_in.ts';

// A busy machine takes its time; nothing here is about speed.
vi.setConfig({ testTimeout: 60_000 });
afterEach(endAll);

const NOW = at('07:20');
const calls = (tier: 'attendant' | 'operator' | 'school' | 'regulator') => ({ tier, times: 1, next_at: NOW });

describe('a finding', () => {
  it('that ended as it began was a moment, and presses until it was put right', () => {
    const sos = aFinding({ kind: 'sos', began_at: NOW, ended_at: NOW, state: 'acknowledged' });
    expect(isPressing(sos)).toBe(true);
    expect(isPressing({ ...sos, ended_at: at('07:21') })).toBe(false);
    expect(isPressing({ ...sos, state: 'rectified' })).toBe(false);
    expect(isPressing({ ...sos, withdrawn_at: NOW })).toBe(false);
  });

  it('that is grave is struck off by who supervises; a lesser one by the operator too', () => {
    const grave = aFinding({ severity: 'act', state: 'rectified' });
    expect(nextSteps(grave, 'operator')).toEqual([]);
    expect(nextSteps(grave, 'regulator')).toEqual(['close', 'reopen']);
    expect(nextSteps({ ...grave, severity: 'watch' }, 'operator')).toEqual(['close']);
    expect(nextSteps({ ...grave, state: 'open' }, 'school')).toEqual([]);
    expect(nextSteps({ ...grave, state: 'open', withdrawn_at: NOW }, 'operator')).toEqual([]);
  });

  it('stands before a lesser one, and one that calls before both', () => {
    const info = aFinding({ id: 'i', severity: 'info', began_at: at('07:19') });
    const act = aFinding({ id: 'a', severity: 'act', began_at: at('07:01') });
    const calling = aFinding({ id: 'c', severity: 'watch', calls: calls('school') });
    expect(byGravity([info, act, calling]).map((one) => one.id)).toEqual(['c', 'a', 'i']);
  });
});

describe('what calls', () => {
  it('reaches a desk when the calls have climbed to it', () => {
    const rear = (tier: Parameters<typeof calls>[0]): Finding =>
      aFinding({ kind: 'rear_check_missing', calls: calls(tier) });
    expect(alarmsOf([rear('attendant')], 'operator')).toHaveLength(0);
    expect(alarmsOf([rear('operator')], 'operator')).toHaveLength(1);
    expect(alarmsOf([rear('school')], 'regulator')).toHaveLength(0);
    expect(alarmsOf([rear('regulator')], 'regulator')).toHaveLength(1);
    expect(alarmsOf([{ ...rear('operator'), state: 'acknowledged' }], 'operator')).toHaveLength(0);
    expect(alarmsOf([aFinding({ calls: { ...calls('school'), next_at: null } })], 'operator')).toHaveLength(
      0,
    );
  });

  it('has SOS first, then a child left aboard, then the oldest', () => {
    const one = (id: string, kind: Finding['kind'], clock: string): Finding =>
      aFinding({ id, kind, began_at: at(clock), calls: calls('school') });
    const alarms = alarmsOf(
      [
        one('n', 'no_show', '07:18'),
        one('w', 'wrong_stop', '07:02'),
        one('l', 'left_aboard', '07:19'),
        one('s', 'sos', '07:19'),
      ],
      'operator',
    );
    expect(alarms.map((alarm) => alarm.id)).toEqual(['s', 'l', 'w', 'n']);
  });

  it('is one band however often it is repeated, and over when anybody has answered or it comes no more', () => {
    const notice = (id: string, over: Partial<StaffNotice> = {}): StaffNotice => ({
      id,
      child: null,
      trip: null,
      at: at('07:10'),
      sent_at: at('07:18'),
      text: { zh: '一', en: 'one' },
      finding: { id: 'f', kind: 'left_aboard' },
      call: [],
      answered_at: null,
      ...over,
    });
    const twice = [notice('n1'), notice('n2', { sent_at: at('07:19') })];
    expect(callsOf(twice, NOW)).toMatchObject([{ id: 'n2', times: 2, since: at('07:10') }]);
    expect(callsOf([...twice, notice('n3', { answered_at: NOW })], NOW)).toEqual([]);
    expect(callsOf(twice, at('07:25'))).toEqual([]);
    expect(callsOf([notice('m', { finding: null })], NOW)).toEqual([]);
  });
});

describe('an area', () => {
  const node = (id: string, parent: string | null): [string, Jurisdiction] => [
    id,
    { id, code: id, name: id, parent: parent === null ? null : { id: parent, code: parent, name: parent } },
  ];
  const tree = new Map([
    node('city', null),
    node('county', 'city'),
    node('town', 'county'),
    node('other', 'city'),
  ]);

  it('sums up to the parts directly below the own one', () => {
    expect(partOf('town', 'city', tree)?.id).toBe('county');
    expect(partOf('town', 'county', tree)?.id).toBe('town');
    expect(partOf('county', 'county', tree)?.id).toBe('county');
    expect(partOf('nowhere', 'city', tree)).toBeUndefined();
  });

  it('does not go round for ever in a ring of parents', () => {
    const ring = new Map([node('a', 'b'), node('b', 'a')]);
    expect(partOf('a', 'z', ring)).toBeDefined();
  });
});

describe("the dispatcher's desk", () => {
  it('has SOS, left aboard and what else calls before not started, silent and late; then the rest by its findings', async () => {
    const { session, clock, makeWatch } = await signedIn('alarm');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    expect(fleet.items.slice(0, 12).map((item) => item.need)).toEqual([
      'sos',
      'left_aboard',
      'calling',
      'calling',
      'missed',
      'not_started',
      'silent',
      'late',
      'late',
      'found',
      'found',
      'running',
    ]);
    // A bus on plan, with something to look at, stands before one with nothing.
    expect(fleet.items[11]?.found).toEqual({ kind: 'lamps_off', severity: 'watch' });
    expect(fleet.items[12]?.found).toBeNull();
    expect(fleet.findings.alarms.map((alarm) => alarm.kind)).toEqual([
      'sos',
      'left_aboard',
      'wrong_stop',
      'rear_check_missing',
    ]);
  });

  it('ends a call by answering it, and keeps what was done', async () => {
    const { fake, session, clock, makeWatch } = await signedIn('alarm');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    await fleet.findings.choose('a1');
    await fleet.findings.step('a1', 'acknowledge');
    expect(fleet.findings.alarms.map((alarm) => alarm.id)).not.toContain('a1');
    // Answered, and not yet put right: it stays at the top of the list.
    expect(fleet.items[0]).toMatchObject({ need: 'sos' });
    await fleet.findings.step('a1', 'rectify', ' driver was ill ');
    expect(fleet.items[0]).toMatchObject({ need: 'left_aboard' });
    expect(fleet.findings.detail?.steps.map((step) => [step.step, step.remarks])).toEqual([
      ['acknowledged', null],
      ['rectified', 'driver was ill'],
    ]);
    await expect(fleet.findings.step('a1', 'rectify')).rejects.toMatchObject({ status: 409 });
    expect(fake.desk.alarms.findings[0]?.state).toBe('rectified');
  });

  it('hears of a new finding, and of one that was answered elsewhere, as it is pushed', async () => {
    const { fake, session, clock, makeWatch } = await signedIn('operator');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    await until(() => fleet.link.kind === 'live');
    expect(fleet.findings.alarms).toEqual([]);
    const sos = {
      ...fake.desk.alarms.findings[0],
      id: 'new',
      kind: 'sos',
      calls: { tier: 'school', times: 1, next_at: '2026-09-01T07:21:00+08:00' },
    };
    fake.push('finding', sos);
    await until(() => fleet.findings.alarms.length === 1);
    expect(fleet.items[0]?.need).toBe('sos');
    fake.push('finding', { ...sos, state: 'closed' });
    await until(() => fleet.findings.alarms.length === 0);
    expect(fleet.items[0]?.need).not.toBe('sos');
  });

  it('looks through what was put right and struck off', async () => {
    const { session, clock, makeWatch } = await signedIn('regulator');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    expect(fleet.findings.openBy).toEqual({ act: 1, watch: 1, info: 1 });
    await fleet.findings.select({ state: 'rectified', severity: 'all' });
    expect(fleet.findings.shown.map((one) => one.id)).toEqual(['g5']);
    await fleet.findings.step('g5', 'close', 'looked at');
    expect(fleet.findings.shown).toEqual([]);
    await fleet.findings.select({ state: 'closed', severity: 'act' });
    expect(fleet.findings.shown.map((one) => one.id)).toEqual(['g5']);
    const rows = rowsBy(
      fleet.items,
      (trip) => fleet.findings.ofTrip(trip),
      ({ trip }) => trip.school ?? { id: '', name: '' },
      'en-GB',
    );
    expect(rows.reduce((sum, row) => sum + row.trips, 0)).toBe(46);
    expect(rows.reduce((sum, row) => sum + row.open.act, 0)).toBe(1);
  });

  it('puts another bus on a trip with a reason, and takes it back', async () => {
    const { session, clock, makeWatch } = await signedIn('operator');
    const fleet = ending(new Fleet(session, clock, makeWatch));
    await fleet.start();
    await fleet.choose('f16');
    const { vehicle } = await fleet.candidates('f16');
    expect(vehicle.map((one) => one.free)).toEqual([false, true, true, false]);
    expect(vehicle[0]?.why_not).toMatchObject({ code: 'on_trip', trip: { name: '5 路' } });
    await expect(fleet.substitute('f16', 'vehicle', 'v47', '')).rejects.toMatchObject({ status: 422 });
    await fleet.substitute('f16', 'vehicle', 'v47', 'breakdown');
    expect(fleet.trip?.vehicle?.code).toBe('ZW-0047');
    expect(fleet.detail?.substitution).toMatchObject({ reason: 'breakdown', vehicle: { code: 'ZW-0047' } });
    await fleet.endSubstitutions('f16');
    expect(fleet.detail?.substitution).toBeNull();
    expect(fleet.trip?.vehicle?.code).toBe('ZW-0017');
  });
});

it('the school is called by a notice, and its answer ends the call', async () => {
  const { fake, session, clock, makeWatch } = await signedIn('alarm_school');
  const arrivals = ending(new Arrivals(session, clock, makeWatch));
  await arrivals.start();
  expect(arrivals.calls.alarms.map((alarm) => alarm.kind)).toEqual(['left_aboard']);
  await until(() => arrivals.link.kind === 'live');
  fake.push('notice', { ...fake.desk.alarms.notices[0], id: 'w2' });
  await until(() => arrivals.calls.alarms[0]?.times === 2);
  await arrivals.calls.answer(arrivals.calls.alarms[0]?.finding_id === 'a2' ? 'w1' : '');
  expect(arrivals.calls.alarms).toEqual([]);
  expect(fake.desk.alarms.findings.find((one) => one.id === 'a2')?.state).toBe('acknowledged');
});

describe('the siren', () => {
  /** The part of a browser's sound that is used, counting what it was made to play. */
  function aSound(): { sound: Sounding; played: () => number } {
    let played = 0;
    let state: AudioContextState = 'suspended';
    const node = {
      connect: (to: unknown) => to,
      gain: { setValueAtTime: () => 0, linearRampToValueAtTime: () => 0 },
    };
    const sound = {
      get state() {
        return state;
      },
      currentTime: 0,
      destination: {},
      resume: () => {
        state = 'running';
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
      createGain: () => node,
      createOscillator: () => ({
        ...node,
        frequency: { value: 0 },
        start: () => (played += 1),
        stop: () => 0,
      }),
    };
    return { sound: sound as unknown as Sounding, played: () => played };
  }

  it('waits for a tap, sounds at once when something calls, and is silent when it is switched off', async () => {
    const { sound, played } = aSound();
    const siren = ending(new Siren(() => sound, null));
    siren.ring(true);
    expect([siren.state, played()]).toEqual(['blocked', 0]);
    await siren.touched();
    expect(siren.state).toBe('on');
    expect(played()).toBeGreaterThan(0);
    const before = played();
    await siren.toggle();
    siren.ring(false);
    siren.ring(true);
    expect([siren.state, played()]).toEqual(['off', before]);
  });

  it('sounds again and again until nothing calls any more', async () => {
    const { sound, played } = aSound();
    const siren = ending(new Siren(() => sound, null, 20));
    await siren.touched();
    siren.ring(true);
    const once = played();
    await until(() => played() >= once * 3);
    siren.ring(false);
    expect(siren.ringing).toBe(false);
  });

  it('remembers on the device that somebody wants no sound', async () => {
    const kept = new Map<string, string>();
    const store = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    const siren = ending(new Siren(() => aSound().sound, store));
    await siren.touched();
    await siren.toggle();
    expect(ending(new Siren(() => aSound().sound, store)).state).toBe('off');
  });
});
