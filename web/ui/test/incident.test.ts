import { describe, expect, it } from 'vitest';
import type { Gap, GraphEdge, GraphNode, Reconstruction, Step } from '../src/api/types';
import { fullView, keyView, merge, shortLabels } from '../src/incident/key';
import { markScale, placeLanes, ticks } from '../src/incident/lanes';
import { layout } from '../src/incident/layout';
import { brief, gapQuery, lanes, narrow, normalize, orderOpen, story } from '../src/incident/model';

const step = (n: number, host: string, seconds: number, grade: Step['grade'] = 'PROVEN'): Step => ({
  n, from: new Date(seconds * 1000).toISOString(), to: new Date(seconds * 1000).toISOString(), host, verb: 'did', sentence: `step ${n}`, grade, events: [`1-${n}`],
});
const gap = (after_step: number, host = 'a'): Gap => ({ kind: 'hole', host, text: 'missing', after_step });
const node = (id: string, host: string): GraphNode => ({ id, host, type: 'process', label: id });
const edge = (src: string, dst: string, n: number): GraphEdge => ({ src, dst, verb: 'starts', grade: 'PROVEN', step: n, events: [] });
const rec = (steps: Step[], gaps: Gap[] = []): Reconstruction => ({
  incident: { uid: 'i', title: 't', from: '', to: '', grade: 'PROVEN', severity: 'high', hosts: ['a', 'b'], events_considered: 9, weakest_step: 0, seed: '' },
  steps, gaps, graph: { nodes: [], edges: [] }, hosts: [{ name: 'a', sensors: ['x'], clock_error_ms: 100 }, { name: 'b', sensors: [], clock_error_ms: 5000 }],
});

describe('story', () => {
  it('puts every gap behind its step, and loses none', () => {
    const told = story([step(1, 'a', 1), step(2, 'a', 2)], [gap(1), gap(0), gap(9)]);
    expect(told.map((i) => (i.kind === 'step' ? i.step.n : i.kind === 'gap' ? `gap ${i.gap.after_step}` : 'added'))).toEqual(['gap 0', 1, 'gap 1', 2, 'gap 9']);
  });
  it('takes lists that arrive as null', () => {
    const r = normalize({ ...rec([step(1, 'a', 1)]), gaps: null, hosts: null, graph: null } as unknown as Reconstruction);
    expect([r.gaps, r.hosts, r.graph.nodes]).toEqual([[], [], []]);
  });
  it('narrows by time and grade', () => {
    const steps = [step(1, 'a', 1), step(2, 'a', 20, 'INFERRED'), step(3, 'a', 30)];
    expect(narrow(steps, { from: 10_000, to: 40_000 }, false).map((s) => s.n)).toEqual([2, 3]);
    expect(narrow(steps, undefined, true).map((s) => s.n)).toEqual([1, 3]);
  });
  it('leaves the order open where clocks overlap', () => {
    const r = rec([]);
    expect(orderOpen(r, step(1, 'a', 10), step(2, 'b', 12))).toBe(true);
    expect(orderOpen(r, step(1, 'a', 10), step(2, 'b', 20))).toBe(false);
    expect(orderOpen(r, step(1, 'b', 10), step(2, 'b', 11))).toBe(false);
    expect(orderOpen(r, step(1, 'a', 10), { ...step(2, 'a', 900), order_not_established: [1] })).toBe(true);
  });
});

describe('lanes', () => {
  it('stand in order of appearance, and marks go left to right', () => {
    const steps = [step(1, 'b', 1), step(2, 'a', 5), step(3, 'b', 5000)];
    const r = rec(steps, [gap(1, 'a')]);
    expect(lanes(r, steps)).toEqual(['b', 'a']);
    for (const clock of [false, true]) {
      const l = placeLanes(r, steps, 640, clock);
      expect(l.marks.map((m) => m.x)).toEqual([...l.marks.map((m) => m.x)].sort((x, y) => x - y));
      expect(l.marks.every((m) => m.x >= 92 && m.x <= 640)).toBe(true);
      expect(l.gaps).toHaveLength(1);
    }
    expect(placeLanes(rec([]), [], 640, true).marks).toEqual([]);
  });
});

describe('a closed step', () => {
  it('leaves out the host that its line names, and nothing else', () => {
    const s = step(1, 'a', 1);
    expect(brief({ ...s, sentence: 'On a, x.exe ran.' })).toBe('x.exe ran.');
    expect(brief({ ...s, sentence: 'On a, the session ran.' })).toBe('The session ran.');
    expect(brief({ ...s, sentence: 'On ab, x.exe ran.' })).toBe('On ab, x.exe ran.');
    expect(brief({ ...s, host: '', sentence: 'On , x' })).toBe('On , x');
  });
  it('a gap without a query asks for its host', () => {
    expect(gapQuery({ ...gap(1), query: 'q' })).toBe('q');
    expect(gapQuery(gap(1, 'ha-ws1'))).toContain('device.hostname:');
    expect(gapQuery(gap(1, ''))).toBe('');
  });
});

