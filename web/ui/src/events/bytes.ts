/** Original bytes as rows of a hex dump or of text, with the values that rules matched marked. */
import { visible } from '../text/visible';

export interface Run {
  text: string;
  marked: boolean;
}

export interface Line {
  offset: string;
  runs: Run[];
}

/** Bytes shown before "show all". */
export const preview = 32 * 1024;

/** Text lines of at most `width` characters. Bytes that are not UTF-8 read as U+FFFD. */
export function textLines(raw: Uint8Array, values: string[], width = 56): Line[] {
  const text = new TextDecoder('utf-8').decode(raw);
  const marks = find(text, values);
  const encoder = new TextEncoder();
  const lines: Line[] = [];
  let byte = 0;
  for (let i = 0; i < text.length; ) {
    const newline = text.indexOf('\n', i);
    let end = Math.min(text.length, i + width, newline < 0 ? text.length : newline + 1);
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1])) end++;
    lines.push({ offset: hexOffset(byte), runs: runs(text, marks, i, end) });
    byte += encoder.encode(text.slice(i, end)).length;
    i = end;
  }
  return lines;
}

/** Rows of eight bytes: offset, hex, and the printable characters. */
export function hexLines(raw: Uint8Array): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < raw.length; i += 12) {
    const row = raw.subarray(i, i + 12);
    const hex = Array.from(row, (b) => b.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(row, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('');
    lines.push({ offset: hexOffset(i), runs: [{ text: `${hex.padEnd(36)} ${text}`, marked: false }] });
  }
  return lines;
}

function hexOffset(n: number): string {
  return n.toString(16).padStart(4, '0');
}

/** Spans of the values in the text; a value may be escaped as in JSON. */
function find(text: string, values: string[]): [number, number][] {
  const spans: [number, number][] = [];
  const lower = text.toLowerCase();
  for (const v of new Set(values.flatMap((v) => [v, JSON.stringify(v).slice(1, -1)]))) {
    if (v.length < 2) continue;
    const wanted = v.toLowerCase();
    for (let i = lower.indexOf(wanted); i >= 0 && spans.length < 200; i = lower.indexOf(wanted, i + wanted.length)) {
      spans.push([i, i + wanted.length]);
    }
  }
  return spans.sort((a, b) => a[0] - b[0]);
}

function runs(text: string, marks: [number, number][], from: number, to: number): Run[] {
  const out: Run[] = [];
  let at = from;
  for (const [a, b] of marks) {
    if (b <= at || a >= to) continue;
    if (a > at) out.push({ text: visible(text.slice(at, a)), marked: false });
    out.push({ text: visible(text.slice(Math.max(a, at), Math.min(b, to))), marked: true });
    at = Math.min(b, to);
  }
  if (at < to) out.push({ text: visible(text.slice(at, to)), marked: false });
  return out;
}
