import { describe, expect, it } from 'vitest';
import { badgeOf } from '../src/model/badge.ts';
import { asksForCall, punctualityOf, situationOf } from '../src/model/situation.ts';
import type { ChildTrip } from '../src/model/trip.ts';
import { sayIn, type Say } from '../src/words/say.ts';
import { sentenceOf } from '../src/words/sentence.ts';
import { aChild, aPosition, aStop, aTrip, at } from './builders.ts';

const en: Say = (key, values) => sayIn('en', key, values);
const zh: Say = (key, values) => sayIn('zh', key, values);

function said(over: Partial<ChildTrip>, now = '07:20:08'): { kind: string; en: string; zh: string } {
  const child = aChild(aTrip(over));
  const situation = situationOf(child, at(now));
  return { kind: situation.kind, en: sentenceOf(child, situation, en), zh: sentenceOf(child, situation, zh) };
}

describe('the first sentence', () => {
  it.each<[string, Partial<ChildTrip>, string, string]>([
    ['coming', {}, 'Bus 17 · on the way · 2 stops before yours', '17 号车 · 在路上 · 到您的站前还有 2 站'],
    [
      'coming',
      { stops_before: 1 },
      'Bus 17 · on the way · 1 stop before yours',
      '17 号车 · 在路上 · 到您的站前还有 1 站',
    ],
    [
      'coming',
      { stops_before: 0 },
      'Bus 17 · on the way · your stop is next',
      '17 号车 · 在路上 · 下一站就是您的站',
    ],
    ['coming', { stops_before: null }, 'Bus 17 · on the way', '17 号车 · 在路上'],
    [
      'aboard_to_school',
      { rider_state: 'aboard' },
      'Bus 17 · Xiaoyu is on it · 2 stops before school',
      '17 号车 · Xiaoyu在车上 · 到校前还有 2 站',
    ],
    [
      'aboard_home',
      { rider_state: 'aboard', direction: 'from_school', stops_before: 0 },
      'Bus 17 · Xiaoyu is on it · your stop is next',
      '17 号车 · Xiaoyu在车上 · 下一站就是您的站',
    ],
    ['at_school', { rider_state: 'alighted' }, 'Xiaoyu arrived at school', 'Xiaoyu已到校'],
    [
      'planned',
      { state: 'scheduled', planned_start_at: at('07:40') },
      'Bus 17 · starts at 07:40',
      '17 号车 · 07:40 发车',
    ],
    [
      'aboard_waiting',
      { state: 'scheduled', planned_start_at: at('07:40'), rider_state: 'aboard' },
      'Bus 17 · Xiaoyu is on it · starts at 07:40',
      '17 号车 · Xiaoyu在车上 · 计划 07:40 发车',
    ],
    [
      'not_started',
      { state: 'scheduled' },
      'Bus 17 · has not started · 15 min late so far',
      '17 号车 · 还没有发车 · 已晚 15 分钟',
    ],
    [
      'missed',
      { state: 'missed' },
      'Bus 17 · did not run · planned for 07:05',
      '17 号车 · 没有发车 · 原定 07:05',
    ],
    ['cancelled', { state: 'cancelled' }, 'Bus 17 · cancelled today', '17 号车 · 今天停运'],
    [
      'late',
      { delay_s: 780 },
      'Bus 17 · about 13 min late · 2 stops before yours',
      '17 号车 · 晚点约 13 分钟 · 到您的站前还有 2 站',
    ],
    ['late', { delay_s: 600, stops_before: null }, 'Bus 17 · about 10 min late', '17 号车 · 晚点约 10 分钟'],
    [
      'coming',
      { delay_s: 599 },
      'Bus 17 · on the way · 2 stops before yours',
      '17 号车 · 在路上 · 到您的站前还有 2 站',
    ],
    ['absent', { rider_state: 'absent' }, 'Xiaoyu is not riding · to school', 'Xiaoyu今天不乘车 · 上学'],
    [
      'still_aboard',
      { state: 'arrived', direction: 'from_school', rider_state: 'aboard', ended_at: at('07:19') },
      'Bus 17 · finished at 07:19 · Xiaoyu is not recorded as off',
      '17 号车 · 07:19 已收车 · 没有Xiaoyu的下车记录',
    ],
    ['no_signal', { position: null }, 'Bus 17 · on the way · no signal yet', '17 号车 · 在路上 · 还没有信号'],
  ])('%s: %o', (kind, over, english, chinese) => {
    expect(said(over)).toEqual({ kind, en: english, zh: chinese });
  });

  it('says since when a bus is silent, after five minutes', () => {
    expect(said({}, '07:25').kind).toBe('coming');
    expect(said({}, '07:26').en).toBe('Bus 17 · no signal since 07:20');
  });

  it('says that a bus has left the stop without the child', () => {
    const stops = [aStop('p3', { departed_at: at('07:19'), passed: true, mine: true })];
    expect(said({ stops }).en).toBe(
      'Bus 17 · left Yingbin Bridge at 07:19 · Xiaoyu is not recorded as aboard',
    );
  });

  it('calls it a no-show once the server does, and asks for a call', () => {
    const stops = [aStop('p3', { departed_at: at('07:19'), passed: true, mine: true })];
    const child = aChild(aTrip({ stops, rider_state: 'no_show' }));
    const situation = situationOf(child, at('07:20:08'));
    expect([situation.kind, situation.tone, asksForCall(situation)]).toEqual(['no_show', 'act', true]);
    expect(sentenceOf(child, situation, zh)).toBe('Xiaoyu没有上车 · 17 号车 07:19 已离开Yingbin Bridge');
  });

  it('says that the bus is there', () => {
    expect(said({ stops: [aStop('p3', { arrived_at: at('07:20'), mine: true })] }).kind).toBe('at_stop');
  });

  it('says how the morning ended until the bus home may be seen, and when that starts', () => {
    const morning = aTrip({ state: 'closed', rider_state: 'alighted' });
    const home = aTrip({
      id: 't2',
      direction: 'from_school',
      state: 'scheduled',
      planned_start_at: at('16:30'),
    });
    const rides = [{ dir: 'off', at: at('07:43'), trip: morning, stop: morning.school_stop } as const];
    const child = aChild(home, { trips_today: [morning, home], rides });
    const of = (now: string, over: Partial<ChildTrip> = {}) =>
      situationOf({ ...child, trip: { ...home, ...over } }, at(now));
    expect(sentenceOf(child, of('08:30'), en)).toBe('Xiaoyu arrived at school · 07:43');
    expect(of('08:30').headline).toEqual({ kind: 'next', at: at('16:30') });
    expect(of('16:20').kind).toBe('planned');
    // Where the bus turns at once, the news stands for five minutes, but never over a bus that should have started.
    const soon = { planned_start_at: at('07:48') };
    expect([of('07:47', soon).kind, of('07:50', soon).kind]).toEqual(['at_school', 'not_started']);
    expect(badgeOf(child, at('08:30'))).toEqual({ badge: 'at_school', tone: 'ok' });
    expect(badgeOf(child, at('16:20')).badge).toBe('waiting');
    expect(badgeOf({ ...child, rides: [] }, at('08:30')).badge).toBe('later');
  });

  it('calls a bus without a number by its plate', () => {
    const bus = { id: 'v', code: 'GRAND-COACH', name: '宁E·A0017校' };
    expect(said({ bus }).en).toContain('Bus 宁E·A0017校 · on the way');
    expect(said({ bus: null }).en).toContain('The bus · on the way');
  });

  it('has nothing to say on a day without a bus', () => {
    const child = aChild(null);
    expect(sentenceOf(child, situationOf(child, at('07:20')), en)).toBe('Xiaoyu has no bus today');
  });
});

