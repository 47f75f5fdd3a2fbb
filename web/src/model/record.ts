/** The nouns of the plan as pages know them: which fields each has, how one is written, and who may read and write it. */

import type { Role } from './person.ts';

export type Plural =
  | 'vehicles'
  | 'people'
  | 'riders'
  | 'guardians'
  | 'ride-plans'
  | 'routes'
  | 'timetables'
  | 'stops'
  | 'calendars'
  | 'permits'
  | 'schools'
  | 'operators'
  | 'jurisdictions'
  | 'zones'
  | 'settings'
  | 'users';

export type Kind = 'text' | 'long' | 'date' | 'whole' | 'number' | 'weekdays' | 'choice' | 'other';
export type Field = {
  readonly name: string;
  readonly kind: Kind;
  readonly needed: boolean;
  /** What an `other` is one of. */
  readonly of?: Plural;
  readonly choices?: readonly string[];
  /** It is filled from whose the account is, so that only an administrator says it. */
  readonly owner?: boolean;
  /** It says which record it is: never changed. */
  readonly key?: boolean;
};
export type Noun = {
  readonly plural: Plural;
  readonly fields: readonly Field[];
  readonly read: readonly Role[];
  readonly write: readonly Role[];
  /** A code that people give; else the fields marked `key` say which one it is. */
  readonly coded: boolean;
  /** It has parts that a form has no room for (stop times): made by a pack. */
  readonly by_pack?: boolean;
};
export type Value = string | number | boolean | null | undefined | object;
export type Row = { readonly id: string; readonly code?: string | null; readonly ended?: boolean } & Readonly<
  Record<string, Value>
>;

const OFFICE: readonly Role[] = ['admin', 'operator', 'regulator'];
const STAFF: readonly Role[] = [...OFFICE, 'school'];
const CHILDREN: readonly Role[] = ['admin', 'operator', 'school'];
const ADMIN: readonly Role[] = ['admin'];
const COMPANY: readonly Role[] = ['admin', 'operator'];
const SCHOOL: readonly Role[] = ['admin', 'school'];

function field(name: string, kind: Kind, more: Partial<Field> = {}): Field {
  return { name, kind, needed: true, ...more };
}
function free(name: string, kind: Kind, more: Partial<Field> = {}): Field {
  return { name, kind, needed: false, ...more };
}
const OPERATOR = free('operator', 'other', { of: 'operators', owner: true });
const AREA = field('jurisdiction', 'other', { of: 'jurisdictions' });

