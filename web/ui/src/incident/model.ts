/** Pure helpers over a reconstruction: order, narrowing, lanes, the graph's layout. */
import type { Gap, GraphEdge, GraphNode, Reconstruction, Step } from '../api/types';
import { millis } from '../text/time';
import type { Range } from '../query/range';

export type StoryItem = { kind: 'step'; step: Step } | { kind: 'gap'; gap: Gap };

/** Name of the lane for what no sensor of ours stands on. */
export const outside = 'Outside';

/** The reconstruction with every list present: an empty list may arrive as null. */
export function normalize(r: Reconstruction): Reconstruction {
  return {
    ...r,
    incident: { ...r.incident, hosts: r.incident.hosts ?? [] },
    steps: (r.steps ?? []).map((s) => ({ ...s, events: s.events ?? [] })),
    gaps: r.gaps ?? [],
    hosts: (r.hosts ?? []).map((h) => ({ ...h, sensors: h.sensors ?? [] })),
    graph: {
      nodes: r.graph?.nodes ?? [],
      edges: (r.graph?.edges ?? []).map((e) => ({ ...e, events: e.events ?? [] })),
    },
  };
}

/** Steps with the gaps between them, in order of telling. */
export function story(steps: Step[], gaps: Gap[]): StoryItem[] {
  const items: StoryItem[] = [];
  const numbers = new Set(steps.map((s) => s.n));
  const before = gaps.filter((g) => !numbers.has(g.after_step ?? 0) && (g.after_step ?? 0) === 0);
  for (const gap of before) items.push({ kind: 'gap', gap });
  for (const step of steps) {
    items.push({ kind: 'step', step });
    for (const gap of gaps) if (gap.after_step === step.n) items.push({ kind: 'gap', gap });
  }
  const told = new Set(items.flatMap((i) => (i.kind === 'gap' ? [i.gap] : [])));
  for (const gap of gaps) if (!told.has(gap)) items.push({ kind: 'gap', gap });
  return items;
}

/** Steps inside the range and, with provenOnly, of the strongest grade. */
export function narrow(steps: Step[], range: Range | undefined, provenOnly: boolean): Step[] {
  return steps.filter((s) => {
    if (provenOnly && s.grade.toLowerCase() !== 'proven') return false;
    const t = millis(s.from);
    return !range || (t >= range.from && t <= range.to);
  });
}

/** Clock error of a host, ms. */
export function clockError(r: Reconstruction, host: string): number {
  return r.hosts.find((h) => h.name === host)?.clock_error_ms ?? 0;
}

/** Tells whether the order of two steps is open: their clock intervals overlap and the hosts differ. */
export function orderOpen(r: Reconstruction, a: Step, b: Step): boolean {
  if (a.host === b.host) return false;
  return millis(b.from) - clockError(r, b.host) <= millis(a.from) + clockError(r, a.host);
}

/** Hosts of the lanes, in order of first appearance; Outside last. */
export function lanes(r: Reconstruction, steps: Step[]): string[] {
  const names = [...new Set(steps.map((s) => s.host || outside))].filter((n) => n !== outside);
  const rest = r.hosts.map((h) => h.name).filter((n) => !names.includes(n));
  const beyond = steps.some((s) => s.host === '') || r.graph.nodes.some((n) => n.host === '');
  return [...names, ...rest, ...(beyond ? [outside] : [])];
}

export interface Placed {
  node: GraphNode;
  x: number;
  y: number;
}

const cell = { width: 168, height: 62, gap: 46, between: 52 };

interface Block {
  rows: GraphNode[][];
  width: number;
}

/**
 * Places nodes: a block a host, blocks in the order in which the story reaches them; inside a block a node's row is
 * its depth along the edges of that host. Blocks stack into columns so that the whole fits the given shape best.
 * What lies outside stands first where the story starts from it, else last.
 */
export function layout(nodes: GraphNode[], edges: GraphEdge[], shape = 1.4): Placed[] {
  const blocks = blocksOf(nodes, edges);
  const heights = [...new Set(blocks.flatMap((_, i) => [column(blocks.slice(0, i + 1)), column(blocks.slice(i))]))];
  let best: Block[][] = blocks.map((b) => [b]);
  let least = Infinity;
  for (const limit of [0, ...heights]) {
    const columns = pack(blocks, limit);
    const width = columns.reduce((n, c) => n + widest(c) * cell.width + cell.gap, 0);
    const height = Math.max(...columns.map(column), 1);
    const size = Math.max(width, height * shape);
    if (size < least) [least, best] = [size, columns];
  }
  return settle(best);
}

