/** Why a record was refused, as the gate says it, sorted into the few causes that a person can do something about. */

/** What was wrong; `other` is a sentence of a newer server. */
export const CAUSES = [
  'json',
  'missing',
  'type',
  'range',
  'form',
  'value',
  'future',
  'unset',
  'size',
  'packed',
  'kind',
  'version',
  'gap',
  'nested',
  'unfitted',
  'other',
] as const;
export type Cause = (typeof CAUSES)[number];

export type Rejection = {
  readonly cause: Cause;
  /** The field that is meant, as the protocol names it; empty where it is the whole record. */
  readonly field: string;
  /** A number that the sentence names: seconds ahead, bytes. */
  readonly number: number;
};

/** In this order: the first that fits is it. The group `field` or `number` is what the sentence names. */
const SAID: readonly (readonly [RegExp, Cause])[] = [
  [/fitted to no bus/, 'unfitted'],
  [/^t is (?<number>\d+) s in the future/, 'future'],
  [/^t is before 2020/, 'unset'],
  [/^(?:no \S+: )?Object missing required field `(?<field>\w+)`/, 'missing'],
  [/^record without its kind/, 'missing'],
  [/needs the command's id|answer needs ok/, 'missing'],
  [/^(?:no \S+: )?Expected `\w+`(?: \| \w+)* (?:[<>]=?|matching|of length)/, 'range'],
  [/^(?:no \S+: )?Expected `[^`]+`, got/, 'type'],
  [/^Invalid enum value \S+ - at `\$\.v`/, 'version'],
  [/^version |^v must be 1/, 'version'],
  [/^Invalid enum value/, 'value'],
  [/JSON/, 'json'],
  [/^(?:message|batch) of (?<number>\d+) (?:bytes|records)|^batch inflates/, 'size'],
  [/gzip/, 'packed'],
  [/kind '.*' is not/, 'kind'],
  [/is no range$/, 'gap'],
  [/nested deeper/, 'nested'],
  [/^no (?:batch|`online`):/, 'json'],
];

/** Read the gate's sentence. */
export function rejectionOf(reason: string): Rejection {
  for (const [pattern, cause] of SAID) {
    const found = pattern.exec(reason);
    if (!found) continue;
    const field = found.groups?.['field'] ?? /- at `\$\.([\w.]+)`/.exec(reason)?.[1] ?? '';
    // A text that breaks its pattern has the wrong form; a number outside its limits is out of range.
    const formed = cause === 'range' && reason.includes('`str`') ? 'form' : cause;
    return { cause: formed, field, number: Number(found.groups?.['number'] ?? 0) };
  }
  return { cause: 'other', field: '', number: 0 };
}

/** What a device sends, as topics and batches name it; `other` is anything else. */
export const RECORD_KINDS = [
  'pos',
  'ride',
  'duty',
  'event',
  'gap',
  'batch',
  'online',
  'ack',
  'topic',
  'other',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export function recordKind(said: string): RecordKind {
  return RECORD_KINDS.find((one) => one === said) ?? 'other';
}
