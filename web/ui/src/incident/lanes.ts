/** Geometry of the host lanes: where steps stand, and the lines between them. */
import type { Gap, Reconstruction, Step } from '../api/types';
import { millis } from '../text/time';
import { lanes, outside } from './model';

export interface Mark {
  step: Step;
  x: number;
  y: number;
}

export interface Lanes {
  names: string[];
  marks: Mark[];
  gaps: { gap: Gap; x: number; width: number; y: number }[];
  width: number;
  height: number;
}

export const laneHeight = 34;
export const laneTop = 6;
const left = 112;
const right = 20;

/** Places the steps: evenly, or by the clock. */
export function placeLanes(r: Reconstruction, steps: Step[], width: number, clock: boolean): Lanes {
  const names = lanes(r, steps);
  const y = (host: string) => laneTop + names.indexOf(host || outside) * laneHeight + laneHeight / 2;
  const xs = clock ? byClock(steps, width) : evenly(r, steps, width);
  const marks = steps.map((step, i) => ({ step, x: xs[i], y: y(step.host) }));
  const gaps = r.gaps.flatMap((gap) => {
    const before = marks.findIndex((m) => m.step.n === gap.after_step);
    if (before < 0 || !names.includes(gap.host)) return [];
    const a = marks[before].x;
    const b = marks[before + 1]?.x ?? width - right;
    const w = Math.max(12, (b - a) * 0.44);
    return [{ gap, x: (a + b) / 2 - w / 2, width: w, y: y(gap.host) }];
  });
  return { names, marks, gaps, width, height: laneTop + names.length * laneHeight };
}

function evenly(r: Reconstruction, steps: Step[], width: number): number[] {
  const wide = new Set(r.gaps.map((g) => g.after_step));
  const slots: number[] = [];
  let slot = 0;
  for (const s of steps) {
    slots.push(slot);
    slot += wide.has(s.n) ? 2 : 1;
  }
  const last = Math.max(1, slots.at(-1) ?? 1);
  return slots.map((s) => left + (s * Math.max(10, width - left - right)) / last);
}

function byClock(steps: Step[], width: number): number[] {
  const from = millis(steps[0]?.from);
  const span = Math.max(1, millis(steps.at(-1)?.from) - from);
  return steps.map((s) => left + ((millis(s.from) - from) / span) * Math.max(10, width - left - right));
}

/** Line from one mark to the next, straight on a lane, with rounded corners between lanes; moved by `off`. */
export function line(a: Mark, b: Mark, off = 0): string {
  const x0 = a.x + 12 * Math.min(1, Math.abs(b.x - a.x) / 27);
  const x1 = b.x - 12 * Math.min(1, Math.abs(b.x - a.x) / 27);
  if (a.y === b.y) return `M${x0} ${a.y + off}H${Math.max(x0, x1)}`;
  const way = b.y > a.y ? 1 : -1;
  const mid = Math.max(x0 + 3, x1 - 10) - off * way;
  const r = Math.min(4, Math.abs(b.y - a.y) / 2);
  return `M${x0} ${a.y + off}H${mid - r}Q${mid} ${a.y + off} ${mid} ${a.y + off + way * r}V${b.y + off - way * r}Q${mid} ${b.y + off} ${mid + r} ${b.y + off}H${Math.max(mid + r, x1)}`;
}

export interface Tick {
  mark: Mark;
  /** Where the text stands, px; it is centred there. */
  x: number;
  text: string;
}

/** Width of a letter of the axis, px, on the wide side of the fonts it is set in. */
const letter = 6.4;

/**
 * Texts under the marks that have room: the chosen step first, then the first and the last, then the longest waits.
 * `since` tells the time from the step before, in the middle between both.
 */
export function ticks(marks: Mark[], current: number, text: (m: Mark) => string, since = false): Tick[] {
  const at = (m: Mark) => millis(m.step.from);
  const weigh = (i: number): number => {
    if (marks[i].step.n === current) return Infinity;
    if (i === 0 || i === marks.length - 1) return since ? at(marks[i]) - at(marks[Math.max(0, i - 1)]) : 1e15;
    return at(marks[i]) - at(marks[i - 1]);
  };
  const order = marks.map((_, i) => i).filter((i) => !since || i > 0);
  order.sort((a, b) => weigh(b) - weigh(a) || a - b);
  const out: Tick[] = [];
  for (const i of order) {
    const t = { mark: marks[i], x: since ? (marks[i].x + marks[i - 1].x) / 2 : marks[i].x, text: text(marks[i]) };
    const clear = (o: Tick) => Math.abs(o.x - t.x) >= ((o.text.length + t.text.length) * letter) / 2 + 3;
    if (t.text !== '' && out.every(clear)) out.push(t);
  }
  return out.sort((a, b) => a.x - b.x);
}

/** Scale of the markers: one where there is room, smaller where steps stand close. */
export function markScale(marks: Mark[]): number {
  if (marks.length < 2) return 1;
  const step = (marks[marks.length - 1].x - marks[0].x) / (marks.length - 1);
  return Math.min(1, Math.max(0.66, step / 27));
}
