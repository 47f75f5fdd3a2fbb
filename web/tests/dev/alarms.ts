/** What the fake server says of findings, calls and substitutions, and what was done about them. */

import { route, school, stops, type Named } from './county.ts';
import { rfc } from './scene.ts';

type Json = Record<string, unknown>;
export type FakeFinding = Json & { id: string; state: string; kind: string; severity: string; steps: Json[] };

export type FakeAlarms = {
  readonly findings: FakeFinding[];
  readonly notices: Json[];
  readonly substitutions: Map<string, Json & { id: string; trip: string }>;
  /** Whether the attendant's sign-on has arrived, and whose it is. */
  duty: { attendant: Named | null; driver: Named | null; since: string | null };
};

const PHONES = [
  { name: '李伟', role: 'attendant', phone: '138 0000 0017' },
  { name: '马师傅', role: 'driver', phone: '139 0000 0017' },
  { name: '中卫市第三小学', role: 'school', phone: '0955-701 0003' },
];
const me: Named = { id: 'u1', code: 'D-1', name: '李伟' };

function bus(index: number): Named {
  const number = String(index + 1).padStart(4, '0');
  return { id: `v${String(index + 1)}`, code: `ZW-${number}`, name: `宁E·A${number}校` };
}

function finding(
  id: string,
  kind: string,
  severity: string,
  index: number,
  now: number,
  over: Json = {},
): FakeFinding {
  const calls = ['sos', 'left_aboard', 'wrong_stop', 'rear_check_missing'].includes(kind);
  return {
    id,
    kind,
    severity,
    fixed: null,
    trip: {
      id: `f${String(index)}`,
      code: `T${String(index + 1)}-AM`,
      name: index === 16 ? route.name : `${String(index + 1)} 路`,
    },
    vehicle: bus(index),
    driver: { id: `d${String(index)}`, code: `D-${String(index)}`, name: '马师傅' },
    rider: null,
    stop: null,
    began_at: rfc(now - 180_000),
    ended_at: null,
    measured: null,
    limit: null,
    evidence: [
      { what: 'position', at: rfc(now - 180_000), value: null, lat: 37.5, lon: 105.2, source: 'ZW/0/17' },
    ],
    state: 'open',
    owner: null,
    deadline_at: rfc(now + 86_400_000),
    answered_at: null,
    withdrawn_at: null,
    call: PHONES,
    calls: calls ? { tier: 'school', times: 3, next_at: rfc(now + 60_000) } : null,
    steps: [],
    ...over,
  };
}

/** A day with alarms for the users whose names begin with `alarm`; some findings for a plain operator or regulator; none for the rest. */
export function newAlarms(
  user: string,
  now: number,
  found: readonly { kind: string; severity: string; over: Json }[] = [],
): FakeAlarms {
  const third = stops()[2]?.named ?? null;
  const xiaoyu = { id: 'k1', code: 'K1', name: '王梓涵' };
  const plain = [
    finding('g1', 'overspeed', 'act', 21, now, { measured: 71, limit: 60, ended_at: rfc(now - 120_000) }),
    finding('g2', 'lamps_off', 'watch', 22, now, { stop: third }),
    finding('g3', 'arrived_late', 'info', 8, now, { measured: 620, limit: 360, stop: third }),
    finding('g4', 'door_open_moving', 'act', 23, now, { state: 'acknowledged', owner: me }),
    finding('g5', 'wrong_driver', 'act', 24, now, {
      state: 'rectified',
      owner: me,
      deadline_at: rfc(now - 3_600_000),
    }),
    finding('g6', 'off_route', 'watch', 25, now, {
      state: 'closed',
      owner: me,
      began_at: rfc(now - 90_000_000),
    }),
  ];
  const calling = [
    finding('a1', 'sos', 'act', 9, now, { ended_at: rfc(now - 180_000) }),
    finding('a2', 'left_aboard', 'act', 16, now, {
      rider: xiaoyu,
      stop: stops()[5]?.named ?? null,
      measured: 1,
    }),
    finding('a3', 'wrong_stop', 'act', 13, now, {
      rider: { id: 'k9', code: 'K9', name: '周俊熙' },
      stop: third,
    }),
    finding('a4', 'rear_check_missing', 'act', 30, now, {
      calls: { tier: 'regulator', times: 6, next_at: rfc(now + 60_000) },
    }),
  ];
  for (const [index, { kind, severity, over }] of found.entries())
    plain.push(finding(`t${String(index)}`, kind, severity, 16, now, over));
  const alarms = user.startsWith('alarm');
  const notice = (id: string, kind: string, finding_id: string, zh: string, en: string): Json => ({
    id,
    kind,
    child: kind === 'sos' ? null : xiaoyu,
    trip: { id: 'f16', code: 'T17-AM', name: route.name },
    at: rfc(now - 120_000),
    sent_at: rfc(now - 5000),
    read_at: null,
    late: false,
    text: { zh, en },
    finding: { id: finding_id, kind },
    call: PHONES.slice(1),
    answered_at: null,
  });
  return {
    findings: alarms ? [...calling, ...plain] : /^(operator|regulator|proof)/.test(user) ? plain : [],
    notices:
      alarms && user !== 'alarm' && user !== 'alarm_regulator'
        ? [
            notice(
              'w1',
              'left_aboard',
              'a2',
              '王梓涵可能还在 17 号车上（中卫市第三小学）。请立即上车查看。',
              '王梓涵 may still be on Bus 17 (Third School). Look on the bus now.',
            ),
          ]
        : [],
    substitutions: new Map(),
    duty: { attendant: null, driver: null, since: null },
  };
}

