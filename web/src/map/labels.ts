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

/** Show what fits, hide the rest; labels keep their place in the layout, so that measuring is right. */
export function fitLabels(labels: readonly Label[]): void {
  const boxes = labels.map((label) => label.element.getBoundingClientRect());
  const order = labels
    .map((_, index) => index)
    .sort((a, b) => (labels[a]?.rank ?? 0) - (labels[b]?.rank ?? 0));
  const placed: Box[] = [];
  for (const index of order) {
    const label = labels[index];
    const box = boxes[index];
    if (!label || !box) continue;
    const fits = label.rank === 0 || !placed.some((other) => overlap(box, other));
    label.element.classList.toggle('hidden', !fits);
    if (fits) placed.push(box);
  }
}
