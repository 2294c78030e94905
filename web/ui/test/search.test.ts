import { describe, expect, it } from 'vitest';
import { parseLines } from '../src/api/lines';
import { chartOf, most } from '../src/events/series';
import { stages, tokenize, withFilter, without } from '../src/query/tokens';
import type { SearchTable } from '../src/api/types';

async function* cut(text: string, at: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i += at) yield bytes.slice(i, i + at);
}

describe('lines', () => {
  const text = '{"progress":{"done":1,"all":2,"total":3}}\n{"events":[{"uid":"1-2","host":"ß💥"}]}\n\n{"end":{"total":3}}';
  it.each([1, 2, 7, 1000])('whole however they are cut, %s bytes at a time', async (at) => {
    const got = [];
    for await (const line of parseLines(cut(text, at))) got.push(Object.keys(line)[0]);
    expect(got).toEqual(['progress', 'events', 'end']);
  });
  it('a line that is no JSON is an error', async () => {
    await expect((async () => { for await (const _ of parseLines(cut('{"a":1}\nnope\n', 4))); })()).rejects.toThrow();
  });
});

describe('stages', () => {
  it.each([
    ['a:b | count by c', 'a:b', ' | count by c'],
    ['a|b', 'a|b', ''],
    ['"a | b"|head 3', '"a | b"', ' |head 3'],
    ['a:x|y | head 3', 'a:x|y', ' | head 3'],
    ['| count', '', ' | count'],
  ])('%s', (q, head, tail) => expect(stages(q)).toEqual([head, tail]));
  it('a filter by click goes before the pipe', () => {
    expect(withFilter('a:b | count', 'c', 'd')).toBe('a:b AND c:d | count');
    expect(withFilter('| count', 'c', 'd')).toBe('c:d | count');
    expect(withFilter('* | count', 'c', 'd', true)).toBe('NOT c:d | count');
    expect(without('a:b AND c:d | count', 'c', 'd')).toBe('a:b | count');
  });
  it('colours the pipe', () => expect(tokenize('a | count').map((t) => t.kind)).toEqual(['text', 'space', 'pipe', 'space', 'text']));
});

const table = (rows: unknown[][], by = 'host'): SearchTable => ({
  columns: [{ name: 'time', type: 'time' }, ...(by ? [{ name: by, type: 'text' as const }] : []), { name: 'count', type: 'int' }],
  rows, more: false, chart: { span_s: 3600, by }, took_ms: 1, files: 1, hot_rows: 0, from: null, to: null,
});

describe('timechart', () => {
  it('stacks series, the biggest first, and keeps every event', () => {
    const c = chartOf(table([['2026-03-01T00:00:00Z', 'a', 1], ['2026-03-01T00:00:00Z', 'b', 5], ['2026-03-01T02:00:00Z', 'a', 2]]));
    expect(c?.names).toEqual(['b', 'a']);
    expect(c?.stacks.map((s) => s.parts)).toEqual([[5, 1], [0, 2]]);
    expect(c?.peak).toBe(6);
    expect((c!.to - c!.from) / 3600e3).toBe(3);
  });
  it('draws what is small as one, and many spans in fewer bars', () => {
    const rows: unknown[][] = [];
    for (let i = 0; i < 2000; i++) rows.push([new Date(Date.UTC(2026, 0, 1) + i * 3600e3).toISOString(), `h${i % 9}`, 1 + (i % 9)]);
    const c = chartOf(table(rows))!;
    expect(c.names.length).toBe(most + 1);
    expect(c.names.at(-1)).toBe('others');
    expect(c.stacks.length).toBeLessThanOrEqual(400);
    expect(c.stacks.reduce((n, s) => n + s.total, 0)).toBe(rows.reduce((n, r) => n + Number(r[2]), 0));
    expect(c.stacks.every((s) => s.total === s.parts.reduce((n, p) => n + p, 0))).toBe(true);
  });
  it('is only for timecharts', () => {
    expect(chartOf({ ...table([['2026-03-01T00:00:00Z', 'a', 1]]), chart: null })).toBeUndefined();
    expect(chartOf(table([]))).toBeUndefined();
  });
});
