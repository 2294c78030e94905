import { describe, expect, it } from 'vitest';
import type { Explanation, ExplainStep, Technique } from '../src/api/types';
import { had, lines, steps } from '../src/rules/explain';
import { label, narrowing, none, read, toggled, values } from '../src/rules/filter';
import { columns, compare, fed, rows, shade, start, walk } from '../src/rules/matrix';
import { tokens } from '../src/rules/yaml';

describe('filters of the list of rules', () => {
  const at = (s: string) => new URLSearchParams(s);
  it('are read from the address, without what the API would refuse', () => {
    expect(read(at('q= lsass &level=high&status=nonsense&feed=missing&sort=title&view=matrix'))).toEqual({ q: 'lsass', level: 'high', feed: 'missing', sort: 'title' });
    expect(read(at('level=HIGH&level=low&hits=&source=any%20thing'))).toEqual({ source: 'any thing' });
    expect(narrowing(at('q=x&level=low&sort=title&rule=1'))).toBe(2);
  });
  it('are taken out by choosing again, and all at once', () => {
    expect(toggled(at('level=high&rule=7'), 'level', 'high')).toEqual({ level: null, rule: null });
    expect(toggled(at('level=high'), 'level', 'low')).toEqual({ level: 'low', rule: null });
    expect(none).toMatchObject({ q: null, level: null, technique: null, hits: null });
    expect(none).not.toHaveProperty('sort');
  });
  it('show values in their own order, and a chosen one that has no rule left', () => {
    const found = [{ value: 'low', count: 9 }, { value: 'critical', count: 1 }, { value: 'none', count: 3 }];
    expect(values('level', found, '').map((v) => v.value)).toEqual(['critical', 'low', 'none']);
    expect(values('level', found, 'high').map((v) => `${v.value} ${v.count}`)).toEqual(['critical 1', 'high 0', 'low 9', 'none 3']);
    expect(values('source', [{ value: 'zeek', count: 2 }, { value: 'aws', count: 1 }], '').map((v) => v.value)).toEqual(['zeek', 'aws']);
    expect(found[0].value).toBe('low');
    expect([label('feed', 'missing'), label('level', 'none'), label('source', 'windows')]).toEqual(['data does not arrive', 'none given', 'windows']);
  });
});

const technique = (id: string, tactics: string[], more: Partial<Technique> = {}): Technique => ({ id, name: '', tactics, rules: 1, able: 1, hits: 0, worst: '', retired: false, missing: [], ...more });

describe('ATT&CK matrix', () => {
  const list = columns(['Execution', 'Impact', 'Persistence'], [
    technique('T1547.001', ['Persistence']), technique('T1053', ['Execution', 'Persistence'], { rules: 3 }), technique('T1053.005', ['Execution']),
    technique('T1059.001', ['Execution']), technique('T9', ['House tactic']), technique('T10', []),
  ]);
  it('has a column a tactic, sub-techniques below their technique', () => {
    expect(list.map((c) => c.tactic)).toEqual(['Execution', 'Impact', 'Persistence', 'House tactic', 'No tactic']);
    expect(list[0].cells.map((c) => `${c.sub ? '>' : ''}${c.technique.id}`)).toEqual(['T1053', '>T1053.005', 'T1059.001']);
    expect(list.map((c) => c.rules)).toEqual([5, 0, 4, 1, 1]);
  });
  it('gives each technique once a tactic in its rows, and nothing else', () => {
    const table = rows(list);
    expect(table).toHaveLength(3);
    expect(table.every((r) => r.length === list.length)).toBe(true);
    expect(table.flat().filter(Boolean)).toHaveLength(7);
    expect(rows([])).toEqual([]);
  });
  it('orders identifiers by number', () => {
    expect(['T1110.001', 'T1003', 'T1110', 'T1003.010', 'T1003.002', 'x'].sort(compare).slice(0, 5)).toEqual(['T1003', 'T1003.002', 'T1003.010', 'T1110', 'T1110.001']);
  });
  it('shades by doublings: more rules are never lighter, none has no shade', () => {
    for (const most of [1, 2, 7, 60, 3000]) {
      const all = Array.from({ length: most + 1 }, (_, n) => shade(n, most));
      expect(all[0]).toBe(0);
      expect(all[1]).toBeGreaterThan(0);
      expect(all.every((s, i) => i === 0 || s >= all[i - 1])).toBe(true);
      expect(Math.max(...all)).toBeLessThanOrEqual(4);
    }
    expect(shade(3000, 3000)).toBe(4);
  });
  it('tells what data arrives, all of it where that is not known', () => {
    const t = (able: number) => technique('T1', [], { rules: 2, able });
    expect([fed(t(2), true), fed(t(1), true), fed(t(0), true), fed(t(0), false)]).toEqual(['all', 'some', 'none', 'all']);
  });
  it('is walked by arrows, over empty columns, and ends at its edges', () => {
    let at = start(list);
    expect(at).toEqual({ column: 0, row: 0 });
    for (const k of ['ArrowUp', 'ArrowLeft']) expect(walk(list, at, k)).toEqual(at);
    for (const k of ['ArrowDown', 'ArrowDown', 'ArrowDown']) at = walk(list, at, k);
    expect(at).toEqual({ column: 0, row: 2 });
    at = walk(list, at, 'ArrowRight');
    expect(at).toEqual({ column: 2, row: 1 });
    at = walk(list, at, 'End');
    for (let i = 0; i < 9; i++) at = walk(list, at, 'ArrowRight');
    expect(at).toEqual({ column: 4, row: 0 });
    expect(walk(list, at, 'x')).toEqual(at);
    expect(start(columns(['A'], []))).toEqual({ column: 0, row: 0 });
  });
});

