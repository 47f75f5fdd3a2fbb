/** The messages of the pages of attendants and drivers. */

import en from 'virtual:words/crew.en';
import zh from 'virtual:words/crew.zh';
import type messages from './crew.en.json';
import type { PageWords, Values } from './say.ts';

export type CrewKey = keyof typeof messages;
export type CrewSay = (key: CrewKey, values?: Values) => string;
export const crewWords: PageWords<CrewKey> = { en, zh };
