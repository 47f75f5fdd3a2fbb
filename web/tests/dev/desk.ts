/** What the fake server says to crew, school and desk: a fleet of 46 buses, one trip with its riders, a school's board. */

import { alarmAnswer, newAlarms, substitutionOf, worstOf, type FakeAlarms } from './alarms.ts';
import { along, bus, line, route, school, stops, type Named } from './county.ts';
import { rfc } from './scene.ts';
import { foundOn, trackOf } from './track.ts';

type Json = Record<string, unknown>;
type Rider = Named & { grade: string; school: Named; state: string; since: string | null };
type Said = { count: number; at: string; by: Named; remarks?: string | null };

const NAMES =
  '马小雨 王梓涵 李浩然 张若曦 刘子轩 陈思彤 杨一诺 赵天佑 黄雨桐 周俊熙 吴欣怡 徐铭泽 孙语嫣 马建国'.split(
    ' ',
  );
const GRADES = ['一年级', '二年级', '三年级', '四年级', '五年级'];
const SPEED_MS = 7;

export type Desk = {
  readonly began_ms: number;
  readonly user: string;
  readonly home: boolean;
  readonly riders: Rider[][];
  readonly strangers: Rider[];
  readonly taken: Map<string, Json>;
  /** Every accepted call in order: what a test looks at. */
  readonly calls: { path: string; body: Json }[];
  readonly cancelled: Set<string>;
  readonly alarms: FakeAlarms;
  delivered: Said | null;
  received: Said | null;
  rear_checked_at: string | null;
  /** Commands to recorders, the newest first. */
  readonly orders: Json[];
};

export function newDesk(user: string, now: number): Desk {
  const home = user.endsWith('home');
  let index = 0;
  const riders = stops().map((_, stop) => {
    const isSchool = stop === (home ? 0 : 5);
    const count = isSchool ? 0 : ([4, 2, 3, 3, 2][home ? stop - 1 : stop] ?? 0);
    return Array.from({ length: count }, (): Rider => {
      const which = index++;
      const name = NAMES[which % NAMES.length] ?? '';
      const passed = !home && stop < 2;
      return {
        id: `k${String(which)}`,
        code: `K${String(which)}`,
        name,
        grade: GRADES[which % GRADES.length] ?? '',
        school,
        state: which === 7 ? 'absent' : passed ? (which === 4 ? 'no_show' : 'aboard') : 'expected',
        since: passed && which !== 4 ? rfc(now - 300_000 + which * 4000) : null,
      };
    });
  });
  return {
    began_ms: now,
    user,
    home,
    riders,
    strangers: home
      ? []
      : [
          {
            id: 'x1',
            code: 'X1',
            name: '苏海燕',
            grade: '三年级',
            school,
            state: 'aboard',
            since: rfc(now - 60_000),
          },
        ],
    taken: new Map(),
    calls: [],
    cancelled: new Set(),
    // Only the people of `proof…` watch a bus that does things wrong.
    alarms: newAlarms(user, now, user.includes('proof') ? foundOn(now - 860_000, now) : []),
    delivered: null,
    received: null,
    rear_checked_at: null,
    orders: [],
  };
}

const all = (desk: Desk): Rider[] => [...desk.riders.flat(), ...desk.strangers];

export function counts(desk: Desk): Json {
  const of = (state: string): number => desk.riders.flat().filter((rider) => rider.state === state).length;
  return {
    planned: desk.riders.flat().length,
    expected: of('expected'),
    aboard: of('aboard') + desk.strangers.filter((rider) => rider.state === 'aboard').length,
    alighted: of('alighted'),
    handed_over: 0,
    absent: of('absent'),
    no_show: of('no_show'),
    strangers: desk.strangers.filter((rider) => rider.state === 'aboard').length,
  };
}

