import { describe, expect, it } from 'vitest';
import type { GraphEdge, GraphNode, Overlay, Reconstruction, Step } from '../src/api/types';
import { wayIn } from '../src/incident/cause';
import { aggregate, drawnEdges, drawnNodes } from '../src/incident/aggregate';
import { questions } from '../src/incident/ask';
import { fullView, keyView, merge } from '../src/incident/key';
import { layout } from '../src/incident/layout';
import { story as tell } from '../src/incident/model';
import { remarks, says } from '../src/incident/overlays';
import { pace } from '../src/incident/play.svelte';
import { large } from '../../e2e/large.mjs';

const total = (edges: GraphEdge[]) => edges.reduce((n, e) => n + ((e as { count?: number }).count ?? 1), 0);

describe('an incident of 10,000 edges', () => {
  const big = large(10_000) as Reconstruction;
  const { nodes, edges } = big.graph;
  it('has them', () => {
    expect(edges.length).toBeGreaterThanOrEqual(10_000);
    expect(new Set(nodes.map((n) => n.id)).size).toBe(nodes.length);
  });
  for (const [name, view] of [['full', fullView(nodes, edges)], ['key', merge(keyView(nodes, edges))]] as const) {
    it(`is drawn within the bound, ${name}, and no edge is lost`, () => {
      const drawn = aggregate(view);
      expect(drawn.nodes.length).toBeLessThanOrEqual(drawnNodes);
      expect(drawn.edges.length).toBeLessThanOrEqual(drawnEdges);
      expect(total(drawn.edges)).toBe(total(view.edges));
      const known = new Set(drawn.nodes.map((n) => n.id));
      expect(drawn.edges.every((e) => known.has(e.src) && known.has(e.dst))).toBe(true);
      expect(layout(drawn.nodes, drawn.edges)).toHaveLength(drawn.nodes.length);
    });
  }
  it('keeps what most steps tell as it is', () => {
    const drawn = aggregate(fullView(nodes, edges));
    const told = new Map<string, number>();
    for (const e of edges) if (e.step) for (const id of [e.src, e.dst]) told.set(id, (told.get(id) ?? 0) + 1);
    const [most] = [...told].sort((a, b) => b[1] - a[1])[0];
    expect(drawn.nodes.map((n) => n.id)).toContain(most);
  });
  it('a chain of 10,000 links ends', () => {
    const chain = Array.from({ length: 10_001 }, (_, i): GraphNode => ({ id: `c${i}`, type: 'process', host: 'a', label: `c${i}` }));
    const links = chain.slice(1).map((n, i): GraphEdge => ({ src: `c${i}`, dst: n.id, verb: 'spawned', grade: 'PROVEN', step: i === 0 ? 1 : i === 9999 ? 2 : 0, events: [] }));
    const key = keyView(chain, links);
    expect(key.edges).toHaveLength(10_000);
    expect(aggregate(key).nodes.length).toBeLessThanOrEqual(drawnNodes);
  });
  it('as many hosts as can be are one node each, the rest one', () => {
    const hosts = Array.from({ length: 900 }, (_, i): GraphNode => ({ id: `h${i}`, type: 'process', host: `host${i}`, label: 'x' }));
    const links = hosts.slice(1).map((n, i): GraphEdge => ({ src: `h${i}`, dst: n.id, verb: 'logged on', grade: 'INFERRED', step: 0, events: [] }));
    const drawn = aggregate(fullView(hosts, links));
    expect(drawn.nodes.length).toBeLessThanOrEqual(drawnNodes);
    expect(drawn.edges.length).toBeLessThanOrEqual(drawnEdges);
    expect(drawn.nodes.at(-1)?.label).toMatch(/hosts more/);
  });
  it('a small one is left as it is', () => {
    const view = fullView(nodes.slice(0, 3), []);
    expect(aggregate(view)).toBe(view);
  });
});

const step = (n: number, verb: string, events: string[]): Step => ({ n, from: `2026-11-18T02:0${n}:00Z`, to: `2026-11-18T02:0${n}:00Z`, host: 'a', verb, sentence: '', grade: 'PROVEN', events });
const rec = (steps: Step[], nodes: GraphNode[] = [], edges: GraphEdge[] = []): Reconstruction => ({
  incident: { uid: 'i', title: 'its own', from: '2026-11-18T02:00:00Z', to: '2026-11-18T03:00:00Z', grade: 'PROVEN', severity: 'high', hosts: [], events_considered: 1, weakest_step: 0, seed: '' },
  steps, gaps: [], hosts: [], graph: { nodes, edges },
});
const note = (uid: string, more: Partial<Overlay>): Overlay => ({ uid, incident: 'i', kind: 'comment', reason: 'r', author: 'uid-1', time: `2026-11-18T09:0${uid.slice(-1)}:00Z`, record: '9-0', ...more });

