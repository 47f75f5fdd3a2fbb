/** What the fake server says in each situation that the page must be looked at in; a scene is chosen by the user name. */

import { along, bus, line, route, school, stops, type Named } from './county.ts';

const OFFSET_MIN = 480;
const SPEED_MS = 7;

/** RFC 3339 in the agency's zone. */
export function rfc(ms: number): string {
  return `${new Date(ms + OFFSET_MIN * 60_000).toISOString().slice(0, 19)}+08:00`;
}

export type Scene = {
  readonly name: string;
  /** When it began, by this machine's clock (ms). */
  readonly began_ms: number;
  readonly exceptions: Map<string, { id: string; service_date: string; direction: string; kind: string }>;
  readonly rides: Map<string, { dir: string; at: string; trip: Named; stop: Named | null }[]>;
  readonly notices: Record<string, unknown>[];
  /** What the guardian wants to be told, by direction. */
  readonly choices: Map<string, Record<string, unknown>>;
  riderState: string;
};

export const CHILDREN: Named[] = [
  { id: 'c1', code: 'K1', name: '小雨' },
  { id: 'c2', code: 'K2', name: 'Lily' },
];
const MINE = 3;

const RIDER_STATES: Record<string, string> = {
  noshow: 'no_show',
  leftaboard: 'aboard',
  wrongstop: 'alighted',
  wrongbus: 'expected',
};
const CALL = '请马上致电学校（0955-7012345）。';
const CALL_EN = 'Please call the school (0955-7012345) now.';
/** The alarm of each scene that has one. */
const ALARMS: Record<string, [kind: string, zh: string, en: string]> = {
  noshow: [
    'no_show',
    `07:31，17 号车已离开沙坡头花园，没有小雨的上车记录。如果小雨应该在车上，${CALL}`,
    `At 07:31 Bus 17 had left Shapotou Garden and 小雨 was not recorded as aboard. ${CALL_EN}`,
  ],
  leftaboard: [
    'left_aboard',
    `17 号车已到终点，到 07:52 仍没有小雨的下车记录。校车公司和学校已收到警报。${CALL}`,
    `Bus 17 has reached its last stop, and at 07:52 小雨 was still recorded as aboard. The bus company and the school have been alarmed. ${CALL_EN}`,
  ],
  wrongstop: [
    'wrong_stop',
    `小雨 16:41 在黄河公园下了 17 号车，登记的站点是迎宾桥。校车公司和学校已收到警报。请联系小雨，并致电学校（0955-7012345）。`,
    `小雨 left Bus 17 at Yellow River Park at 16:41; the stop on the list is Yingbin Bridge. The bus company and the school have been alarmed. Please reach 小雨, and call the school (0955-7012345).`,
  ],
  wrongbus: [
    'wrong_bus',
    `小雨 07:18 在沙坡头花园上了 3 号车，这不是登记的校车。校车公司和学校已收到警报。${CALL}`,
    `小雨 boarded Bus 3 at Shapotou Garden at 07:18, which is not the bus on the list. The bus company and the school have been alarmed. ${CALL_EN}`,
  ],
};
/** One of every kind, over three days, for the list. */
const KINDS = [
  'approaching',
  'boarded',
  'arrived',
  'late',
  'substituted',
  'not_started',
  'handed_over',
  'alighted',
  'absent',
  'cancelled',
  'correction',
  'message',
  'no_show',
  'left_aboard',
  'wrong_stop',
  'wrong_bus',
];

