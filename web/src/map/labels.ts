/** Decides which stop labels fit on the map: the important ones first, and none over another. */

export type Label = {
  readonly element: HTMLElement;
  /** 0 is never hidden; higher gives way first. */
  readonly rank: number;
};

type Box = { left: number; right: number; top: number; bottom: number };

/** Breathing space between two labels, px. */
const GAP = 4;

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom + GAP && b.top < a.bottom + GAP;
}

/** Keep a label inside the map: beside its stop on the side where there is room, the child's own above it and pushed in from the edge. */
function turn(label: Label, area: Box): void {
  const stop = label.element.parentElement?.getBoundingClientRect();
  if (!stop) return;
  const width = label.element.offsetWidth;
  const middle = (stop.left + stop.right) / 2;
  label.element.classList.toggle(
    'left',
    stop.right + width + 2 * GAP > area.right && stop.left - width > area.left,
  );
  const inside = Math.min(Math.max(middle, area.left + width / 2 + GAP), area.right - width / 2 - GAP);
  // A stop that is off the map keeps its label beside it, off the map too.
  const onMap = middle >= area.left && middle <= area.right;
  label.element.style.setProperty('--shift', `${String(onMap ? Math.round(inside - middle) : 0)}px`);
}

/** Show what fits, hide the rest; labels keep their place in the layout, so that measuring is right. */
export function fitLabels(labels: readonly Label[], holder: HTMLElement, bus: HTMLElement | null): void {
  const area = holder.getBoundingClientRect();
  for (const label of labels) turn(label, area);
  const boxes = labels.map((label) => label.element.getBoundingClientRect());
  const order = labels
    .map((_, index) => index)
    .sort((a, b) => (labels[a]?.rank ?? 0) - (labels[b]?.rank ?? 0));
  const placed: Box[] = bus ? [bus.getBoundingClientRect()] : [];
  for (const index of order) {
    const label = labels[index];
    const box = boxes[index];
    if (!label || !box) continue;
    const whole =
      box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom;
    const fits = label.rank === 0 || (whole && !placed.some((other) => overlap(box, other)));
    label.element.classList.toggle('hidden', !fits);
    if (fits) placed.push(box);
  }
}
