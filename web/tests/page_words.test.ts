import { readdirSync, readFileSync } from 'node:fs';
import compile from 'icu-minify/compile';
import { describe, expect, it } from 'vitest';
import { BOARD_STATES } from '../src/model/board.ts';
import { ACTIONS } from '../src/model/device.ts';
import {
  CONTACT_ROLES,
  FINDING_KINDS,
  FINDING_STATES,
  SEEN,
  SEVERITIES,
  STEPS,
  TAKEN_STEPS,
  TIERS,
} from '../src/model/finding.ts';
import { CAMERAS, COMMAND_KINDS, COMMAND_STATES } from '../src/model/command.ts';
import { HOUSE_ROLES } from '../src/model/house.ts';
import { CAUSES, RECORD_KINDS } from '../src/model/rejection.ts';
import { LEAD_WAYS } from '../src/model/choice.ts';
import { NEEDS } from '../src/model/need.ts';
import { NOTICE_KINDS } from '../src/model/notice.ts';
import { FIXED, OPEN_POINTS, SIGNALS, VERDICT_REASONS, VERDICT_VALUES } from '../src/model/staff_trip.ts';
import { SUBSTITUTES, WHY_NOT } from '../src/model/substitution.ts';
import { BANDS } from '../src/model/track.ts';
import { DIRECTIONS, RIDER_STATES, TRIP_STATES } from '../src/model/trip.ts';
import { sayFrom } from '../src/words/say.ts';
import { familyWords } from '../src/words/family.ts';
import { crewWords } from '../src/words/crew.ts';

const folder = new URL('../src/words/', import.meta.url);
const messages = (file: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`${file}.json`, folder), 'utf8')) as Record<string, string>;
const argumentsOf = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)(?=[},])/g)].map((match) => match[1] ?? ''))].sort();

/** The folder whose pages speak each set, and the keys that are made of values of the model. */
const SETS = {
  crew: {
    pages: 'attendant',
    made: {
      direction: DIRECTIONS,
      trip: TRIP_STATES,
      rider: RIDER_STATES,
      open: OPEN_POINTS,
      work: ['on', 'off'],
      undo: ['on', 'off'],
      count: DIRECTIONS,
      'kept.ride': ['on', 'off'],
      'kept.duty': ['on', 'off'],
      ask: ['stranger', 'absent', 'aboard', 'off', 'not_aboard', 'plain'],
    },
  },
  family: {
    pages: 'family',
    made: {
      notice: NOTICE_KINDS,
      day: DIRECTIONS,
      'day.state': TRIP_STATES,
      rides: ['on', 'off', 'on.placeless', 'off.placeless'],
      choices: [...DIRECTIONS, ...LEAD_WAYS],
      'choices.by': LEAD_WAYS,
      'choices.says': LEAD_WAYS,
      'choices.kind': ['approaching', 'boarded', 'alighted', 'arrived', 'handed_over', 'late'],
    },
  },
  account: { pages: 'account', made: { invitation: ['guardian', 'staff', 'carer'] } },
  alarm: {
    pages: 'alarm',
    made: { kind: FINDING_KINDS, role: [...CONTACT_ROLES, ...TIERS], sound: ['on', 'off', 'blocked'] },
  },
  school: {
    pages: 'school',
    made: {
      state: BOARD_STATES,
      rider: RIDER_STATES,
      direction: DIRECTIONS,
      sum: DIRECTIONS,
      ask: DIRECTIONS,
      differ: DIRECTIONS,
      'differ.note': DIRECTIONS,
      'differ.said': DIRECTIONS,
      'col.from': DIRECTIONS,
    },
  },
  console: {
    pages: 'console',
    made: {
      need: NEEDS,
      six: FIXED,
      'six.value': VERDICT_VALUES,
      'six.reason': VERDICT_REASONS,
      signal: SIGNALS,
      act: ACTIONS,
      open: OPEN_POINTS,
      direction: DIRECTIONS,
      rider: RIDER_STATES,
      'find.state': FINDING_STATES,
      'find.empty': FINDING_STATES,
      'find.severity': SEVERITIES,
      'find.do': STEPS,
      'find.taken': TAKEN_STEPS,
      evidence: SEEN,
      measure: ['metres', 'kmh', 'people', 'alcohol'],
      band: BANDS,
      'sign_on.driver': ['on', 'off'],
      'sign_on.attendant': ['on', 'off'],
      'sub.open': SUBSTITUTES,
      'sub.title': SUBSTITUTES,
      'sub.effect': SUBSTITUTES,
      reject: CAUSES,
      record: RECORD_KINDS,
      order: [...COMMAND_KINDS, 'other', 'dump.what', 'plan.what', 'reboot.what'],
      'order.state': COMMAND_STATES,
      camera: CAMERAS,
      'house.role': HOUSE_ROLES,
      'sub.why': WHY_NOT,
      'sub.reason': ['breakdown', 'workshop', 'ill', 'away', 'other_trip', 'ice', 'works', 'school'],
    },
  },
} as const;

describe.each(Object.entries(SETS))('the words of %s', (name, { pages, made }) => {
  const en = messages(`${name}.en`);
  const zh = messages(`${name}.zh`);
  const root = new URL(`../src/${pages}/`, import.meta.url);
  const sources = readdirSync(root, { encoding: 'utf8' })
    .map((file) => readFileSync(new URL(file, root), 'utf8'))
    .join('\n');
  const madeKeys = Object.entries(made as Record<string, readonly string[]>).flatMap(([prefix, values]) =>
    values.map((value) => `${prefix}.${value}`),
  );

  it('are the same in both languages, and every one is a message', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    for (const text of [...Object.values(en), ...Object.values(zh)]) {
      expect(text.trim()).not.toBe('');
      expect(() => compile(text)).not.toThrow();
    }
  });

  it('name the same values', () => {
    for (const [key, text] of Object.entries(zh))
      for (const argument of argumentsOf(text)) expect(argumentsOf(en[key] ?? ''), key).toContain(argument);
  });

  it('have every key that is made of a value', () => {
    for (const key of madeKeys) expect(en, key).toHaveProperty([key]);
  });

  it('are all used', () => {
    const unused = Object.keys(en).filter((key) => !sources.includes(`'${key}'`) && !madeKeys.includes(key));
    expect(unused).toEqual([]);
  });

  it('leave no English in a Chinese sentence', () => {
    for (const text of Object.values(zh)) {
      const bare = text.replace(/\{\w+(, (plural|select),)?|=\d|\b(one|other|to_school)\b/g, '');
      expect(bare).not.toMatch(/[A-Za-z]{3,}/);
    }
  });
});

it('messages of a page are said with plurals', () => {
  expect(sayFrom(crewWords, 'en', 'search.found', { count: 1 })).toBe('1 rider found');
  expect(sayFrom(crewWords, 'zh', 'search.found', { count: 2 })).toBe('找到 2 人');
  expect(sayFrom(familyWords, 'en', 'notices.unread', { count: 1 })).toBe('1 new');
  expect(sayFrom(familyWords, 'zh', 'choices.says.stops', { value: 1, stop: '迎宾桥' })).toContain(
    '下一站就是迎宾桥',
  );
});