export function signOff(desk: Desk): Json {
  const aboard = all(desk).filter((rider) => rider.state === 'aboard').length;
  const agreed = desk.delivered !== null && desk.delivered.count === desk.received?.count;
  const open = [
    ...(aboard > 0 ? ['aboard'] : []),
    ...(desk.rear_checked_at === null ? ['rear_check'] : []),
    ...(desk.delivered === null ? ['delivered'] : []),
    ...(desk.received === null ? ['received'] : []),
    ...(desk.delivered && desk.received && !agreed ? ['disagree'] : []),
  ];
  return {
    delivered: desk.delivered,
    received: desk.received && { remarks: null, ...desk.received },
    agreed,
    aboard,
    rear_checked_at: desk.rear_checked_at,
    open,
  };
}

/** Which of the fleet's kinds of day this bus has: most run well. */
function kindOf(desk: Desk, index: number): string {
  if (desk.cancelled.has(`f${String(index)}`)) return 'cancelled';
  if (desk.user === 'calm') return index % 3 === 0 ? 'waiting' : 'running';
  const special: Record<number, string> = {
    3: 'silent',
    8: 'late',
    12: 'not_started',
    20: 'late',
    31: 'missed',
    40: 'cancelled',
  };
  if (index === 16) return 'running';
  return special[index] ?? (index % 4 === 0 ? 'waiting' : index % 7 === 0 ? 'done' : 'running');
}

const STATES: Record<string, string> = {
  silent: 'en_route',
  late: 'en_route',
  running: 'en_route',
  waiting: 'scheduled',
  not_started: 'scheduled',
  missed: 'missed',
  cancelled: 'cancelled',
  done: 'closed',
};

/** Trip `index` of the fleet; 16 is the one with riders. */
export function fleetTrip(desk: Desk, index: number): Json {
  const kind = kindOf(desk, index);
  const ahead_s = kind === 'waiting' ? 900 + index * 20 : kind === 'not_started' ? -540 : -700 - index * 10;
  const start = desk.began_ms + ahead_s * 1000;
  const number = index + 1;
  const other = substitutionOf(desk.alarms, `f${String(index)}`);
  return {
    ...worstOf(desk.alarms, `f${String(index)}`),
    ...(kind === 'missed' && {
      findings_open: 1,
      worst: { kind: 'missed_trip', severity: 'act', state: 'open' },
    }),
    id: `f${String(index)}`,
    code: `T${String(number)}-AM`,
    service_date: rfc(desk.began_ms).slice(0, 10),
    direction: desk.home ? 'from_school' : 'to_school',
    route:
      index === 16
        ? route
        : {
            id: `r${String(number)}`,
            code: `R${String(number)}`,
            name: `${String(number)} 路 ${stops()[index % 5]?.named.name ?? ''} – ${schoolOf(index).name}`,
          },
    vehicle: (other?.['vehicle'] as Json | null) ?? {
      id: `v${String(number)}`,
      code: `ZW-${String(number).padStart(4, '0')}`,
      name: `宁E·A${String(number).padStart(4, '0')}校`,
    },
    device: null,
    driver: {
      id: `d${String(number)}`,
      code: `D-${String(number)}`,
      name: `${'马王李张刘陈杨'[index % 7] ?? ''}师傅`,
    },
    school: schoolOf(index),
    state: STATES[kind],
    planned_start_at: rfc(start),
    planned_end_at: rfc(start + 1_500_000),
    started_at: ['silent', 'late', 'running', 'done'].includes(kind) ? rfc(start + 30_000) : null,
    ended_at: kind === 'done' ? rfc(desk.began_ms - 100_000) : null,
    delay_s: kind === 'late' ? 560 + index * 5 : kind === 'running' ? 40 : null,
  };
}

function schoolOf(index: number): Named {
  if (index === 16 || index % 5 === 0) return school;
  const which = index % 4;
  return {
    id: `s1${String(which)}`,
    code: `S1${String(which)}`,
    name: `中卫市第${'一二四五'[which] ?? ''}小学`,
  };
}

