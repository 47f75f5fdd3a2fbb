/** The messages of the pages where records, packs and permits are kept. */

import en from 'virtual:words/office.en';
import zh from 'virtual:words/office.zh';
import type messages from './office.en.json';
import type { PageWords, Values } from './say.ts';

export type OfficeKey = keyof typeof messages;
export type OfficeSay = (key: OfficeKey, values?: Values) => string;
export const officeWords: PageWords<OfficeKey> = { en, zh };
