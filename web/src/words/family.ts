/** The messages of what a guardian opens after the first words: notices, settings, a trip of another time. */

import en from 'virtual:words/family.en';
import zh from 'virtual:words/family.zh';
import type messages from './family.en.json';
import type { PageWords, Values } from './say.ts';

export type FamilyKey = keyof typeof messages;
export type FamilySay = (key: FamilyKey, values?: Values) => string;
export const familyWords: PageWords<FamilyKey> = { en, zh };
