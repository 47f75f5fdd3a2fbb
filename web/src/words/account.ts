/** The messages of changing one's password, which nobody needs at first. */

import en from 'virtual:words/account.en';
import zh from 'virtual:words/account.zh';
import type messages from './account.en.json';
import type { PageWords, Values } from './say.ts';

export type AccountKey = keyof typeof messages;
export type AccountSay = (key: AccountKey, values?: Values) => string;
export const accountWords: PageWords<AccountKey> = { en, zh };
