import { describe, expect, it } from 'vitest';
import type { Gap, GraphEdge, GraphNode, Reconstruction, Step } from '../src/api/types';
import { placeLanes } from '../src/incident/lanes';
import { lanes, layout, narrow, normalize, orderOpen, story } from '../src/incident/model';

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
    expect(told.map((i) => (i.kind === 'step' ? i.step.n : `gap ${i.gap.after_step}`))).toEqual(['gap 0', 1, 'gap 1', 2, 'gap 9']);
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

describe('graph layout', () => {
  it('places every node once, without overlap, cycles included', () => {
    const nodes = ['in', 'a1', 'a2', 'a3', 'b1', 'b2', 'out'].map((id) => node(id, id.startsWith('a') ? 'a' : id.startsWith('b') ? 'b' : ''));
    const edges = [edge('in', 'a1', 1), edge('a1', 'a2', 2), edge('a2', 'a3', 3), edge('a3', 'a1', 4), edge('a2', 'b1', 5), edge('b1', 'b2', 6), edge('b2', 'out', 7)];
    for (const shape of [0.3, 1, 4]) {
      const placed = layout(nodes, edges, shape);
      expect(new Set(placed.map((p) => p.node.id)).size).toBe(nodes.length);
      for (const p of placed) for (const q of placed) if (p !== q) expect(Math.abs(p.x - q.x) >= 150 || Math.abs(p.y - q.y) >= 40).toBe(true);
    }
    const first = layout(nodes, edges, 4).find((p) => p.node.id === 'in');
    expect([first?.x, first?.y]).toEqual([0, 0]);
    expect(layout([], [])).toEqual([]);
  });
});
