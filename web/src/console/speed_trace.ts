/** Draws speed against the limit with uPlot; loaded with the evidence, after the page. */

import 'uplot/dist/uPlot.min.css';
import UPlot from 'uplot';
import { clockTime } from '../format/time.ts';
import { atMs, type Instant } from '../model/instant.ts';
import type { Fix, Span } from '../model/track.ts';
import { columnsOf } from './trace_columns.ts';

export type Shade = Span & { readonly tone: 'act' | 'watch' | 'quiet' };
export type Traced = {
  readonly fixes: readonly Fix[];
  readonly shades: readonly Shade[];
};
/** Room for the numbers of the axis, and for half of the last time under it: the bands below keep the same. */
const LEFT_PX = 52;
const RIGHT_PX = 24;
const AXIS_PX = 28;
const TOP_PX = 8;
/** A trace of crawling still has a scale that means something. */
const LEAST_TOP_KMH = 40;
/** A moment is shaded this wide at least, px. */
const LEAST_SHADE_PX = 2;

export class SpeedTrace {
  #shades: readonly Shade[] = [];
  #like: Instant | null = null;
  readonly #plot: UPlot;
  readonly #sized: ResizeObserver;
  readonly #media = matchMedia('(prefers-color-scheme: dark)');
  readonly #redraw = (): void => this.#plot.redraw(false, true);

  constructor(private readonly holder: HTMLElement) {
    const token = (name: string) => (): string => getComputedStyle(holder).getPropertyValue(name).trim();
    const axis: UPlot.Axis = {
      stroke: token('--ink-2'),
      font: `16px ${token('--font')()}`,
      grid: { stroke: token('--line'), width: 1 },
      ticks: { show: false },
    };
    this.#plot = new UPlot(
      {
        width: Math.max(holder.clientWidth, 1),
        height: Math.max(holder.clientHeight, 1),
        padding: [TOP_PX, RIGHT_PX, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_, min, max) => [min, max > min ? max : min + 1] },
          y: { range: (_, __, max) => [0, Math.max(LEAST_TOP_KMH, Math.ceil((max + 5) / 20) * 20)] },
        },
        axes: [
          {
            ...axis,
            size: AXIS_PX,
            space: 72,
            gap: 4,
            incrs: [60, 120, 300, 600, 900, 1800, 3600],
            values: (_, ticks) => ticks.map((s) => (this.#like ? clockTime(atMs(s * 1000, this.#like)) : '')),
          },
          { ...axis, size: LEFT_PX, space: 36, gap: 8 },
        ],
        series: [
          {},
          { stroke: token('--ink'), width: 2, points: { show: false } },
          {
            stroke: token('--ink-2'),
            width: 2,
            dash: [6, 4],
            points: { show: false },
            ...(UPlot.paths.stepped ? { paths: UPlot.paths.stepped({ align: 1 }) } : {}),
          },
          { stroke: token('--act'), width: 4, points: { show: true, size: 7, fill: token('--act') } },
        ],
        hooks: { drawClear: [(plot) => this.#shade(plot)] },
      },
      [[], [], [], []],
      holder,
    );
    this.#sized = new ResizeObserver(() =>
      this.#plot.setSize({ width: holder.clientWidth, height: holder.clientHeight }),
    );
    this.#sized.observe(holder);
    this.#media.addEventListener('change', this.#redraw);
  }

  #shade(plot: UPlot): void {
    const style = getComputedStyle(this.holder);
    const { top, height } = plot.bbox;
    plot.ctx.save();
    for (const { from, to, tone } of this.#shades) {
      const left = plot.valToPos(from / 1000, 'x', true);
      const right = plot.valToPos(to / 1000, 'x', true);
      plot.ctx.globalAlpha = tone === 'quiet' ? 0.22 : 0.16;
      plot.ctx.fillStyle = style.getPropertyValue(`--${tone}`).trim();
      plot.ctx.fillRect(left, top, Math.max(right - left, LEAST_SHADE_PX * devicePixelRatio), height);
    }
    plot.ctx.restore();
  }

  /** Draw this in the place of what was drawn. */
  set({ fixes, shades }: Traced): void {
    this.#shades = shades;
    this.#like = fixes[0]?.at ?? null;
    this.#plot.setData(columnsOf(fixes));
  }

  remove(): void {
    this.#sized.disconnect();
    this.#media.removeEventListener('change', this.#redraw);
    this.#plot.destroy();
  }
}