export function newScene(name: string, now: number): Scene {
  const aboard = ['aboard', 'home'].includes(name);
  const done = ['done'].includes(name);
  const scene: Scene = {
    name,
    began_ms: now,
    exceptions: new Map(),
    rides: new Map(),
    notices: [],
    choices: new Map(
      ['to_school', 'from_school'].map((direction) => [
        direction,
        { direction, lead: { by: 'minutes', value: 5 }, muted: [] },
      ]),
    ),
    riderState: RIDER_STATES[name]
      ? RIDER_STATES[name]
      : aboard
        ? 'aboard'
        : done
          ? 'alighted'
          : name === 'absent'
            ? 'absent'
            : 'expected',
  };
  const ride = (dir: string, ago_s: number, stop: number) => ({
    dir,
    at: rfc(now - ago_s * 1000),
    trip: { id: 't1', code: 'T1', name: route.name },
    stop: stops()[stop]?.named ?? null,
  });
  if (aboard) scene.rides.set('c1', [ride('on', 70, MINE)]);
  if (done) scene.rides.set('c1', [ride('off', 240, 5), ride('on', 700, MINE)]);
  if (!['none', 'nochild', 'fresh'].includes(name)) {
    scene.notices.push(
      notice(
        'n2',
        'approaching',
        now - 100_000,
        null,
        '17 号车还有 2 站到沙坡头花园。',
        'Bus 17 is 2 stops before Shapotou Garden.',
      ),
      notice(
        'n1',
        'alighted',
        now - 86_400_000,
        now - 80_000_000,
        '小雨昨天在沙坡头花园下车。',
        'Xiaoyu got off at Shapotou Garden.',
      ),
    );
  }
  const alarm = ALARMS[name];
  if (alarm) scene.notices.unshift(notice('n5', alarm[0], now - 40_000, null, alarm[1], alarm[2]));
  if (name === 'wrongstop') scene.rides.set('c1', [ride('off', 60, 2), ride('on', 700, 0)]);
  if (name === 'many')
    KINDS.forEach((kind, index) => {
      const said = notice(
        `m${String(index)}`,
        kind,
        now - 200_000 - index * 9_000_000,
        index > 4 ? now : null,
        `小雨的通知：${kind}，17 号车 07:31 在沙坡头花园。`,
        `A notice about Xiaoyu: Bus 17 at Shapotou Garden at 07:31 (${kind}).`,
      );
      if (index === 3) said['muted'] = true;
      if (index === 7) said['late'] = true;
      if (index > 1) said['trip'] = { id: 't0', code: 'T0', name: route.name };
      scene.notices.push(said);
    });
  return scene;
}

export function notice(
  id: string,
  kind: string,
  at: number,
  read: number | null,
  zh: string,
  en: string,
): Record<string, unknown> {
  return {
    id,
    kind,
    child: CHILDREN[0],
    trip: { id: 't1', code: 'T1', name: route.name },
    at: rfc(at),
    sent_at: rfc(at),
    read_at: read === null ? null : rfc(read),
    late: false,
    text: { zh, en },
  };
}

/** Metres driven at `now`: the scenes of a running trip begin on the road, before the child's stop or after it. */
function metreAt(scene: Scene, now: number): number {
  const driven = ((now - scene.began_ms) / 1000) * SPEED_MS;
  if (['aboard', 'home', 'wrongstop'].includes(scene.name)) return Math.min(4700, 3100 + driven);
  if (scene.name === 'left' || scene.name === 'noshow') return Math.min(4700, 3400 + driven);
  if (scene.name === 'stop') return 2880;
  if (scene.name === 'board') return Math.min(4700, 2700 + driven);
  return Math.min(4700, 1100 + driven);
}

const QUIET_S: Record<string, number> = { stale: 200, lost: 460 };

export function position(scene: Scene, now: number): Record<string, unknown> | null {
  if (
    [
      'planned',
      'overdue',
      'none',
      'done',
      'missed',
      'cancelled',
      'ended',
      'silent',
      'substituted',
      'leftaboard',
    ].includes(scene.name)
  )
    return null;
  const age = QUIET_S[scene.name] ?? 0;
  const at = age > 0 ? scene.began_ms - age * 1000 : now - 900;
  const metre = metreAt(scene, age > 0 ? scene.began_ms : now);
  return {
    vehicle_id: bus.id,
    trip_id: 't1',
    ...along(metre),
    spd: 25,
    at: rfc(at),
    age_s: (now - at) / 1000,
    stale: age > 60,
    interval_s: 5,
    metre,
  };
}

const STATES: Record<string, string> = {
  planned: 'scheduled',
  overdue: 'scheduled',
  done: 'arrived',
  ended: 'closed',
  missed: 'missed',
  cancelled: 'cancelled',
  substituted: 'scheduled',
  leftaboard: 'arrived',
};
const BEFORE_S: Record<string, number> = { planned: 1500, overdue: -740, substituted: 1500 };

function eta(at: number): Record<string, string> {
  return { at: rfc(at), low: rfc(at - 60_000), high: rfc(at + 90_000) };
}

