/** What a piece of evidence says, in words that a person has: machine words and ids are never shown. */

import { dotted } from '../format/name.ts';
import { FINDING_KINDS, type Evidence, type FindingKind } from '../model/finding.ts';
import { VERDICT_REASONS } from '../model/staff_trip.ts';
import type { AlarmSay } from '../words/alarm.ts';
import type { ConsoleSay } from '../words/console.ts';

const ID = /^[0-9a-f]{32}$/;
const MACHINE_WORD = /^[a-z_]+$/;
const STRETCH = /^(\d+)-(\d+) m$/;
/** From here on minutes say it better. */
const MINUTES_FROM_S = 120;

export type Speech = {
  readonly words: ConsoleSay;
  readonly kinds: AlarmSay;
  /** What an id is called, where the page knows it. */
  readonly nameOf: (id: string) => string | null;
  /** What was found by it, which tells what a bare number counts. */
  readonly of: string;
};

/** A piece of evidence whole: what it is and what it says; of an excuse, who approved it, what had failed, and their remark. */
export function evidenceWords(one: Evidence, speech: Speech): string {
  const { words } = speech;
  const value = valueWords(one, speech);
  if (one.what === 'excuse' && one.by)
    return dotted(words('excuse.by', { who: one.by.name, failed: value ?? '–' }), one.remarks);
  const what = words(`evidence.${one.what}`);
  return value === null ? what : words('evidence.said', { what, value });
}

/** The value of a piece of evidence; null where it has none that says something. */
export function valueWords({ what, value }: Evidence, speech: Speech): string | null {
  if (value === null) return null;
  if (what === 'position' && typeof value === 'number' && speech.of === 'off_route')
    return speech.words('measure.beside', { value: Math.round(value) });
  return typeof value === 'number' ? numberWords(what, value, speech.words) : textWords(value, speech);
}

function textWords(text: string, { words, kinds, nameOf }: Speech): string | null {
  if ((FINDING_KINDS as readonly string[]).includes(text)) return kinds(`kind.${text as FindingKind}`);
  const reason = VERDICT_REASONS.find((one) => one === text);
  if (reason) return words(`six.reason.${reason}`);
  if (ID.test(text)) return nameOf(text);
  const stretch = STRETCH.exec(text);
  if (stretch) return words('measure.stretch', { from: stretch[1] ?? '', to: stretch[2] ?? '' });
  return MACHINE_WORD.test(text) ? null : text;
}

function numberWords(what: Evidence['what'], value: number, words: ConsoleSay): string | null {
  const whole = Math.round(value);
  switch (what) {
    case 'speed':
      return words('measure.kmh', { value: whole });
    case 'door':
      // Open at a halt says 1; open on the way says how fast.
      return value > 1 ? words('measure.kmh', { value: whole }) : null;
    case 'lamp':
    case 'arm':
      return words(value > 0 ? 'signal.on' : 'signal.off');
    case 'arrival':
    case 'departure':
      return words(value < 0 ? 'measure.early' : 'measure.late', { value: duration(Math.abs(whole), words) });
    case 'driving_24h':
    case 'driving_day':
    case 'driving_elsewhere':
    case 'driving_night':
      return duration(whole, words);
    case 'coverage':
      return words('measure.share', { value });
    case 'alcohol':
      return words('measure.alcohol', { value });
    case 'count':
    case 'delivered':
    case 'received':
      return words('measure.people', { value: whole });
    case 'harsh_accel':
    case 'harsh_brake':
    case 'harsh_turn':
      return words('measure.g', { value });
    // A metre of the line or the bus's speed there, a stop's number: the map shows the one, the finding names the other.
    case 'position':
    case 'visit':
      return null;
    default:
      return String(value);
  }
}

function duration(seconds: number, words: ConsoleSay): string {
  return seconds >= MINUTES_FROM_S
    ? words('measure.minutes', { value: Math.round(seconds / 60) })
    : words('measure.seconds', { value: seconds });
}
