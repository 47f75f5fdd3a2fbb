/** A track as columns of numbers, which is what the trace is drawn from. */

import { SILENT_MS, type Fix } from '../model/track.ts';

type Columns = [number[], (number | null)[], (number | null)[], (number | null)[]];

/** Columns of seconds, speed, limit and what of the speed is above it; a silence breaks every line. */
export function columnsOf(fixes: readonly Fix[]): Columns {
  const columns: Columns = [[], [], [], []];
  fixes.forEach((fix, index) => {
    const before = fixes[index - 1];
    if (before && fix.at.ms - before.at.ms > SILENT_MS) push(columns, before.at.ms + 1, null, null, null);
    const over = fix.limit !== null && fix.spd > fix.limit;
    push(columns, fix.at.ms, fix.spd, fix.limit, over ? fix.spd : null);
  });
  return columns;
}

function push(
  columns: Columns,
  ms: number,
  spd: number | null,
  limit: number | null,
  over: number | null,
): void {
  columns[0].push(ms / 1000);
  columns[1].push(spd);
  columns[2].push(limit);
  columns[3].push(over);
}
