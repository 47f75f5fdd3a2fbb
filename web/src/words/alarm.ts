/** The messages of what is wrong and calls for a person, on every page of staff. */

import en from 'virtual:words/alarm.en';
import zh from 'virtual:words/alarm.zh';
import type messages from './alarm.en.json';
import type { PageWords, Values } from './say.ts';

export type AlarmKey = keyof typeof messages;
export type AlarmSay = (key: AlarmKey, values?: Values) => string;
export const alarmWords: PageWords<AlarmKey> = { en, zh };
