/** Every reason and every piece of evidence that the server's rules may say has words: read from the rules themselves. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { valueWords } from '../src/console/evidence_words.ts';
import { FINDING_KINDS, SEEN, type Evidence } from '../src/model/finding.ts';
import { SIGNALS, VERDICT_REASONS } from '../src/model/staff_trip.ts';
import { alarmWords } from '../src/words/alarm.ts';
import { consoleWords } from '../src/words/console.ts';
import { sayFrom } from '../src/words/say.ts';
import { at } from './builders.ts';

const server = new URL('../../server/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, server), 'utf8');
const rules = ['rules/', 'service/']
  .flatMap((folder) =>
    readdirSync(new URL(folder, server))
      .filter((file) => file.endsWith('.py'))
      .map((file) => read(folder + file)),
  )
  .concat(read('domain/verdict.py'))
  .join('\n');
const all = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? '')),
];
const literal = (name: string): string[] => {
  const body = new RegExp(`^${name} = Literal\\[([^\\]]*)\\]`, 'm').exec(
    read('domain/finding.py') + read('domain/verdict.py'),
  );
  return all(body?.[1] ?? '', /"(\w+)"/g);
};
/** What a rule makes of a value at run time; another one of these fails the test below until it stands here. */
const MADE: Record<string, readonly string[]> = {
  'f"{paper}_until"': ['inspection_until', 'insurance_until'],
  'f"driving_{found.which}"': ['driving_day', 'driving_night', 'driving_24h'],
  '"lamp" if which == "lamps" else "arm"': ['lamp', 'arm'],
  'event.kind': ['harsh_brake', 'harsh_accel', 'harsh_turn'],
  due: ['not_started', 'missed_trip'],
};

describe('the words of the rules', () => {
  it('name every kind of finding that there is', () => {
    const kinds = literal('FindingKind');
    expect(kinds.length).toBeGreaterThan(40);
    expect(kinds.filter((kind) => !(FINDING_KINDS as readonly string[]).includes(kind))).toEqual([]);
  });

  it('name every reason of a verdict', () => {
    const said = [
      ...all(rules, /_unknown\(\s*trip,\s*"(\w+)"/g),
      ...all(rules, /reason="(\w+)"/g),
      ...all(rules, /reason = trip\.state if trip\.state in \("(\w+)"/g),
      ...all(rules, /else "(\w+)"\n\s+return Verdict\("unknown"/g),
      ...all(/^WHY.*$/m.exec(rules)?.[0] ?? '', /: "(\w+)"/g),
      ...all(rules, /WHY\.get\(row\.state, "(\w+)"\)/g),
      ...literal('LawfulReason'),
    ];
    for (const reason of [
      'positions_missing',
      'nobody_signed_on',
      'not_judged',
      'silent',
      'road_works',
      'not_started',
    ])
      expect(said, 'the test no longer finds what the rules say').toContain(reason);
    const known: readonly string[] = [...VERDICT_REASONS, ...FINDING_KINDS];
    expect(said.filter((reason) => !known.includes(reason))).toEqual([]);
  });

  it('name every piece of evidence', () => {
    const calls = [
      ...all(rules, /\bEvidence\(\s*("\w+"|f"[^"]*"|[a-z_.]+)\s*,/g),
      ...all(rules, /\bseen\(entry, fix, ("\w+" if [^,]*|"\w+"|f"[^"]*")/g),
    ].filter((call) => call !== 'what');
    const words = calls.flatMap(
      (call) => MADE[call] ?? (/^"(\w+)"$/.test(call) ? [call.slice(1, -1)] : [`? ${call}`]),
    );
    expect(words).toContain('speed');
    expect(words).toContain('coverage');
    expect(words.filter((word) => !(SEEN as readonly string[]).includes(word))).toEqual([]);
  });

  it('name every signal that may not be fitted', () => {
    const named = ['door', 'alcohol', 'tag', 'lamp', 'arm'];
    const verdicts = read('rules/verdicts.py');
    for (const signal of named) expect(verdicts).toContain(`"${signal}"`);
    expect(named.filter((signal) => !(SIGNALS as readonly string[]).includes(signal))).toEqual([]);
  });
});

describe('the value of a piece of evidence', () => {
  const speech = (language: 'zh' | 'en', of = '') => ({
    of,
    words: (...[key, values]: Parameters<Parameters<typeof valueWords>[1]['words']>) =>
      sayFrom(consoleWords, language, key, values),
    kinds: (...[key, values]: Parameters<Parameters<typeof valueWords>[1]['kinds']>) =>
      sayFrom(alarmWords, language, key, values),
    nameOf: (id: string) => (id.startsWith('a') ? '文昌阁' : null),
  });
  const said = (
    what: Evidence['what'],
    value: Evidence['value'],
    language: 'zh' | 'en' = 'zh',
    of = '',
  ): string | null =>
    valueWords({ what, value, at: at('07:20'), lat: null, lon: null }, speech(language, of));

  it('is said in its unit', () => {
    expect(said('speed', 71.6)).toBe('时速 72 公里');
    expect(said('arrival', 402, 'en')).toBe('7 min late');
    expect(said('departure', -95)).toBe('早 95 秒');
    expect(said('lamp', 0)).toBe('未开启');
    expect(said('unseen', '100-350 m', 'en')).toBe('Metres 100–350');
    expect(said('coverage', 97.5)).toBe('97.5%');
    expect(said('position', 88.3, 'zh', 'off_route')).toBe('离线路 88 米');
  });

  it('is never an id or a machine word', () => {
    expect(said('unseen', 'a'.repeat(32))).toBe('文昌阁');
    expect(said('vehicle', 'b'.repeat(32))).toBeNull();
    expect(said('event', 'rollover')).toBeNull();
    expect(said('awaited', 'no_show')).not.toMatch(/no_show/);
    expect(said('excuse', 'road_works')).toBe('道路施工');
    expect(said('position', 61.5)).toBeNull();
  });
});
