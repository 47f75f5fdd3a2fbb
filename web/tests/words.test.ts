import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ageWords, clockTime, dayName, intervalTimes, sameDay } from '../src/format/time.ts';
import { initial } from '../src/format/name.ts';
import { sayIn, type Key } from '../src/words/say.ts';
import { at } from './builders.ts';

const folder = new URL('../src/words/', import.meta.url);
const messages = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`${language}.json`, folder), 'utf8')) as Record<string, string>;
const en = messages('en');
const zh = messages('zh');

/** The arguments of a message: {name} and {name, plural, …}. */
const argumentsOf = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)(?=[},])/g)].map((match) => match[1] ?? ''))].sort();

describe('the two languages', () => {
  it('have the same messages', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
  });

  it.each(Object.keys(en))('say the same things: %s', (key) => {
    expect(zh[key]?.trim()).toBeTruthy();
    const some = new Set(argumentsOf(en[key] ?? ''));
    // A plural's branches hold words in braces as well; only what both name is an argument of both.
    for (const name of argumentsOf(zh[key] ?? '')) expect(some).toContain(name);
  });

  it('leave no English in a Chinese sentence', () => {
    for (const text of Object.values(zh)) {
      const bare = text.replace(/\{\w+(, (plural|select),)?|=\d|\b(one|other|to_school)\b/g, '');
      expect(bare.replace(/JavaScript/g, '')).not.toMatch(/[A-Za-z]{3,}/);
    }
  });

  it('are all used', () => {
    const root = new URL('../src/', import.meta.url);
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|svelte)$/.test(name))
      .map((name) => readFileSync(new URL(name, root), 'utf8'))
      .join('\n');
    // Keys that are put together from a value of the model: `say.${kind}` and the like.
    const made = [...sources.matchAll(/[`']([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((match) => match[1] ?? '!');
    const unused = Object.keys(en).filter(
      (key) => !sources.includes(`'${key}'`) && !made.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

describe('plurals', () => {
  const said = (key: Key, values: Record<string, number>): string[] => [
    sayIn('en', key, values),
    sayIn('zh', key, values),
  ];

  it('follow each language', () => {
    expect(said('error.too_many', { seconds: 1 })).toEqual([
      'Too many tries. You can try again in 1 second.',
      '尝试次数过多，请 1 秒后再试。',
    ]);
    expect(said('error.too_many', { seconds: 42 })[0]).toContain('42 seconds');
  });
});

describe('times', () => {
  it("are said in the agency's zone, wherever the reader is", () => {
    expect(clockTime(at('07:31:59'))).toBe('07:31');
    expect(clockTime({ ms: at('07:31').ms, offset_min: -240 })).toBe('19:31');
  });

  it('widen an interval to whole minutes, never narrow it', () => {
    expect(intervalTimes(at('07:31:20'), at('07:33:30'))).toEqual({ low: '07:31', high: '07:34' });
    expect(intervalTimes(at('07:31'), at('07:34'))).toEqual({ low: '07:31', high: '07:34' });
  });

  it.each([
    [0.4, { kind: 'now' }],
    [8.9, { kind: 'live', seconds: 8 }],
    [59.9, { kind: 'live', seconds: 59 }],
    [60, { kind: 'old', minutes: 1 }],
    [239, { kind: 'old', minutes: 3 }],
    [7300, { kind: 'old_hours', hours: 2 }],
  ])('an age of %f s', (age, words) => {
    expect(ageWords(age)).toEqual(words);
  });

  it('know the day', () => {
    expect(sameDay(at('00:10'), at('23:50'))).toBe(true);
    expect(sameDay(at('23:50'), { ...at('00:10'), ms: at('23:50').ms + 1_200_000 })).toBe(false);
    expect(dayName(at('07:31'), 'zh-CN')).toBe('9月1日');
    expect(dayName(at('07:31'), 'en-GB')).toBe('1 September');
  });
});

it('a name has one letter', () => {
  expect(['小雨', 'Lily', ' 马 ', ''].map(initial)).toEqual(['雨', 'L', '马', '·']);
});