describe('the number', () => {
  const headline = (over: Partial<ChildTrip>, now: string) =>
    situationOf(aChild(aTrip(over)), at(now)).headline;

  it('is the interval while the position is live, the same in grey when it is stale, and none when it is lost', () => {
    expect(headline({}, '07:20:30')).toMatchObject({ kind: 'interval', faded: false });
    expect(headline({}, '07:23')).toMatchObject({ kind: 'interval', faded: true });
    expect(headline({}, '07:26')).toEqual({ kind: 'planned', at: at('07:30') });
    expect(headline({ rider_state: 'aboard' }, '07:26')).toBeNull();
  });

  it('is never made up where the server says none', () => {
    expect(headline({ eta: null }, '07:20:30')).toBeNull();
  });
});

it('advises where a sentence alone would leave the reader helpless', () => {
  const advice = (over: Partial<ChildTrip>, now = '07:20:08') =>
    situationOf(aChild(aTrip(over)), at(now)).advice;
  expect(advice({})).toBeNull();
  expect(advice({ state: 'missed' })).toBe('call');
  expect(advice({ state: 'cancelled' })).toBe('arrange');
  expect(advice({}, '07:30')).toBe('wait_planned');
  expect(advice({ state: 'scheduled' })).toBe('not_started');
  expect(advice({ rider_state: 'aboard' }, '07:30')).toBe('aboard_quiet');
});

it('tells the child by a badge of its own', () => {
  expect(badgeOf(aChild(aTrip({ rider_state: 'aboard' })), at('07:20'))).toEqual({
    badge: 'aboard',
    tone: 'ok',
  });
  expect(
    badgeOf(aChild(aTrip({ rider_state: 'alighted', direction: 'from_school' })), at('07:20')).badge,
  ).toBe('off');
  expect(badgeOf(aChild(aTrip({ position: aPosition(), rider_state: 'no_show' })), at('07:20')).tone).toBe(
    'act',
  );
  expect(badgeOf(aChild(null), at('07:20')).badge).toBe('none');
});

it('calls nobody waiting whose bus has gone', () => {
  const stops = [aStop('p3', { departed_at: at('07:19'), passed: true, mine: true })];
  const badge = (over: Partial<ChildTrip>) => badgeOf(aChild(aTrip(over)), at('07:20')).badge;
  expect(badge({})).toBe('waiting');
  expect(badge({ stops })).toBe('not_recorded');
  expect(badge({ state: 'closed' })).toBe('not_recorded');
  expect(badge({ stops, rider_state: 'aboard' })).toBe('aboard');
});

it('is early from a minute, and late from two', () => {
  expect([-90, -30, 119, 120].map(punctualityOf)).toEqual(['early', 'on_time', 'on_time', 'late']);
});
