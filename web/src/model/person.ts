/** The person who is signed in. */

import type { Named } from './named.ts';

export const ROLES = ['admin', 'regulator', 'operator', 'school', 'attendant', 'driver', 'guardian'] as const;
export type Role = (typeof ROLES)[number];
export type Language = 'zh' | 'en';

export type User = {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly role: Role;
  readonly scope: Named | null;
  readonly lang: Language | null;
};