export function fleetPosition(desk: Desk, index: number, now: number): Json | null {
  const kind = kindOf(desk, index);
  if (['missed', 'cancelled', 'not_started', 'done'].includes(kind)) return null;
  const driven = kind === 'silent' ? 900 : ((now - desk.began_ms) / 1000) * SPEED_MS;
  const here = along((1100 + index * 83 + driven) % 4700);
  const at = kind === 'silent' ? desk.began_ms - 250_000 : now - 800;
  return {
    vehicle_id: `v${String(index + 1)}`,
    trip_id: kind === 'waiting' ? null : `f${String(index)}`,
    lat: here.lat + ((index * 37) % 23) * 0.006 - 0.06,
    lon: here.lon + ((index * 53) % 29) * 0.009 - 0.12,
    spd: kind === 'waiting' ? 0 : 32,
    hdg: here.hdg,
    at: rfc(at),
    age_s: (now - at) / 1000,
    stale: now - at > 60_000,
    interval_s: 5,
    metre: null,
  };
}

const FLEET = 46;
const indices = Array.from({ length: FLEET }, (_, index) => index);
const isCrew = (desk: Desk): boolean => /^(alarm_)?(attendant|driver)/.test(desk.user);

function tripList(desk: Desk): Json[] {
  if (!isCrew(desk)) return indices.map((index) => fleetTrip(desk, index));
  const one = fleetTrip(desk, 16);
  const later = { ...one, id: 'f99', state: 'scheduled', started_at: null, direction: 'from_school' };
  const start = desk.began_ms + 8 * 3_600_000;
  return [one, { ...later, planned_start_at: rfc(start), planned_end_at: rfc(start + 1_500_000) }];
}

function verdicts(start: number, now: number, closed: boolean): Json {
  const said = (value: string, reason: string, evidence: Json[] = [], not_measured: string[] = []): Json => ({
    value,
    final: closed,
    since: null,
    reason,
    evidence,
    not_measured,
  });
  const off = foundOn(start, now).find(({ kind }) => kind === 'off_route');
  const at = off?.over['began_at'];
  return {
    route: off
      ? said('fail', 'off_route', [
          { what: 'position', at, value: 61.5, lat: 37.5172, lon: 105.2, source: 'ZW/0/400' },
          { what: 'unseen', at, value: '3300-3700 m', lat: null, lon: null, source: null },
        ])
      : said('pass', ''),
    time: said('pass', '', [{ what: 'arrival', at: rfc(start + 195_000), value: 65 }]),
    stops: said('excused', 'road_works', [
      { what: 'excuse', at: rfc(start + 300_000), value: 'stop_skipped', source: 'u1' },
    ]),
    vehicle: said('pass', '', [{ what: 'vehicle', at: rfc(start), value: 'v17' }]),
    people: said('pass', '', [{ what: 'badge', at: rfc(start), value: 'D-0017' }], ['alcohol']),
    marking: said('unknown', 'nothing_read', [], ['tag', 'arm']),
  };
}