function column(blocks: Block[]): number {
  return blocks.reduce((n, b) => n + b.rows.length * cell.height + cell.between, 0);
}

function widest(blocks: Block[]): number {
  return Math.max(...blocks.map((b) => b.width));
}

function pack(blocks: Block[], limit: number): Block[][] {
  const columns: Block[][] = [];
  for (const b of blocks) {
    const last = columns.at(-1);
    if (last && column([...last, b]) <= limit) last.push(b);
    else columns.push([b]);
  }
  return columns;
}

function settle(columns: Block[][]): Placed[] {
  const placed: Placed[] = [];
  let x = 0;
  for (const blocks of columns) {
    const width = widest(blocks);
    let y = 0;
    for (const b of blocks) {
      for (const row of b.rows) {
        row.forEach((node, i) => placed.push({ node, x: x + (i + (width - row.length) / 2) * cell.width, y }));
        y += cell.height;
      }
      y += cell.between;
    }
    x += width * cell.width + cell.gap;
  }
  return placed;
}

function blocksOf(nodes: GraphNode[], edges: GraphEdge[]): Block[] {
  const firstStep = new Map<string, number>();
  for (const e of edges) {
    for (const id of [e.src, e.dst]) firstStep.set(id, Math.min(firstStep.get(id) ?? 1e6, e.step || 1e6));
  }
  const first = (n: GraphNode) => firstStep.get(n.id) ?? 1e6;
  const groups = new Map<string, GraphNode[]>();
  for (const n of nodes) {
    const group = n.host || (isOrigin(n, edges) ? '\u0000' : '\uffff');
    groups.set(group, [...(groups.get(group) ?? []), n]);
  }
  const when = (g: string) => (g === '\u0000' ? -1 : g === '\uffff' ? 1e9 : Math.min(...(groups.get(g) ?? []).map(first)));
  const order = [...groups.keys()].sort((a, b) => when(a) - when(b) || a.localeCompare(b));
  return order.map((g) => block(groups.get(g) ?? [], edges, first));
}

/** Rows of a block by depth; a row of more than three goes on in the next. */
function block(members: GraphNode[], edges: GraphEdge[], first: (n: GraphNode) => number): Block {
  const depth = depths(members, edges);
  const byDepth = new Map<number, GraphNode[]>();
  for (const m of members) byDepth.set(depth.get(m.id) ?? 0, [...(byDepth.get(depth.get(m.id) ?? 0) ?? []), m]);
  const rows: GraphNode[][] = [];
  for (const d of [...byDepth.keys()].sort((a, b) => a - b)) {
    const row = (byDepth.get(d) ?? []).sort((a, b) => first(a) - first(b));
    for (let i = 0; i < row.length; i += 3) rows.push(row.slice(i, i + 3));
  }
  return { rows, width: Math.max(1, ...rows.map((r) => r.length)) };
}

function isOrigin(n: GraphNode, edges: GraphEdge[]): boolean {
  return edges.some((e) => e.src === n.id) && !edges.some((e) => e.dst === n.id);
}

/** Longest way to each node along edges inside the group; cycles end where they close. */
function depths(members: GraphNode[], edges: GraphEdge[]): Map<string, number> {
  const inside = new Set(members.map((m) => m.id));
  const parents = new Map<string, string[]>();
  for (const e of edges) {
    if (inside.has(e.src) && inside.has(e.dst) && e.src !== e.dst) parents.set(e.dst, [...(parents.get(e.dst) ?? []), e.src]);
  }
  const known = new Map<string, number>();
  const open = new Set<string>();
  const depth = (id: string): number => {
    const have = known.get(id);
    if (have !== undefined) return have;
    if (open.has(id)) return 0;
    open.add(id);
    const d = Math.max(-1, ...(parents.get(id) ?? []).map(depth)) + 1;
    open.delete(id);
    known.set(id, d);
    return d;
  };
  for (const m of members) depth(m.id);
  return known;
}