describe('axis of the lanes', () => {
  const close = Array.from({ length: 25 }, (_, i) => step(i + 1, 'a', i * i * 60));
  const { marks } = placeLanes(rec(close), close, 644, false);
  const at = (current: number, since = false) => ticks(marks, current, () => '02:11', since);
  it('labels some of 25 steps, the chosen one always, and none over another', () => {
    for (const current of [1, 2, 13, 25]) {
      const t = at(current);
      expect(t.length).toBeGreaterThan(6);
      expect(t.map((k) => k.mark.step.n)).toContain(current);
      for (let i = 1; i < t.length; i++) expect(t[i].x - t[i - 1].x).toBeGreaterThan(30);
    }
  });
  it('labels every step where there is room, waits from the second on', () => {
    const few = placeLanes(rec(close), close.slice(0, 8), 644, false).marks;
    expect(ticks(few, 1, () => '02:11').map((t) => t.mark.step.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(ticks(few, 1, () => '+2m', true).map((t) => t.mark.step.n)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect([markScale(few), markScale(marks) < 1, markScale([])]).toEqual([1, true, 1]);
  });
  it('tells the longest wait first', () => {
    const steps = [0, 1, 2, 90_000, 90_001].map((s, i) => step(i + 1, 'a', s));
    const t = ticks(placeLanes(rec(steps), steps, 200, false).marks, 0, () => '+1d', true);
    expect(t.map((k) => k.mark.step.n)).toContain(4);
  });
});

describe('key view', () => {
  const nodes = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2'].map((id) => node(id, id[0]));
  const edges = [edge('a1', 'a2', 1), edge('a2', 'a3', 0), edge('a3', 'a4', 0), edge('a4', 'b1', 2), edge('a1', 'a5', 0), edge('b1', 'b2', 0), edge('a2', 'a5', 0)];
  it('keeps what is told and the shortest way between, and counts the rest', () => {
    const v = keyView(nodes, edges);
    expect(v.nodes.map((n) => n.id)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
    expect(v.edges.map((e) => `${e.src}${e.dst}`)).toEqual(['a1a2', 'a2a3', 'a3a4', 'a4b1']);
    expect(v.folded).toEqual([{ host: 'a', count: 1 }, { host: 'b', count: 1 }]);
  });
  it('is everything where no step tells an edge, and drops edges without ends', () => {
    expect(keyView(nodes, edges.map((e) => ({ ...e, step: 0 }))).nodes).toHaveLength(7);
    expect(keyView(nodes, [...edges, edge('a1', 'lost', 3)]).edges.map((e) => e.dst)).not.toContain('lost');
    expect(keyView([], [])).toEqual({ nodes: [], edges: [], folded: [], key: false });
  });
  it('draws one line a pair, and one node for like ends', () => {
    const like = [edge('a1', 'a2', 1), { ...edge('a1', 'a2', 1), grade: 'INFERRED' as const }, edge('a2', 'a3', 2), edge('a2', 'a4', 2), edge('a2', 'a5', 3)];
    const m = merge(keyView(nodes, like));
    expect(m.edges.map((e) => `${e.src}${e.dst}${e.grade[0]}`)).toEqual(['a1a2P', 'a2a3P', 'a2a5P']);
    expect(m.nodes.find((n) => n.id === 'a3')?.more).toBe(1);
    expect(m.nodes.map((n) => n.id)).toEqual(['a1', 'a2', 'a3', 'a5', 'folded:b']);
  });
  it('labels are short and say what matters', () => {
    const n = (id: string, type: string, label: string, more = 0) => ({ id, host: 'a', type, label, more });
    const labels = shortLabels([
      n('p', 'process', 'outlook.exe (pid 12072)'), n('r1', 'process', 'rundll32.exe (pid 1)'), n('r2', 'process', 'rundll32.exe (pid 2)'), n('f', 'file', 'C:\\ProgramData\\x\\sync.7z.001', 2),
      n('k', 'registry', 'HKU\\S-1\\Software\\Run\\TideSync'), n('s', 'service', 'AVeryLongServiceNameThatDoesNotEnd'), n('e', 'endpoint', '198.51.100.102:443'),
    ]);
    expect([...labels.values()]).toEqual(['outlook.exe', 'rundll32 1', 'rundll32 2', 'sync.7z.001 +2', 'Run\\TideSync', 'AVeryLon…esNotEnd', '198.51.100.102:443']);
  });
  it('the full view is drawn as it is', () => {
    const all = fullView(nodes, [edge('a1', 'a2', 1), edge('a1', 'a2', 2)]);
    expect(merge(all)).toBe(all);
  });
});

describe('graph layout', () => {
  it('places every node once, without overlap, cycles included', () => {
    const nodes = ['in', 'a1', 'a2', 'a3', 'b1', 'b2', 'out'].map((id) => node(id, id.startsWith('a') ? 'a' : id.startsWith('b') ? 'b' : ''));
    const edges = [edge('in', 'a1', 1), edge('a1', 'a2', 2), edge('a2', 'a3', 3), edge('a3', 'a1', 4), edge('a2', 'b1', 5), edge('b1', 'b2', 6), edge('b2', 'out', 7)];
    for (const shape of [0.3, 1, 4]) {
      const placed = layout(nodes, edges, shape);
      expect(new Set(placed.map((p) => p.node.id)).size).toBe(nodes.length);
      for (const p of placed) for (const q of placed) if (p !== q) expect(Math.abs(p.x - q.x) >= 120 || Math.abs(p.y - q.y) >= 30).toBe(true);
    }
    const first = layout(nodes, edges, 4).find((p) => p.node.id === 'in');
    expect([first?.x, first?.y]).toEqual([0, 0]);
    expect(layout([], [])).toEqual([]);
  });
  it('lets no edge run behind a node it does not touch, along a row', () => {
    const many = ['r', ...Array.from({ length: 30 }, (_, i) => `k${i}`)].map((id) => node(id, 'a'));
    const placed = layout(many, many.slice(1).map((n) => edge('r', n.id, 1)), 1.4);
    for (const p of placed) for (const q of placed) if (p.column > q.column && q.column > 0) expect(p.y).not.toBe(q.y);
  });
});