export function detail(desk: Desk, id: string, now: number): Json | null {
  const index = Number(/^f(\d+)$/.exec(id)?.[1] ?? NaN);
  if (index !== 99 && !(index >= 0 && index < FLEET)) return null;
  const trip = index === 99 ? (tripList(desk).at(-1) ?? {}) : fleetTrip(desk, index);
  const state = String(trip['state']);
  const start = Date.parse(String(trip['planned_start_at']));
  const driven =
    state === 'en_route'
      ? 1100 + (((now - desk.began_ms) / 1000) * SPEED_MS) / 8
      : state === 'closed'
        ? 9999
        : -1;
  const closed = (signOff(desk)['open'] as string[]).length === 0 && index === 16;
  const { shape, metres } = line();
  return {
    ...trip,
    state: closed ? 'closed' : state,
    plan: {
      stops: stops().map((stop, which) => ({
        ...stop.named,
        seq: which + 1,
        lat: stop.lat,
        lon: stop.lon,
        metre: stop.metre,
        arrival_at: rfc(start + stop.after_s * 1000),
        departure_at: rfc(start + stop.after_s * 1000 + 30_000),
      })),
      shape,
      shape_metres: metres,
    },
    visits: stops().map((stop, which) => {
      const gone = stop.metre < driven;
      const planned = start + stop.after_s * 1000;
      const due = now + ((stop.metre - driven) / SPEED_MS) * 1000;
      return {
        stop_id: stop.named.id,
        seq: which + 1,
        planned_at: rfc(planned),
        arrived_at: gone ? rfc(planned + 65_000) : null,
        departed_at: gone ? rfc(planned + 95_000) : null,
        passed: gone,
        eta:
          state === 'en_route' && !gone
            ? { at: rfc(due), low: rfc(due - 60_000), high: rfc(due + 90_000) }
            : null,
      };
    }),
    position: index < FLEET ? fleetPosition(desk, index, now) : null,
    verdicts: verdicts(start, now, closed),
    counts: counts(desk),
    sign_off: signOff(desk),
    substitution: substitutionOf(desk.alarms, id),
    duty: desk.alarms.duty.since ? desk.alarms.duty : null,
  };
}

function manifest(desk: Desk): Json {
  return {
    trip: { id: 'f16', code: 'T17', name: route.name },
    counts: counts(desk),
    stops: stops().map((stop, which) => ({
      ...stop.named,
      seq: which + 1,
      planned_at: rfc(desk.began_ms + stop.after_s * 1000),
      riders: desk.riders[which],
    })),
    strangers: desk.strangers,
  };
}

function board(desk: Desk, now: number): Json[] {
  return indices
    .filter((index) => schoolOf(index).id === school.id)
    .map((index, which) => {
      const trip = fleetTrip(desk, index);
      const planned = desk.began_ms + (which - 2) * 240_000;
      const arrived = which < 2 || index === 16;
      const running = trip['state'] === 'en_route' && !arrived;
      const quiet = which === 5;
      const said = index === 16 ? signOff(desk) : null;
      const due = planned + (which === 4 ? 400_000 : 30_000);
      const own =
        index === 16
          ? counts(desk)
          : {
              planned: 22,
              expected: running ? 6 : 0,
              aboard: running ? 15 : 0,
              alighted: arrived ? 21 : 0,
              handed_over: 0,
              absent: 1,
              no_show: 0,
              strangers: 0,
            };
      return {
        trip: { ...trip, state: arrived ? 'arrived' : trip['state'] },
        from: stops()[index % 5]?.named,
        planned_at: rfc(planned),
        eta: running && !quiet ? { at: rfc(due), low: rfc(due - 60_000), high: rfc(due + 90_000) } : null,
        arrived_at: arrived ? rfc(planned + 50_000) : null,
        stale: quiet,
        substitution: substitutionOf(desk.alarms, `f${String(index)}`),
        position_at: running ? rfc(quiet ? now - 200_000 : now - 3000) : null,
        counts: own,
        sign_off:
          said ??
          (arrived
            ? {
                delivered: { count: 21, at: rfc(planned), by: bus },
                received:
                  which === 0 ? { count: 21, at: rfc(planned + 90_000), by: bus, remarks: null } : null,
                agreed: which === 0,
                aboard: 0,
                rear_checked_at: rfc(planned),
                open: which === 0 ? [] : ['received'],
              }
            : {
                delivered: null,
                received: null,
                agreed: false,
                aboard: 15,
                rear_checked_at: null,
                open: ['aboard', 'rear_check', 'delivered', 'received'],
              }),
        missing:
          index === 16
            ? desk.riders.flat().filter((rider) => ['no_show', 'expected'].includes(rider.state))
            : which === 3
              ? desk.riders
                  .flat()
                  .slice(2, 4)
                  .map((rider) => ({ ...rider, state: 'expected' }))
              : [],
      };
    });
}

