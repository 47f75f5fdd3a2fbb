/** Says a message in a language: the messages are compiled at build, the plural rules are the browser's. */

import format, { type CompiledMessage, type FormatValues } from 'icu-minify/format';
import en from 'virtual:words/en';
import zh from 'virtual:words/zh';
import type messages from './en.json';
import type { Language } from '../model/person.ts';

export type Key = keyof typeof messages;
export type Values = Readonly<Record<string, string | number>>;
export type Say = (key: Key, values?: Values) => string;
/** The messages of one page, which come with it and not with the first screen. */
export type PageWords<K extends string> = Record<Language, Record<string, CompiledMessage>> & {
  readonly keys?: K;
};

const MESSAGES: Record<Language, Record<string, CompiledMessage>> = { zh, en };
/** The regions say how digits and dates look; one needs no other from either. */
export const LOCALES: Record<Language, string> = { zh: 'zh-CN', en: 'en-GB' };

const numbers = new Map<string, Intl.NumberFormat>();
const plurals = new Map<string, Intl.PluralRules>();

function kept<T>(cache: Map<string, T>, locale: string, make: () => T): T {
  const known = cache.get(locale) ?? make();
  cache.set(locale, known);
  return known;
}

const formatters = {
  getDateTimeFormat: (...args: ConstructorParameters<typeof Intl.DateTimeFormat>) =>
    new Intl.DateTimeFormat(...args),
  getNumberFormat: (...args: ConstructorParameters<typeof Intl.NumberFormat>) =>
    kept(numbers, String(args[0]), () => new Intl.NumberFormat(...args)),
  getPluralRules: (...args: ConstructorParameters<typeof Intl.PluralRules>) =>
    kept(plurals, String(args[0]), () => new Intl.PluralRules(...args)),
};

/** Say `key` in `language`; a missing key is said as itself, so that it is seen. */
export function sayIn(language: Language, key: Key, values?: Values): string {
  return sayFrom(MESSAGES, language, key, values);
}

/** The same from the messages of one page. */
export function sayFrom<K extends string>(
  words: PageWords<K>,
  language: Language,
  key: K,
  values?: Values,
): string {
  const message = words[language][key];
  if (message === undefined) return key;
  return format<string>(message, LOCALES[language], values as FormatValues<string>, { formatters }) as string;
}