export function trip(scene: Scene, now: number, withLine: boolean): Record<string, unknown> {
  const state = STATES[scene.name] ?? 'en_route';
  const home = ['home', 'leftaboard', 'wrongstop'].includes(scene.name);
  const metre = metreAt(scene, now);
  const list = stops();
  const before = BEFORE_S[scene.name] ?? null;
  const start = before === null ? now - (metre / SPEED_MS) * 1000 - 60_000 : scene.began_ms + before * 1000;
  const over = state === 'arrived' || state === 'closed';
  const gone = (m: number): boolean => over || (state === 'en_route' && m < metre - 5);
  const running = state === 'en_route';
  const lost = scene.name === 'lost' || scene.name === 'silent';
  const aboard = scene.riderState === 'aboard';
  const goal = aboard && !home ? 5 : home ? 4 : MINE;
  const due = (m: number): number => now + ((m - metre) / SPEED_MS) * 1000 + 20_000;
  const said = running && !lost && scene.name !== 'uncertain';
  const rows = list.map((stop, index) => {
    const planned = start + stop.after_s * 1000;
    const here = scene.name === 'stop' && index === MINE;
    return {
      ...stop.named,
      lat: stop.lat,
      lon: stop.lon,
      seq: index + 1,
      metre: stop.metre,
      planned_at: rfc(planned),
      arrived_at: gone(stop.metre) || here ? rfc(planned + 65_000) : null,
      departed_at: gone(stop.metre) && !here ? rfc(planned + 90_000) : null,
      passed: gone(stop.metre) && !here,
      eta: said && !gone(stop.metre) && !here ? eta(due(stop.metre)) : null,
      mine: index === (home ? 4 : MINE),
    };
  });
  const mine = rows[home ? 4 : MINE];
  const { shape, metres } = line();
  return {
    id: 't1',
    code: 'T1',
    name: route.name,
    service_date: rfc(now).slice(0, 10),
    direction: home ? 'from_school' : 'to_school',
    state,
    bus,
    instead_of: scene.name === 'substituted' ? { id: 'v3', code: 'ZW-0003', name: '宁E·A0003校' } : null,
    route,
    stop: list[home ? 4 : MINE]?.named,
    school_stop: list[home ? 0 : 5]?.named,
    planned_at: mine?.planned_at,
    planned_start_at: rfc(start),
    planned_end_at: rfc(start + 650_000),
    started_at: running || over ? rfc(start + 40_000) : null,
    ended_at: over ? rfc(now - 200_000) : null,
    rider_state: scene.exceptions.size > 0 ? 'absent' : scene.riderState,
    eta: said && !rows[goal]?.passed && scene.name !== 'stop' ? eta(due(list[goal]?.metre ?? 0)) : null,
    stops_before: running ? Math.max(0, rows.slice(0, goal).filter((row) => !row.passed).length) : null,
    delay_s: running ? (scene.name === 'stale' ? 30 : scene.name === 'verylate' ? 780 : 65) : null,
    position: position(scene, now),
    window: { from: rfc(start - 900_000), to: rfc(start + 900_000) },
    ...(withLine ? { stops: rows, shape, shape_metres: metres } : {}),
  };
}

export function child(scene: Scene, now: number, which: number, withLine: boolean): Record<string, unknown> {
  const named = CHILDREN[which] ?? CHILDREN[0];
  const empty = scene.name === 'none' || which > 0;
  const current = empty ? null : trip(scene, now, withLine);
  const later = empty
    ? null
    : {
        ...trip({ ...scene, name: 'planned', riderState: 'expected', exceptions: new Map() }, now, false),
        id: 't2',
        direction: 'from_school',
        state: 'scheduled',
        planned_at: rfc(scene.began_ms + 8 * 3_600_000),
      };
  return {
    ...named,
    grade: '二年级',
    school,
    state: empty ? null : (current?.['rider_state'] ?? null),
    trip: current,
    stop: current?.['stop'] ?? null,
    eta: current?.['eta'] ?? null,
    bus: current?.['bus'] ?? null,
    trips_today: current && later ? [{ ...trip(scene, now, false) }, later] : [],
    rides: scene.rides.get(named?.id ?? '') ?? [],
    exceptions: which > 0 ? [] : [...scene.exceptions.values()],
    call: [
      { name: school.name, role: 'school', phone: '0955-7012345' },
      { name: '中卫校车服务有限公司', role: 'operator', phone: '0955-7099999' },
    ],
  };
}

/** Two children for the scene that shows the switch, none for the one that shows their absence. */
export function childCount(scene: Scene): number {
  return scene.name === 'nochild' ? 0 : scene.name === 'two' ? 2 : 1;
}