const devices = (now: number): Json[] =>
  indices.slice(0, 18).map((index) => ({
    id: `ZW-${String(index + 1).padStart(4, '0')}`,
    code: `ZW-${String(index + 1).padStart(4, '0')}`,
    vehicle: {
      id: `v${String(index + 1)}`,
      code: `V${String(index + 1)}`,
      name: `宁E·A${String(index + 1).padStart(4, '0')}校`,
    },
    active: index !== 9,
    online: index === 9 ? null : index !== 4,
    changed_at: null,
    seen_at: index === 9 ? null : rfc(now - (index === 4 ? 7_200_000 : 3000)),
    skew_ms: index === 6 ? 91_000 : 120,
    firmware: '1.4.2',
    model: 'SF-1',
    rejected: index === 6 ? 14 : index === 2 ? 1 : 0,
  }));

const house = (now: number): Json => ({
  at: rfc(now),
  version: '0.1.0',
  clock: { now: rfc(now), speed: 1 },
  roles: ['broker', 'ingest', 'web', 'worker'].map((role) => ({
    role,
    alive: role !== 'worker',
    heard_at: rfc(now - 1000),
    age_s: role === 'worker' ? 95 : 1,
    started_at: rfc(now - 86_400_000),
    version: '0.1.0',
  })),
  broker: { kind: 'embedded', address: '127.0.0.1:1883', alive: true },
  database: { kind: 'sqlite', bytes: 81_234_567, revision: '0005' },
  outbox: { waiting: 3, oldest_at: rfc(now - 95_000), pushes_waiting: 2, findings_calling: 1 },
  recorders: { active: 46, online: 44, silent_on_trip: 1, rejected_today: 15 },
  disk: { free_bytes: 41_000_000_000, total_bytes: 120_000_000_000, free_percent: 34.2 },
  problems: ['worker: not heard from for 95 s'],
});

const orderOf = (count: number, { kind, args }: Json, now: number): Json => ({
  id: `o${String(count)}`,
  kind,
  args,
  state: 'sent',
  made_at: rfc(now),
  until: rfc(now + 300_000),
  sent_at: rfc(now),
  answered_at: null,
  ok: null,
  data: null,
  error: null,
  by: me,
});

const me: Named = { id: 'u1', code: 'A-0017', name: '李伟' };

/** Answer one request of a signed-in person: [status, body]; null when this is not the desk's. */
export function deskAnswer(
  desk: Desk,
  act: string,
  query: URLSearchParams,
  body: Json,
  now: number,
): [number, unknown] | null {
  const alarmed = alarmAnswer(desk.alarms, act, query, body, now);
  if (alarmed) return alarmed;
  if (act === 'GET /trips') {
    const from = Number(query.get('after') ?? 0);
    // Short pages, so that the page's way through them is walked.
    const items = tripList(desk);
    const next = from + 20 < items.length ? String(from + 20) : null;
    return [200, { items: items.slice(from, from + 20), next }];
  }
  if (act === 'GET /positions')
    return [
      200,
      { items: indices.map((index) => fleetPosition(desk, index, now)).filter(Boolean), next: null },
    ];
  if (act === 'GET /board') return [200, { items: board(desk, now) }];
  if (act === 'GET /devices') return [200, { items: devices(now), next: null }];
  if (act === 'GET /system') return desk.user === 'admin' ? [200, house(now)] : null;
  if (act.startsWith('GET /devices/') && act.endsWith('/commands'))
    return [200, { items: desk.orders, next: null }];
  if (act.startsWith('POST /devices/') && act.endsWith('/commands')) {
    const made = orderOf(desk.orders.length, body, now);
    desk.orders.unshift(made);
    return [201, made];
  }
  if (act.startsWith('GET /devices/'))
    return [
      200,
      {
        items: [
          {
            seq: 88,
            kind: 'pos',
            reason: 't is 91 s in the future',
            received_at: rfc(now - 50_000),
            payload: '{"v":1,"seq":88,"t":1795390323000,"lat":37.51}',
          },
        ],
        next: null,
      },
    ];
  if (act === 'GET /audit')
    return [
      200,
      {
        items: ['manifest.read', 'trip.read', 'session.opened', 'track.read'].map((action, index) => ({
          id: 900 - index,
          at: rfc(now - index * 61_000),
          user: me,
          action,
          object: 'trip T17-AM',
          detail: null,
        })),
        next: null,
      },
    ];
  const [, method, id = '', part = ''] = /^(GET|POST) \/trips\/(\w+)\/?([\w-]*)$/.exec(act) ?? [];
  if (!method) return null;
  const whole = detail(desk, id, now);
  if (!whole) return [404, { error: { code: 'not_found', message: 'no such trip' } }];
  if (method === 'GET' && part === 'track') return track(whole, query, now);
  if (method === 'GET')
    return part === 'manifest' ? [200, manifest(desk)] : part === '' ? [200, whole] : null;
  return post(desk, id, part, body, now);
}

