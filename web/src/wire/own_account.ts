/** Speaks with the server about one's own account: second factor, sessions, invitations. */

import * as v from 'valibot';
import type { Http } from './http.ts';
import { instant, maybe } from './shapes.ts';

const factor = v.object({
  setting: v.string(),
  on: v.boolean(),
  recovery_left: v.number(),
  required: v.boolean(),
});
const begun = v.object({ secret: v.string(), url: v.string(), qr_svg: v.string() });
const codes = v.object({ recovery_codes: v.array(v.string()) });
const session = v.object({
  id: v.string(),
  device: maybe(v.string()),
  address: maybe(v.string()),
  made_at: instant,
  seen_at: instant,
  current: v.boolean(),
});
const sessions = v.object({ items: v.array(session) });
const looked = v.object({
  kind: v.picklist(['guardian', 'staff', 'carer']),
  role: v.string(),
  name: v.string(),
  from: maybe(v.string()),
  ends_at: instant,
});
const accepted = v.object({ username: v.string(), role: v.string(), linked: v.boolean() });

export type Factor = v.InferOutput<typeof factor>;
export type Begun = v.InferOutput<typeof begun>;
export type Session = v.InferOutput<typeof session>;
export type Looked = v.InferOutput<typeof looked>;

/** Each throws Failure. */
export class Account {
  constructor(private readonly http: Http) {}

  factor(): Promise<Factor> {
    return this.http.get(factor, '/me/second-factor');
  }

  begin(password: string): Promise<Begun> {
    return this.http.post(begun, '/me/second-factor', { password });
  }

  async confirm(code: string): Promise<readonly string[]> {
    return (await this.http.post(codes, '/me/second-factor/confirm', { code })).recovery_codes;
  }

  end(password: string, code: string): Promise<void> {
    return this.http.remove('/me/second-factor', { password, code });
  }

  async sessions(): Promise<readonly Session[]> {
    return (await this.http.get(sessions, '/me/sessions')).items;
  }

  /** One of them, or all but this one. */
  endSession(id: string | null): Promise<void> {
    return this.http.remove(id === null ? '/me/sessions' : `/me/sessions/${encodeURIComponent(id)}`);
  }

  look(code: string): Promise<Looked> {
    return this.http.post(looked, '/invitations/look', { code });
  }

  accept(code: string, username: string, password: string): Promise<{ username: string }> {
    return this.http.post(accepted, '/invitations/accept', { code, username, password });
  }
}