const test = (more: Partial<NonNullable<ExplainStep['test']>>, holds = false): ExplainStep => ({ kind: 'test', holds, test: { field: 'Image', op: 'ends with', all: false, wanted: ['\\a.exe', '\\b.exe'], holds: [], more: 0, state: 'value', had: ['C:\\a.exe'], ...more } });
const explanation = (condition: ExplainStep): Explanation => ({ uid: '1', title: '', file: '', line: 1, match: condition.holds, summary: '', logsource: { logsource: '', routed: true, fits: true }, condition });

describe('explanation as lines', () => {
  const x = explanation({
    kind: 'all', holds: false, steps: [
      { kind: 'any', holds: true, name: 'selection', line: 12, steps: [test({ holds: ['\\a.exe'] }, true), test({ field: '' })] },
      { kind: 'not', holds: false, steps: [{ kind: 'test', name: 'selection', holds: true, again: true }] },
    ],
  });
  it('goes top down, one line a step, and says what each is about', () => {
    const got = lines(x);
    expect(got.map((l) => `${l.depth}${l.holds ? '✓' : '✗'}${l.name}`)).toEqual(['0✗', '1✓selection', '2✓', '2✗', '1✗', '2✓selection']);
    expect(got).toHaveLength(steps(x).length);
    expect(got[1].at).toBe(12);
    expect(got.at(-1)?.parts).toEqual([{ text: 'as told above', kind: 'dim' }]);
  });
  it('marks the wanted values that hold', () => {
    const parts = lines(x)[2].parts;
    expect(parts.map((p) => p.text).join(' ')).toBe('Image ends with \\a.exe or \\b.exe');
    expect(parts.filter((p) => p.kind === 'hit').map((p) => p.text)).toEqual(['\\a.exe']);
    expect(lines(x)[3].parts[0].text).toBe('any value');
    expect(lines(explanation(test({ all: true, more: 4, wanted: [''], holds: [] })))[0].parts.map((p) => p.text)).toEqual(['Image', 'ends with', '(empty)', 'and 4 more']);
  });
  it('tells the kinds of nothing apart', () => {
    expect(['missing', 'null', 'empty', 'value'].map((state) => had(test({ state: state as 'null' })))).toEqual(['the event has no such field', 'the event has null', 'the event has an empty value', 'C:\\a.exe']);
    expect(had({ kind: 'all', holds: true })).toBe('');
  });
});

describe('tints of a rule file', () => {
  const kinds = (s: string) => tokens(s).map((t) => `${t.kind}:${t.text}`);
  it('know keys, values and comments', () => {
    expect(kinds('title: A rule # why')).toEqual(['key:title', 'mark::', 'text: A rule ', 'comment:# why']);
    expect(kinds("    - CommandLine|contains: 'a # b: c'")).toEqual(['mark:    - ', 'key:CommandLine|contains', 'mark::', "text: 'a # b: c'"]);
    expect(kinds('# all')).toEqual(['comment:# all']);
    expect(kinds('  - https://example.org/#part')).toEqual(['text:  - https://example.org/#part']);
    expect(kinds('')).toEqual([]);
  });
  it('never change the text', () => {
    for (const s of ["a: 'b", '- - x: y', ':', '  : ', '{a: b}', '"q: r": s', "it's # not", '\t- <b>x</b>: y', 'a:b', '- "#": "#" #']) {
      expect(tokens(s).map((t) => t.text).join('')).toBe(s);
    }
  });
});
