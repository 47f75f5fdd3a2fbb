/** Decides where stop labels stand on the map: the important ones first, off the line where that can be, and none over another. */

export type Label = {
  readonly element: HTMLElement;
  /** 0 is never hidden; higher gives way first. */
  readonly rank: number;
};

export type Point = { readonly x: number; readonly y: number };
export type Box = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
};

/** Between a stop's mark and its label, and between two labels, px. */
const AWAY = 8;
const GAP = 3;
/** The line is felt for at steps of so many px. */
const STEP = 6;

export function overlap(a: Box, b: Box): boolean {
  return a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom + GAP && b.top < a.bottom + GAP;
}

/** Points along a line of points, at most STEP px apart. */
export function dotted(line: readonly Point[]): Point[] {
  return line.flatMap((a, index) => {
    const b = line[index + 1];
    if (!b) return [a];
    const steps = Math.max(1, Math.ceil(Math.hypot(b.x - a.x, b.y - a.y) / STEP));
    return Array.from({ length: steps }, (_, step) => ({
      x: a.x + ((b.x - a.x) * step) / steps,
      y: a.y + ((b.y - a.y) * step) / steps,
    }));
  });
}

/** The places for a label of this size around a stop, the best first: above, below, right, left; above and below pushed in from the edge. */
export function placesAround(stop: Box, width: number, height: number, area: Box): Box[] {
  const middle = (stop.left + stop.right) / 2;
  const centre = (stop.top + stop.bottom) / 2;
  const inside = Math.min(Math.max(middle - width / 2, area.left + GAP), area.right - width - GAP);
  // A stop that is off the map keeps its label with it, off the map too.
  const left = middle >= area.left && middle <= area.right ? inside : middle - width / 2;
  const at = (x: number, y: number): Box => ({ left: x, right: x + width, top: y, bottom: y + height });
  return [
    at(left, stop.top - AWAY - height),
    at(left, stop.bottom + AWAY),
    at(stop.right + AWAY, centre - height / 2),
    at(stop.left - AWAY - width, centre - height / 2),
  ];
}

/** Of the places that are on the map and free, the one with the least of the line under it; null when none is free. */
export function bestPlace(
  places: readonly Box[],
  taken: readonly Box[],
  line: readonly Point[],
  area: Box,
): Box | null {
  let best: Box | null = null;
  let least = Infinity;
  for (const place of places) {
    const whole =
      place.left >= area.left &&
      place.right <= area.right &&
      place.top >= area.top &&
      place.bottom <= area.bottom;
    if (!whole || taken.some((other) => overlap(place, other))) continue;
    const under = line.filter(
      ({ x, y }) => x > place.left && x < place.right && y > place.top && y < place.bottom,
    ).length;
    if (under < least) {
      least = under;
      best = place;
    }
  }
  return best;
}

/** Place what fits, hide the rest. `line` is in the holder's own pixels. */
export function fitLabels(labels: readonly Label[], holder: HTMLElement, line: readonly Point[]): void {
  const area = holder.getBoundingClientRect();
  const felt = dotted(line).map(({ x, y }) => ({ x: x + area.left, y: y + area.top }));
  const stops = labels.map((label) => label.element.parentElement?.getBoundingClientRect());
  const taken: Box[] = [];
  const order = labels
    .map((_, index) => index)
    .sort((a, b) => (labels[a]?.rank ?? 0) - (labels[b]?.rank ?? 0));
  for (const index of order) {
    const label = labels[index];
    const stop = stops[index];
    if (!label || !stop) continue;
    const { offsetWidth: width, offsetHeight: height } = label.element;
    const places = placesAround(stop, width, height, area);
    const marks = stops.filter((other): other is DOMRect => other !== undefined && other !== stop);
    const place =
      bestPlace(places, [...taken, ...marks], felt, area) ??
      (label.rank === 0 && overlap(stop, area) ? places[0] : undefined);
    label.element.classList.toggle('hidden', !place);
    if (!place) continue;
    taken.push(place);
    label.element.style.setProperty('left', `${String(Math.round(place.left - stop.left))}px`);
    label.element.style.setProperty('top', `${String(Math.round(place.top - stop.top))}px`);
  }
}
