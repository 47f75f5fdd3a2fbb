/** The messages of the pages of schools. */

import en from 'virtual:words/school.en';
import zh from 'virtual:words/school.zh';
import type messages from './school.en.json';
import type { PageWords, Values } from './say.ts';

export type SchoolKey = keyof typeof messages;
export type SchoolSay = (key: SchoolKey, values?: Values) => string;
export const schoolWords: PageWords<SchoolKey> = { en, zh };
