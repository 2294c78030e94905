/** Where the nodes of the cause graph stand: a box a host, boxes left to right as the story reaches them. */
import type { GraphEdge, GraphNode } from '../api/types';

export interface Placed {
  node: GraphNode;
  x: number;
  y: number;
  /** Column and row inside the host's box. */
  column: number;
  row: number;
}

/** Size of a node and of the room around it, px at zoom 1. */
export const nodeSize = { width: 108, height: 28 };
const cell = { width: 144, height: 46 };
const between = { width: 44, height: 48 };
const never = 1e6;

interface Spot {
  node: GraphNode;
  column: number;
  row: number;
}

interface Block {
  spots: Spot[];
  columns: number;
  rows: number;
}

/**
 * Places nodes. Inside a box what leads on stands in the first column from top to bottom, and what ends there stands
 * beside what it comes from, over `ends` columns; the second of them is half a row lower, so that the line to it runs
 * between the nodes of the first. The number of columns and which boxes share a stack are chosen so
 * that the whole fits the shape (width by height) best. What lies outside stands first where the story starts from
 * it, else last.
 */
export function layout(nodes: GraphNode[], edges: GraphEdge[], shape = 1.4): Placed[] {
  let best: Block[][] = [];
  let least = Infinity;
  for (let ends = 0; ends <= 2; ends++) {
    const blocks = blocksOf(nodes, edges, ends);
    for (const limit of new Set(blocks.flatMap((_, i) => [tall(blocks.slice(0, i + 1)), tall(blocks.slice(i))]))) {
      const stacks = pack(blocks, limit);
      const width = stacks.reduce((n, s) => n + widest(s) * cell.width + between.width, -between.width);
      const size = Math.max(width, Math.max(...stacks.map(tall)) * shape) * (1 + 0.08 * backward(stacks, edges));
      if (size < least) [least, best] = [size, stacks];
    }
  }
  return settle(best);
}

function tall(blocks: Block[]): number {
  return blocks.reduce((n, b) => n + b.rows * cell.height + between.height, 0);
}

function widest(blocks: Block[]): number {
  return Math.max(...blocks.map((b) => b.columns));
}

function pack(blocks: Block[], limit: number): Block[][] {
  const stacks: Block[][] = [];
  for (const b of blocks) {
    const last = stacks.at(-1);
    if (last && tall([...last, b]) <= limit) last.push(b);
    else stacks.push([b]);
  }
  return stacks;
}

/** Edges between boxes that do not run to the right: they cross what stands between. */
function backward(stacks: Block[][], edges: GraphEdge[]): number {
  const at = new Map(stacks.flatMap((s, i) => s.flatMap((b) => b.spots.map((p) => [p.node.id, { stack: i, box: b }] as const))));
  return edges.filter((e) => {
    const [a, b] = [at.get(e.src), at.get(e.dst)];
    return a && b && a.box !== b.box && b.stack <= a.stack;
  }).length;
}

function settle(stacks: Block[][]): Placed[] {
  const placed: Placed[] = [];
  let x = 0;
  for (const blocks of stacks) {
    let y = 0;
    for (const b of blocks) {
      for (const s of b.spots) placed.push({ ...s, x: x + s.column * cell.width, y: y + s.row * cell.height });
      y += b.rows * cell.height + between.height;
    }
    x += widest(blocks) * cell.width + between.width;
  }
  return placed;
}

function blocksOf(nodes: GraphNode[], edges: GraphEdge[], ends: number): Block[] {
  const first = firstSteps(edges);
  const groups = new Map<string, GraphNode[]>();
  for (const n of nodes) {
    const group = n.host || (isOrigin(n, edges) ? '\u0000' : '\uffff');
    groups.set(group, [...(groups.get(group) ?? []), n]);
  }
  const members = (g: string) => groups.get(g) ?? [];
  const when = (g: string) => (g === '\u0000' ? -1 : g === '\uffff' ? 1e9 : Math.min(...members(g).map((n) => first(n.id))));
  const order = [...groups.keys()].sort((a, b) => when(a) - when(b) || a.localeCompare(b));
  return order.map((g) => block(members(g), edges, first, members(g).length > 4 ? ends : 0));
}

/** First step that touches a node; of a node that no step touches, the first of its neighbours. */
function firstSteps(edges: GraphEdge[]): (id: string) => number {
  const own = new Map<string, number>();
  const low = (m: Map<string, number>, id: string, n: number) => m.set(id, Math.min(m.get(id) ?? never, n));
  for (const e of edges) for (const id of [e.src, e.dst]) low(own, id, e.step || never);
  const of = (id: string) => own.get(id) ?? never;
  const beside = new Map<string, number>();
  for (const e of edges) {
    low(beside, e.src, of(e.dst));
    low(beside, e.dst, of(e.src));
  }
  return (id) => (of(id) < never ? of(id) : (beside.get(id) ?? never));
}

function isOrigin(n: GraphNode, edges: GraphEdge[]): boolean {
  return edges.some((e) => e.src === n.id) && !edges.some((e) => e.dst === n.id);
}

function block(members: GraphNode[], edges: GraphEdge[], first: (id: string) => number, ends: number): Block {
  const inside = new Set(members.map((m) => m.id));
  const own = edges.filter((e) => inside.has(e.src) && inside.has(e.dst) && e.src !== e.dst);
  const leads = new Set(own.map((e) => e.src));
  const parent = new Map<string, string>();
  for (const e of own) if (!leads.has(e.dst) && !parent.has(e.dst)) parent.set(e.dst, e.src);
  const trunk = ordered(members.filter((m) => ends === 0 || !parent.has(m.id)), own, first);
  const spots: Spot[] = trunk.map((node, row) => ({ node, column: 0, row }));
  const rowOf = new Map(spots.map((s) => [s.node.id, s.row]));
  const taken = new Set<number>();
  const rest = ends === 0 ? [] : members.filter((m) => parent.has(m.id)).sort((a, b) => first(a.id) - first(b.id));
  for (const node of rest) {
    let slot = (rowOf.get(parent.get(node.id) ?? '') ?? 0) * ends;
    while (taken.has(slot)) slot++;
    taken.add(slot);
    spots.push({ node, column: 1 + (slot % ends), row: Math.floor(slot / ends) + (slot % ends) / 2 });
  }
  return { spots, columns: 1 + Math.max(0, ...spots.map((s) => s.column)), rows: 1 + Math.max(0, ...spots.map((s) => s.row)) };
}

/** Causes before effects, the earlier step first; a cycle is cut at its earliest node. Folded nodes stand last. */
function ordered(members: GraphNode[], edges: GraphEdge[], first: (id: string) => number): GraphNode[] {
  const waits = new Map<string, number>(members.map((m) => [m.id, 0]));
  for (const e of edges) if (waits.has(e.src) && waits.has(e.dst)) waits.set(e.dst, (waits.get(e.dst) ?? 0) + 1);
  const left = [...members].sort((a, b) => Number(a.type === 'folded') - Number(b.type === 'folded') || first(a.id) - first(b.id));
  const out: GraphNode[] = [];
  while (left.length > 0) {
    const ready = left.findIndex((m) => (waits.get(m.id) ?? 0) <= 0 && m.type !== 'folded');
    const [node] = left.splice(Math.max(0, ready), 1);
    out.push(node);
    for (const e of edges) if (e.src === node.id && waits.has(e.dst)) waits.set(e.dst, (waits.get(e.dst) ?? 0) - 1);
  }
  return out;
}