describe('overlays', () => {
  const steps = [step(1, 'wrote', ['1-1', '1-2']), step(2, 'spawned', ['1-2', '1-3'])];
  const list = [
    note('n1', { kind: 'confirm', event: '1-2', verb: 'spawned' }), note('n2', { kind: 'reject', event: '1-1', verb: 'spawned' }), note('n3', { kind: 'withdraw', withdraws: 'n2' }),
    note('n4', { kind: 'add', text: 'a door', at: '2026-11-18T02:01:30Z' }), note('n5', { kind: 'rename', text: 'renamed' }), note('n6', { event: '8-8', text: 'gone' }), note('n7', { kind: 'pin', event: '1-3', verb: 'spawned' }),
  ];
  const r = remarks(rec(steps), list);
  it('stand at the step that holds their event and does the same', () => {
    expect(r.steps.get(2)).toMatchObject({ verdict: 'confirm', pinned: true });
    expect(r.steps.get(2)?.notes.map((n) => n.uid)).toEqual(['n1', 'n7']);
  });
  it('a withdrawn one is shown and counts no more', () => {
    expect(r.steps.get(1)?.verdict).toBeUndefined();
    expect(r.steps.get(1)?.notes[0]).toMatchObject({ uid: 'n2', withdrawn: true });
  });
  it('every one stands at exactly one place', () => {
    const shown = [...[...r.steps.values()].flatMap((s) => s.notes), ...r.whole, ...r.lost, ...r.added].map((n) => n.uid).sort();
    expect(shown).toEqual(list.map((o) => o.uid).sort());
    expect(r.lost.map((n) => n.uid)).toEqual(['n6']);
    expect(r.title).toBe('renamed');
  });
  it('an added step is told where its time puts it', () => {
    expect(tell(steps, [], r.added).map((i) => (i.kind === 'step' ? i.step.n : i.kind))).toEqual([1, 'added', 2]);
    expect(says(list[4])).toContain('renamed');
  });
});

describe('ready searches', () => {
  const nodes: GraphNode[] = [
    { id: 'a', type: 'session', host: 'a', label: 'HARBOR\\u.ashgrove' }, { id: 'p', type: 'process', host: 'a', label: 'x.exe (pid 4)', process_uid: 'guid-1' },
    { id: 'f', type: 'file', host: 'a', label: 'C:\\a b\\x.dll' }, { id: 'e', type: 'address', host: '', label: '198.51.100.7:443' }, { id: 's', type: 'session', host: 'a', label: 'SYSTEM' },
  ];
  const edges = ['p', 'f', 'e', 's'].map((dst): GraphEdge => ({ src: 'a', dst, verb: 'did', grade: 'PROVEN', step: 1, events: [] }));
  const list = questions(rec([step(1, 'did', ['1-1'])], nodes, edges), step(1, 'did', ['1-1']));
  it('ask for the account without its domain, and for nothing of the system', () => {
    expect(list[0]).toMatchObject({ text: 'What did u.ashgrove do next?', q: '(actor.user.name:u.ashgrove OR user.name:u.ashgrove)', from: '2026-11-18T02:01:00.000Z', to: '2026-11-19T02:01:00.000Z' });
    expect(list.filter((a) => /SYSTEM/i.test(a.text))).toEqual([]);
  });
  it('ask for a process by its key, a file by its whole path, an address without its port', () => {
    const q = list.map((a) => a.q);
    expect(q).toContain('actor.process.uid:guid-1 AND device.hostname:a');
    expect(q.some((x) => x.includes('file.path:"C:\\\\a b\\\\x.dll"'))).toBe(true);
    expect(q.some((x) => x.includes('dst_endpoint.ip:198.51.100.7'))).toBe(true);
  });
});

describe('the way in', () => {
  it('goes back over folded links to where it began, and takes what started a program along', () => {
    const nodes: GraphNode[] = ['a', 'b', 'c', 'd', 'svc', 'scm', 'x'].map((id) => ({ id, type: id === 'svc' ? 'service' : id === 'x' ? 'address' : 'process', host: 'h', label: id }));
    const link = (src: string, dst: string, n: number): GraphEdge => ({ src, dst, verb: 'v', grade: 'PROVEN', step: n, events: [] });
    const r = rec([], nodes, [link('a', 'b', 1), link('b', 'c', 0), link('c', 'svc', 2), link('scm', 'd', 3), link('svc', 'd', 0), link('b', 'x', 4), link('d', 'x', 5)]);
    expect([...wayIn(r, 5)].sort()).toEqual([1, 2, 3, 5]);
    expect([...wayIn(r, 1)]).toEqual([1]);
  });
});

describe('playback', () => {
  it('stays longer at a longer sentence, within bounds', () => {
    expect(pace('')).toBe(1200);
    expect(pace('x'.repeat(100))).toBeGreaterThan(pace('x'.repeat(40)));
    expect(pace('x'.repeat(1e5))).toBe(6000);
  });
});
