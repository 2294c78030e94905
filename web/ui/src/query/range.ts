/*
 * The time range: absolute UTC text in the address, presets that resolve to it, steps by its own
 * length. Presets count back from the newest event where the data is older than now.
 */
import { millis, rfc3339 } from '../text/time';

export interface Range {
  from: number;
  to: number;
}

export interface Preset {
  label: string;
  ms: number;
}

/** Presets by length; 0 is all data. */
export const presets: Preset[] = [
  { label: 'Last 15 min', ms: 15 * 60e3 },
  { label: 'Last 1 h', ms: 3600e3 },
  { label: 'Last 24 h', ms: 864e5 },
  { label: 'Last 7 d', ms: 7 * 864e5 },
  { label: 'All data', ms: 0 },
];

/** Reads the address' from and to; undefined where either is missing or they are reversed. */
export function parseRange(from: string | null, to: string | null): Range | undefined {
  const a = millis(from);
  const b = millis(to);
  return Number.isFinite(a) && Number.isFinite(b) && a < b ? { from: a, to: b } : undefined;
}

/** Both ends as the address and the API spell them. */
export function formatRange(r: Range): { from: string; to: string } {
  return { from: rfc3339(r.from), to: rfc3339(r.to) };
}

/** All data, whole seconds outward; an hour around now where there is none. */
export function whole(data: { from?: string | null; to?: string | null }, now: number): Range {
  const from = millis(data.from);
  const to = millis(data.to);
  if (!Number.isFinite(from) || !Number.isFinite(to)) return { from: now - 3600e3, to: now };
  return { from: Math.floor(from / 1000) * 1000, to: Math.floor(to / 1000) * 1000 + 1000 };
}

/** What is shown without a range in the address: all data up to 14 days, else its last 24 hours. */
export function initial(data: { from?: string | null; to?: string | null }, now: number): Range {
  const all = whole(data, now);
  return all.to - all.from <= 14 * 864e5 ? all : { from: all.to - 864e5, to: all.to };
}

/** Resolves a preset: back from now, or from the newest event where that is older. */
export function preset(p: Preset, data: { from?: string | null; to?: string | null }, now: number): Range {
  const all = whole(data, now);
  if (p.ms === 0) return all;
  const end = now - all.to > p.ms / 2 ? all.to : Math.ceil(now / 1000) * 1000;
  return { from: end - p.ms, to: end };
}

/** Moves the range by whole lengths. */
export function shift(r: Range, times: number): Range {
  const length = (r.to - r.from) * times;
  return { from: r.from + length, to: r.to + length };
}

/** Widens the range around its middle, or narrows it with a factor under 1. */
export function zoom(r: Range, factor: number): Range {
  const half = Math.max(500, ((r.to - r.from) / 2) * factor);
  const mid = (r.from + r.to) / 2;
  return { from: Math.floor(mid - half), to: Math.ceil(mid + half) };
}

/** Reads what a person typed: RFC 3339, "2026-11-18 02:30", with or without seconds; always UTC. */
export function parseTyped(text: string): number {
  const t = text.trim().replace(/ UTC$/i, '').replace(' ', 'T');
  if (/^\d{4}-\d{2}-\d{2}$/.test(t)) return Date.parse(`${t}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(t)) return Date.parse(`${t}Z`);
  return /Z$|[+-]\d{2}:\d{2}$/.test(t) ? Date.parse(t) : NaN;
}