export const NOUNS: readonly Noun[] = [
  {
    plural: 'vehicles',
    read: OFFICE,
    write: COMPANY,
    coded: true,
    fields: [
      field('plate', 'text'),
      field('seats', 'whole'),
      field('inspection_until', 'date'),
      field('insurance_until', 'date'),
      OPERATOR,
    ],
  },
  {
    plural: 'people',
    read: OFFICE,
    write: COMPANY,
    coded: true,
    fields: [
      field('name', 'text'),
      field('role', 'choice', { choices: ['driver', 'attendant'] }),
      free('phone', 'text'),
      field('qualified_until', 'date'),
      free('born', 'date'),
      free('licence_since', 'date'),
      OPERATOR,
    ],
  },
  {
    plural: 'riders',
    read: CHILDREN,
    write: SCHOOL,
    coded: true,
    fields: [
      field('name', 'text'),
      free('grade', 'text'),
      free('card', 'text'),
      free('school', 'other', { of: 'schools', owner: true }),
    ],
  },
  {
    plural: 'guardians',
    read: SCHOOL,
    write: SCHOOL,
    coded: false,
    fields: [
      field('rider', 'other', { of: 'riders', key: true }),
      field('user', 'text', { key: true }),
      field('name', 'text'),
      free('phone', 'text'),
      free('email', 'text'),
      free('relation', 'text'),
      free('valid_until', 'date'),
    ],
  },
  {
    plural: 'ride-plans',
    read: CHILDREN,
    write: SCHOOL,
    coded: false,
    fields: [
      field('rider', 'other', { of: 'riders', key: true }),
      field('timetable', 'other', { of: 'timetables', key: true }),
      field('stop', 'other', { of: 'stops', key: true }),
      field('weekdays', 'weekdays'),
    ],
  },
  {
    plural: 'routes',
    read: STAFF,
    write: COMPANY,
    coded: true,
    fields: [field('short_name', 'text'), free('long_name', 'text'), OPERATOR],
  },
  {
    plural: 'timetables',
    read: STAFF,
    write: COMPANY,
    coded: true,
    by_pack: true,
    fields: [
      field('route', 'other', { of: 'routes' }),
      field('service_code', 'text'),
      field('direction', 'choice', { choices: ['to_school', 'from_school'] }),
      free('headsign', 'text'),
    ],
  },
  {
    plural: 'stops',
    read: STAFF,
    write: COMPANY,
    coded: true,
    fields: [field('name', 'text'), field('lat', 'number'), field('lon', 'number')],
  },
  {
    plural: 'calendars',
    read: STAFF,
    write: COMPANY,
    coded: true,
    fields: [field('weekdays', 'weekdays'), field('start_date', 'date'), field('end_date', 'date')],
  },
  {
    plural: 'permits',
    read: OFFICE,
    write: ADMIN,
    coded: true,
    fields: [
      field('timetable', 'other', { of: 'timetables' }),
      field('vehicle', 'other', { of: 'vehicles' }),
      field('driver', 'other', { of: 'people' }),
      free('attendant', 'other', { of: 'people' }),
      free('tag', 'text'),
      field('issuer', 'text'),
      field('valid_from', 'date'),
      field('valid_until', 'date'),
    ],
  },
  {
    plural: 'schools',
    read: STAFF,
    write: ADMIN,
    coded: true,
    fields: [field('name', 'text'), free('phone', 'text'), field('stop', 'other', { of: 'stops' }), AREA],
  },
  {
    plural: 'operators',
    read: OFFICE,
    write: ADMIN,
    coded: true,
    fields: [field('name', 'text'), free('phone', 'text'), AREA],
  },
  {
    plural: 'jurisdictions',
    read: OFFICE,
    write: ADMIN,
    coded: true,
    fields: [
      field('name', 'text'),
      field('level', 'choice', { choices: ['city', 'county', 'township'] }),
      free('parent', 'other', { of: 'jurisdictions' }),
    ],
  },
  {
    plural: 'zones',
    read: OFFICE,
    write: ADMIN,
    coded: true,
    fields: [
      field('kind', 'choice', { choices: ['expressway', 'hazard', 'limit'] }),
      free('limit_kmh', 'whole'),
      field('wkt', 'long'),
      free('width_m', 'number'),
      free('valid_from', 'date'),
      free('valid_until', 'date'),
    ],
  },
  {
    plural: 'settings',
    read: OFFICE,
    write: ADMIN,
    coded: false,
    fields: [
      field('scope', 'text', { key: true }),
      field('name', 'text', { key: true }),
      field('value', 'text'),
    ],
  },
  {
    plural: 'users',
    read: ADMIN,
    write: ADMIN,
    coded: true,
    fields: [
      field('role', 'choice', {
        choices: ['admin', 'regulator', 'operator', 'school', 'attendant', 'driver', 'guardian'],
      }),
      free('scope', 'text'),
      free('name', 'text'),
    ],
  },
];

export function nounsFor(role: Role): readonly Noun[] {
  return NOUNS.filter((noun) => noun.read.includes(role));
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** What a cell or an input shows: the code of what is named, digits of weekdays. */
export function shown(row: Row, name: string): string {
  const value = row[name];
  if (name === 'weekdays' && value === undefined)
    return DAYS.map((day, at) => (row[day] === 1 || row[day] === true ? String(at + 1) : '')).join('');
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return String((value as { code?: string }).code ?? '');
  return String(value);
}

/** The same for people: the name of what is named. */
export function named(row: Row, name: string): string {
  const value = row[name];
  if (value !== null && typeof value === 'object')
    return (value as { name?: string }).name ?? shown(row, name);
  return shown(row, name);
}

/** What a form sends: only what differs from the record; an emptied field says so by null. */
export function changesOf(
  noun: Noun,
  before: Row | null,
  given: Readonly<Record<string, string>>,
): Record<string, string | number | null> {
  const body: Record<string, string | number | null> = {};
  for (const one of noun.fields) {
    const text = (given[one.name] ?? '').trim();
    if (before ? text === shown(before, one.name) || one.key : text === '') continue;
    const numeric = one.kind === 'whole' || one.kind === 'number';
    // What is no number is sent as it was written: the server says what is wrong with it.
    body[one.name] = text === '' ? null : numeric && !Number.isNaN(Number(text)) ? Number(text) : text;
  }
  if (!before && noun.coded && given.code) body.code = given.code.trim();
  return body;
}