/** How many findings of a trip are still to be put right, and the worst. */
export function worstOf(alarms: FakeAlarms, trip: string): Json {
  const open = alarms.findings.filter(
    (one) => (one['trip'] as Named).id === trip && ['open', 'acknowledged'].includes(one.state),
  );
  const [worst] = [...open].sort(
    (a, b) => ['act', 'watch', 'info'].indexOf(a.severity) - ['act', 'watch', 'info'].indexOf(b.severity),
  );
  return {
    findings_open: open.length,
    worst: worst ? { kind: worst.kind, severity: worst.severity, state: worst.state } : null,
  };
}

export function substitutionOf(alarms: FakeAlarms, trip: string): Json | null {
  return [...alarms.substitutions.values()].find((one) => one.trip === trip) ?? null;
}

const AFTER: Record<string, [from: string[], to: string, done: string]> = {
  acknowledge: [['open'], 'acknowledged', 'acknowledged'],
  rectify: [['acknowledged'], 'rectified', 'rectified'],
  close: [['rectified'], 'closed', 'closed'],
  reopen: [['rectified', 'closed'], 'open', 'reopened'],
};

function step(alarms: FakeAlarms, id: string, which: string, body: Json, now: number): [number, unknown] {
  const one = alarms.findings.find((other) => other.id === id);
  const [from, to, done] = AFTER[which] ?? [[], '', ''];
  if (!one) return [404, { error: { code: 'not_found', message: 'no such finding' } }];
  if (!from.includes(one.state))
    return [409, { error: { code: 'conflict', message: 'not possible', fields: { state: one.state } } }];
  one.state = to;
  one['owner'] ??= me;
  one['calls'] = null;
  one.steps.push({ at: rfc(now), by: me, step: done, remarks: body['remarks'] ?? null });
  for (const notice of alarms.notices)
    if ((notice['finding'] as Json)['id'] === id) notice['answered_at'] = rfc(now);
  return [200, one];
}

const people = (role: string): Json[] => [
  { id: `${role}1`, code: `${role}-1`, name: '王芳', phone: '137 0000 0001', free: true, why_not: null },
  {
    id: `${role}2`,
    code: `${role}-2`,
    name: '赵敏',
    phone: null,
    free: false,
    why_not: { code: 'on_trip', trip: { id: 'f20', code: 'T21-AM', name: '21 路' } },
  },
  {
    id: `${role}3`,
    code: `${role}-3`,
    name: '孙强',
    phone: '137 0000 0003',
    free: false,
    why_not: { code: 'qualification', until: '2026-08-31' },
  },
];

function candidates(): Json {
  return {
    vehicles: [
      {
        ...bus(4),
        seats: 38,
        free: false,
        why_not: { code: 'on_trip', trip: { id: 'f4', code: 'T5-AM', name: '5 路' } },
      },
      { ...bus(46), seats: 45, free: true, why_not: null },
      { ...bus(47), seats: 45, free: true, why_not: null },
      { ...bus(48), seats: 19, free: false, why_not: { code: 'inspection', until: '2026-08-31' } },
    ],
    drivers: people('driver'),
    attendants: people('attendant'),
  };
}

