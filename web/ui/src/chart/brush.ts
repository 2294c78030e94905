/** The brush's arithmetic: whole buckets inside a window. */
import type { Range } from '../query/range';

export interface Window extends Range {
  /** Bucket length, ms. */
  step: number;
}

/** Snaps outward to buckets, inside the window; at least one bucket. */
export function snap(w: Window, r: Range): Range {
  const a = Math.min(r.from, r.to);
  const b = Math.max(r.from, r.to);
  const from = w.from + Math.floor((a - w.from) / w.step) * w.step;
  const to = w.from + Math.ceil((b - w.from) / w.step) * w.step;
  const low = clamp(from, w.from, w.to - w.step);
  return { from: low, to: clamp(Math.max(to, low + w.step), low + w.step, Math.max(w.to, low + w.step)) };
}

/** Moves by whole buckets, keeping the length. */
export function move(w: Window, r: Range, buckets: number): Range {
  const length = Math.min(r.to - r.from, w.to - w.from);
  const from = clamp(r.from + buckets * w.step, w.from, w.to - length);
  return { from, to: from + length };
}

/** Moves the end by whole buckets; at least one bucket stays. */
export function resize(w: Window, r: Range, buckets: number): Range {
  return { from: r.from, to: clamp(r.to + buckets * w.step, r.from + w.step, w.to) };
}

/** Where the keyboard starts without a selection: the middle fifth. */
export function begin(w: Window): Range {
  const fifth = (w.to - w.from) / 5;
  return snap(w, { from: w.from + 2 * fifth, to: w.from + 3 * fifth });
}

/** Share of the window, 0 to 1. */
export function share(w: Range, t: number): number {
  return clamp((t - w.from) / (w.to - w.from), 0, 1);
}

function clamp(v: number, low: number, high: number): number {
  return Math.min(Math.max(v, low), high);
}
