/** What the fake server says of the track of trip 17: a drive with stops, a detour off its line, a spell too fast, and a silence. */

import { along, stops } from './county.ts';
import { rfc } from './scene.ts';

type Json = Record<string, unknown>;

const EVERY_MS = 5000;
const SPEED_MS = 6;
const STANDS_S = 25;
/** Off the line, too fast, unheard: metres from–to. */
const DETOUR = [1500, 2050] as const;
const FAST = [2500, 2860] as const;
const SILENT = [3300, 3700] as const;
const CORRIDOR_M = 50;

const within = ([from, to]: readonly [number, number], metre: number): boolean => metre >= from && metre < to;

/** When the bus is at a metre of the trip, seconds after it began. */
export function secondsAt(metre: number): number {
  return metre / SPEED_MS + stops().filter((stop) => stop.metre < metre).length * STANDS_S;
}

/** The drive up to so many metres, from an instant (ms) on. */
export function trackOf(start_ms: number, until_ms: number, from_ms: number): Json {
  const features: Json[] = [];
  let metre = 0;
  let stood_s = 0;
  let next = 0;
  for (let ms = start_ms; ms <= until_ms && metre < 4800; ms += EVERY_MS) {
    const stop = stops()[next];
    const stands = stop !== undefined && metre >= stop.metre && stood_s < STANDS_S;
    if (stands) stood_s += EVERY_MS / 1000;
    else if (stop !== undefined && metre >= stop.metre) {
      stood_s = 0;
      next++;
    }
    if (!stands) metre += (SPEED_MS * EVERY_MS) / 1000;
    const { lat, lon, hdg } = along(metre);
    const off = within(DETOUR, metre) ? 110 * Math.sin((Math.PI * (metre - DETOUR[0])) / 550) : 0;
    const fast = within(FAST, metre);
    const open = stands && stood_s > 5;
    if (within(SILENT, metre) || ms < from_ms) continue;
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [lon + off / 88_000, lat + off / 111_320] },
      properties: {
        at: rfc(ms),
        spd: stands ? 0 : fast ? 72 : 30 + 12 * Math.sin(metre / 130),
        hdg,
        acc: 4,
        fix: 1,
        door: open ? 1 : 0,
        lamp: open && next !== 2 ? 1 : 0,
        arm: null,
        limit: metre > 3900 ? 40 : 60,
      },
    });
  }
  return {
    type: 'FeatureCollection',
    features,
    corridor_m: CORRIDOR_M,
    overspeed_margin_percent: 10,
    signed_on: [
      {
        at: rfc(start_ms - 300_000),
        role: 'driver',
        state: 'on',
        badge: 'D-0017',
        name: '马师傅',
        alcohol: 0,
        tag: 'NX-E-2026-0017',
      },
      {
        at: rfc(start_ms - 240_000),
        role: 'attendant',
        state: 'on',
        badge: 'A-0017',
        name: '李伟',
        alcohol: null,
        tag: null,
      },
    ],
  };
}

/** What was found on that drive, as far as it has come. */
export function foundOn(
  start_ms: number,
  until_ms: number,
): { kind: string; severity: string; over: Json }[] {
  const at = (metre: number): number => start_ms + secondsAt(metre) * 1000;
  const found = [
    {
      kind: 'off_route',
      severity: 'watch',
      from: at(1620),
      over: { ended_at: rfc(at(1960)), measured: 108, limit: CORRIDOR_M },
    },
    {
      kind: 'lamps_off',
      severity: 'watch',
      from: at(1925),
      over: { stop: stops()[2]?.named, ended_at: rfc(at(1925) + 20_000) },
    },
    {
      kind: 'overspeed',
      severity: 'act',
      from: at(2540),
      over: { ended_at: rfc(at(2860)), measured: 72, limit: 60 },
    },
  ];
  return found
    .filter(({ from }) => from <= until_ms)
    .map(({ kind, severity, from, over }) => ({ kind, severity, over: { began_at: rfc(from), ...over } }));
}