function substitute(alarms: FakeAlarms, body: Json, now: number): [number, unknown] {
  const all = candidates();
  const find = (list: string, key: string): Json | null =>
    (all[list] as Json[]).find((one) => one['id'] === body[key]) ?? null;
  if (typeof body['reason'] !== 'string' || body['reason'] === '')
    return [
      422,
      { error: { code: 'invalid', message: 'A reason is missing.', fields: { reason: 'missing' } } },
    ];
  const made = {
    id: `sub${String(alarms.substitutions.size + 1)}`,
    trip: String(body['trip_id']),
    vehicle: find('vehicles', 'vehicle_id'),
    driver: find('drivers', 'driver_id'),
    attendant: find('attendants', 'attendant_id'),
    reason: body['reason'],
    made_at: rfc(now),
    by: me,
  };
  alarms.substitutions.set(made.id, made);
  return [201, made];
}

/** Answer one request about alarms or substitutions; null when it is about something else. */
export function alarmAnswer(
  alarms: FakeAlarms,
  act: string,
  query: URLSearchParams,
  body: Json,
  now: number,
): [number, unknown] | null {
  if (act === 'GET /findings') {
    const items = alarms.findings.filter(
      (one) =>
        ['state', 'severity', 'kind'].every((key) => !query.has(key) || one[key] === query.get(key)) &&
        [null, (one['trip'] as Named | null)?.id].includes(query.get('trip')),
    );
    return [200, { items, next: null }];
  }
  const [, one] = /^GET \/findings\/(\w+)$/.exec(act) ?? [];
  if (one) {
    const found = alarms.findings.find((other) => other.id === one);
    return found ? [200, found] : [404, { error: { code: 'not_found', message: 'no such finding' } }];
  }
  const [, id, which] = /^POST \/findings\/(\w+)\/(\w+)$/.exec(act) ?? [];
  if (id && which) return step(alarms, id, which, body, now);
  if (act === 'GET /notices') return [200, { items: alarms.notices, next: null }];
  const [, answered] = /^POST \/notices\/(\w+)\/answer$/.exec(act) ?? [];
  if (answered) {
    const notice = alarms.notices.find((other) => other['id'] === answered);
    if (!notice) return [404, { error: { code: 'not_found', message: 'no such notice' } }];
    step(alarms, String((notice['finding'] as Json)['id']), 'acknowledge', body, now);
    notice['answered_at'] = rfc(now);
    return [200, notice];
  }
  if (/^GET \/trips\/\w+\/substitutes$/.test(act)) return [200, candidates()];
  if (act === 'POST /substitutions') return substitute(alarms, body, now);
  if (act === 'GET /substitutions')
    return [
      200,
      {
        items: [...alarms.substitutions.values()].filter((made) => made.trip === query.get('trip')),
        next: null,
      },
    ];
  const [, ended] = /^DELETE \/substitutions\/(\w+)$/.exec(act) ?? [];
  if (ended) return [alarms.substitutions.delete(ended) ? 204 : 404, undefined];
  if (act === 'GET /jurisdictions')
    return [
      200,
      {
        items: [
          { id: 'j1', code: 'J1', name: '沙坡头区', level: 'county', parent: null },
          {
            id: 'j2',
            code: 'J2',
            name: '滨河镇',
            level: 'township',
            parent: { id: 'j1', code: 'J1', name: '沙坡头区' },
          },
          {
            id: 'j3',
            code: 'J3',
            name: '迎水桥镇',
            level: 'township',
            parent: { id: 'j1', code: 'J1', name: '沙坡头区' },
          },
        ],
        next: null,
      },
    ];
  if (act === 'GET /schools')
    return [
      200,
      {
        items: [
          school,
          ...[0, 1, 2, 3].map((which) => ({
            id: `s1${String(which)}`,
            code: `S1${String(which)}`,
            name: '小学',
          })),
        ].map((one, index) => ({
          ...one,
          jurisdiction:
            index % 2 === 0
              ? { id: 'j2', code: 'J2', name: '滨河镇' }
              : { id: 'j3', code: 'J3', name: '迎水桥镇' },
        })),
        next: null,
      },
    ];
  return null;
}
