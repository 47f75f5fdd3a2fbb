/** An instant as the server said it: the moment, and the agency's offset to say it in. */

export type Instant = {
  /** UTC milliseconds since 1970. */
  readonly ms: number;
  /** Minutes east of UTC of the zone that the server wrote it in: the agency's, never the browser's. */
  readonly offset_min: number;
};

const RFC3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|z|([+-])(\d\d):(\d\d))$/;

/** Read an RFC 3339 text; null when it is none. */
export function parseInstant(text: string): Instant | null {
  const parts = RFC3339.exec(text);
  if (!parts) return null;
  const [, date, time, zone, sign, hours, minutes] = parts;
  const ms = Date.parse(`${date}T${time}${zone?.toUpperCase()}`);
  if (Number.isNaN(ms)) return null;
  const offset = sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) : 0;
  return { ms, offset_min: offset };
}

/** The same zone at another moment. */
export function atMs(ms: number, like: Instant): Instant {
  return { ms, offset_min: like.offset_min };
}
