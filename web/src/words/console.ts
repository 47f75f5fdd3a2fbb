/** The messages of the pages of dispatchers, regulators and administrators. */

import en from 'virtual:words/console.en';
import zh from 'virtual:words/console.zh';
import type messages from './console.en.json';
import type { PageWords, Values } from './say.ts';

export type ConsoleKey = keyof typeof messages;
export type ConsoleSay = (key: ConsoleKey, values?: Values) => string;
export const consoleWords: PageWords<ConsoleKey> = { en, zh };
