/** Draws buckets on uPlot's canvas: grey bars, findings stacked in severity fill, silence hatched. */
import type uPlot from 'uplot';
import type { Bucket } from '../api/types';
import type { Range } from '../query/range';

export interface Look {
  bar: string;
  selected: string;
  selection: string;
  hatch: string;
  critical: string;
  high: string;
  medium: string;
  low: string;
  informational: string;
}

export interface Bars {
  buckets: Bucket[];
  /** Bucket length, seconds. */
  step: number;
  show: 'events' | 'findings' | 'both';
  selection?: Range;
  /** Hatch buckets without any event. */
  silence: boolean;
}

export const severities = ['low', 'informational', 'medium', 'high', 'critical'] as const;

/** Findings in a bucket. */
export function findings(b: Bucket): number {
  return b.critical + b.high + b.medium + b.low + b.informational;
}

/** Largest value of the chart, at least 1. */
export function peak(bars: Bars): number {
  const value = bars.show === 'findings' ? findings : (b: Bucket) => b.events;
  return bars.buckets.reduce((n, b) => Math.max(n, value(b)), 1);
}

/** uPlot's draw hook. */
export function draw(u: uPlot, bars: Bars, look: Look): void {
  const { ctx, bbox } = u;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  if (bars.selection) fillSelection(u, bars.selection, look);
  for (const b of bars.buckets) {
    const t = Date.parse(b.t) / 1000;
    const x = u.valToPos(t, 'x', true);
    const width = Math.max(1, u.valToPos(t + bars.step, 'x', true) - x - devicePixelRatio);
    if (bars.silence && b.events === 0) hatch(ctx, x, bbox.top, width, bbox.height, look.hatch);
    if (bars.show !== 'findings') bar(u, x, width, bottom, b.events, within(bars, t) ? look.selected : look.bar);
    if (bars.show !== 'events') stack(u, bars, b, x, width, bottom, look);
  }
  ctx.restore();
}

function within(bars: Bars, t: number): boolean {
  const s = bars.selection;
  return s !== undefined && t * 1000 >= s.from && (t + bars.step) * 1000 <= s.to + 1;
}

function fillSelection(u: uPlot, s: Range, look: Look): void {
  const a = u.valToPos(s.from / 1000, 'x', true);
  const b = u.valToPos(s.to / 1000, 'x', true);
  u.ctx.fillStyle = look.selection;
  u.ctx.fillRect(a, u.bbox.top, b - a, u.bbox.height);
}

function bar(u: uPlot, x: number, width: number, bottom: number, value: number, fill: string): void {
  if (value <= 0) return;
  const y = Math.min(u.valToPos(value, 'y', true), bottom - devicePixelRatio);
  u.ctx.fillStyle = fill;
  u.ctx.fillRect(x, y, width, bottom - y);
}

/** Findings from the bottom up; beside events they are few, so that each severity gets 3 px at least. */
function stack(u: uPlot, bars: Bars, b: Bucket, x: number, width: number, bottom: number, look: Look): void {
  const least = bars.show === 'both' ? 3 * devicePixelRatio : devicePixelRatio;
  let y = bottom;
  for (const s of severities) {
    if (b[s] <= 0) continue;
    const height = Math.max(least, u.valToPos(0, 'y', true) - u.valToPos(b[s], 'y', true));
    u.ctx.fillStyle = look[s];
    u.ctx.fillRect(x, Math.max(u.bbox.top, y - height), width, Math.min(height, y - u.bbox.top));
    y -= height;
  }
}

function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, color: string): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, w + devicePixelRatio, h);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  const gap = 6 * devicePixelRatio;
  // Starts on a grid of the whole canvas, so that neighbouring buckets hatch as one area.
  for (let k = Math.floor((x + y) / gap) * gap; k < x + w + y + h; k += gap) {
    ctx.moveTo(k - y, y);
    ctx.lineTo(k - y - h, y + h);
  }
  ctx.stroke();
  ctx.restore();
}
