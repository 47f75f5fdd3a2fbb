/** The messages of the switch that lets a phone be told when the page is closed. */

import en from 'virtual:words/push.en';
import zh from 'virtual:words/push.zh';
import type messages from './push.en.json';
import type { PageWords } from './say.ts';

export type PushKey = keyof typeof messages;
export const pushWords: PageWords<PushKey> = { en, zh };