function track(whole: Json, query: URLSearchParams, now: number): [number, unknown] {
  if (whole['started_at'] === null)
    return [404, { error: { code: 'not_found', message: 'No bus has run this trip.' } }];
  const start = Date.parse(String(whole['planned_start_at']));
  return [200, trackOf(start, now, Date.parse(query.get('from') ?? '') || 0)];
}

function post(desk: Desk, id: string, part: string, body: Json, now: number): [number, unknown] | null {
  const client_id = typeof body['client_id'] === 'string' ? body['client_id'] : '';
  const repeated = client_id !== '' && desk.taken.has(client_id);
  const said = (): Said => ({
    count: Number(body['count']),
    at: String(body['at'] ?? rfc(now)),
    by: me,
    remarks: (body['remarks'] as string | undefined) ?? null,
  });
  if (part === 'rides') return rides(desk, body);
  if (!repeated) desk.calls.push({ path: part, body });
  if (client_id) desk.taken.set(client_id, body);
  if (part === 'duty') {
    const signed = body['state'] === 'on' ? { ...me, id: 'a17' } : null;
    desk.alarms.duty = { driver: null, attendant: signed, since: rfc(now) };
    return [200, { accepted: [client_id] }];
  }
  if (part === 'headcount') desk.delivered = said();
  else if (part === 'rear-check') desk.rear_checked_at = String(body['at']);
  else if (part === 'arrival') {
    desk.received = said();
    // Before the attendant has counted, the ticks are what the school's number is held against.
    const seen = all(desk).filter((rider) => ['aboard', 'alighted'].includes(rider.state)).length;
    const delivered = desk.delivered?.count ?? seen;
    if (delivered !== desk.received.count) {
      const in_doubt = desk.riders.flat().filter((rider) => rider.state === 'no_show');
      const fields = { delivered, received: desk.received.count, in_doubt };
      return [409, { error: { code: 'count_mismatch', message: 'The counts differ.', fields } }];
    }
  } else if (part === 'cancel') {
    desk.cancelled.add(id);
    return [200, detail(desk, id, now)];
  } else return null;
  return [200, { sign_off: signOff(desk) }];
}

function rides(desk: Desk, body: Json): [number, unknown] {
  const items = body['items'] as { rider_id: string; dir: string; at: string; client_id: string }[];
  const unknown = items.findIndex((item) => !all(desk).some((rider) => rider.id === item.rider_id));
  if (unknown >= 0)
    return [
      422,
      {
        error: {
          code: 'invalid',
          message: 'not taken',
          fields: { [`items.${String(unknown)}.rider_id`]: 'unknown' },
        },
      },
    ];
  desk.calls.push({ path: 'rides', body });
  for (const item of items) {
    if (desk.taken.has(item.client_id)) continue;
    desk.taken.set(item.client_id, item);
    const rider = all(desk).find((one) => one.id === item.rider_id);
    if (!rider) continue;
    rider.state = item.dir === 'on' ? 'aboard' : 'alighted';
    rider.since = rfc(Date.parse(item.at));
  }
  return [200, { accepted: items.map((item) => item.client_id) }];
}
