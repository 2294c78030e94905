/** A timechart's rows as bars: one stack a span, the biggest series first, what is small together. */
import type { SearchTable } from '../api/types';

export interface Stack {
  at: number;
  parts: number[];
  total: number;
}

export interface Chart {
  names: string[];
  stacks: Stack[];
  from: number;
  to: number;
  step: number;
  peak: number;
}

/** Series beyond this many are drawn as one, called "others". */
export const most = 5;
/** Spans beyond this many are drawn several to a bar. */
const bars = 400;

/** Reads the table of a timechart; undefined for other tables and for none of it. */
export function chartOf(table: SearchTable): Chart | undefined {
  const { chart, columns, rows } = table;
  const time = columns.findIndex((c) => c.name === 'time');
  const count = columns.findIndex((c) => c.name === 'count');
  if (!chart || time < 0 || count < 0) return undefined;
  const by = chart.by ? columns.findIndex((c) => c.name === chart.by) : -1;
  const points = rows
    .map((r) => ({ at: Date.parse(String(r[time])), name: by < 0 ? '' : String(r[by] ?? '—'), n: Number(r[count]) }))
    .filter((p) => Number.isFinite(p.at) && Number.isFinite(p.n));
  if (points.length === 0) return undefined;
  const sums = new Map<string, number>();
  for (const p of points) sums.set(p.name, (sums.get(p.name) ?? 0) + p.n);
  const ranked = [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
  const names = ranked.length > most ? [...ranked.slice(0, most), 'others'] : ranked;
  const from = points.reduce((low, p) => Math.min(low, p.at), Infinity);
  const last = points.reduce((high, p) => Math.max(high, p.at), -Infinity);
  const span = chart.span_s * 1000;
  const step = span * Math.max(1, Math.ceil((last - from + span) / span / bars));
  const stacks: Stack[] = [];
  const index = new Map(ranked.map((name, i) => [name, Math.min(i, names.length - 1)]));
  for (const p of points) {
    const i = Math.floor((p.at - from) / step);
    const stack = (stacks[i] ??= { at: from + i * step, parts: names.map(() => 0), total: 0 });
    stack.parts[index.get(p.name) ?? 0] += p.n;
    stack.total += p.n;
  }
  const present = stacks.filter(Boolean);
  return { names, stacks: present, from, to: last + span, step, peak: present.reduce((high, s) => Math.max(high, s.total), 0) };
}
