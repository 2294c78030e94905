/** The key view of a cause graph: what the steps tell and the links that hold it together; the rest is counted. */
import type { GraphEdge, GraphNode } from '../api/types';
import { grade } from '../marks/grade';

/** A node as it is drawn; more = how many siblings it stands for besides itself. */
export interface ViewNode extends GraphNode {
  more?: number;
  /** How many nodes it stands for where they are too many to draw. */
  many?: number;
}

export interface View {
  nodes: ViewNode[];
  edges: GraphEdge[];
  /** What is not shown, a host each. */
  folded: { host: string; count: number }[];
  /** Whether it is the key view, whose drawing may draw like things as one. */
  key: boolean;
}

/** Everything. */
export function fullView(nodes: GraphNode[], edges: GraphEdge[]): View {
  const known = new Set(nodes.map((n) => n.id));
  return { nodes, edges: edges.filter((e) => known.has(e.src) && known.has(e.dst)), folded: [], key: false };
}

/** Edges that a step tells, and the shortest links between them. All edges where no step tells one. */
export function keyView(nodes: GraphNode[], edges: GraphEdge[]): View {
  const all = fullView(nodes, edges);
  const told = all.edges.filter((e) => e.step);
  if (told.length === 0) return all;
  const kept = new Set([...told, ...links(told, all.edges.filter((e) => !e.step))]);
  const shown = new Set([...kept].flatMap((e) => [e.src, e.dst]));
  const folded = new Map<string, number>();
  for (const n of nodes) if (!shown.has(n.id)) folded.set(n.host, (folded.get(n.host) ?? 0) + 1);
  return {
    nodes: nodes.filter((n) => shown.has(n.id)),
    edges: all.edges.filter((e) => kept.has(e)),
    folded: [...folded].map(([host, count]) => ({ host, count })),
    key: true,
  };
}

/**
 * Edges of `rest` that join the parts of `told`, by the shortest ways first: every node belongs to its nearest told
 * node, and an edge between two such regions is a way (Mehlhorn's approximation of the Steiner tree, 1988).
 */
function links(told: GraphEdge[], rest: GraphEdge[]): GraphEdge[] {
  const part = new Parts();
  for (const e of told) part.join(e.src, e.dst);
  const near = regions([...new Set(told.flatMap((e) => [e.src, e.dst]))], rest);
  const ways = rest.flatMap((edge) => {
    const a = near.get(edge.src);
    const b = near.get(edge.dst);
    return a && b && a.origin !== b.origin ? [{ edge, a, b, length: a.length + b.length }] : [];
  });
  const out: GraphEdge[] = [];
  for (const w of ways.sort((x, y) => x.length - y.length)) {
    if (part.join(w.a.origin, w.b.origin)) out.push(w.edge, ...back(w.a), ...back(w.b));
  }
  return out;
}

/** Where a node stands: its nearest told node, and the way there one edge at a time. */
interface Near {
  origin: string;
  length: number;
  by?: GraphEdge;
  from?: Near;
}

function back(at: Near): GraphEdge[] {
  const out: GraphEdge[] = [];
  for (let n: Near | undefined = at; n?.by; n = n.from) out.push(n.by);
  return out;
}

function regions(keys: string[], edges: GraphEdge[]): Map<string, Near> {
  const beside = new Map<string, GraphEdge[]>();
  for (const e of edges) for (const id of [e.src, e.dst]) put(beside, id, e);
  const near = new Map<string, Near>(keys.map((k) => [k, { origin: k, length: 0 }]));
  // A Map goes on with what is added while it is read: this is the queue of a breadth-first walk.
  for (const [id, at] of near) {
    for (const e of beside.get(id) ?? []) {
      const other = e.src === id ? e.dst : e.src;
      if (!near.has(other)) near.set(other, { origin: at.origin, length: at.length + 1, by: e, from: at });
    }
  }
  return near;
}

/** Adds to the list of a key. */
export function put<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const have = lists.get(key);
  if (have) have.push(value);
  else lists.set(key, [value]);
}

class Parts {
  #up = new Map<string, string>();

  #root(id: string): string {
    let at = id;
    for (let up = this.#up.get(at); up !== undefined; up = this.#up.get(at)) at = up;
    return at;
  }

  /** Makes one part of two; tells whether they were two. */
  join(a: string, b: string): boolean {
    const [x, y] = [this.#root(a), this.#root(b)];
    if (x !== y) this.#up.set(x, y);
    return x !== y;
  }
}

const strongest = ['proven', 'corroborated', 'inferred', 'assumed'];

/** One line for edges that run side by side, one node for ends that differ in name only, one for what is folded. */
export function merge(view: View): View {
  if (!view.key) return view;
  const lines = new Map<string, GraphEdge>();
  for (const e of view.edges) {
    const k = `${e.src}\n${e.dst}`;
    const have = lines.get(k);
    if (!have || rank(e) < rank(have)) lines.set(k, e);
  }
  const edges = [...lines.values()];
  const lead = alike(view.nodes, edges);
  const more = new Map<string, number>();
  for (const [id, first] of lead) if (id !== first) more.set(first, (more.get(first) ?? 0) + 1);
  const gone = (id: string) => (lead.get(id) ?? id) !== id;
  const rest = view.folded.map(({ host, count }): ViewNode => ({ id: `folded:${host}`, type: 'folded', host, label: `+${count} folded` }));
  return {
    nodes: [...view.nodes.filter((n) => !gone(n.id)).map((n) => (more.has(n.id) ? { ...n, more: more.get(n.id) } : n)), ...rest],
    edges: edges.filter((e) => !gone(e.dst)),
    folded: view.folded,
    key: true,
  };
}

function rank(e: GraphEdge): number {
  return (e.step || 1e6) * 10 + strongest.indexOf(grade(e.grade));
}

/** Ends of a single edge, by the first with the same source, step, type and host. */
function alike(nodes: GraphNode[], edges: GraphEdge[]): Map<string, string> {
  const degree = new Map<string, number>();
  for (const e of edges) for (const id of [e.src, e.dst]) degree.set(id, (degree.get(id) ?? 0) + 1);
  const byID = new Map(nodes.map((n) => [n.id, n]));
  const first = new Map<string, string>();
  const lead = new Map<string, string>();
  for (const e of edges) {
    const n = byID.get(e.dst);
    if (!n || degree.get(e.dst) !== 1) continue;
    const k = [e.src, e.step, e.verb, n.type, n.host].join('\n');
    if (!first.has(k)) first.set(k, n.id);
    lead.set(n.id, first.get(k) ?? n.id);
  }
  return lead;
}

const number = / \(pid \d+\)$/;

/** What the nodes are called in the drawing: the last part of a path, a process by its number only where two share a name. */
export function shortLabels(nodes: ViewNode[]): Map<string, string> {
  const seen = new Map<string, number>();
  const name = (n: ViewNode) => `${n.host}\n${n.label.replace(number, '')}`;
  for (const n of nodes) seen.set(name(n), (seen.get(name(n)) ?? 0) + 1);
  return new Map(nodes.map((n) => [n.id, shortLabel(n, (seen.get(name(n)) ?? 0) > 1)]));
}

function shortLabel(n: ViewNode, twin: boolean): string {
  const path = n.type === 'registry' ? /[^\\/]+[\\/][^\\/]+$/ : /[^\\/]+$/;
  const bare = twin ? n.label.replace(/(?:\.exe)? \(pid (\d+)\)$/i, ' $1') : n.label.replace(number, '');
  if (['address', 'endpoint'].includes(n.type)) return bare.slice(0, 46);
  const name = ['file', 'registry', 'pipe'].includes(n.type) ? (path.exec(bare)?.[0] ?? bare) : bare;
  const room = n.more ? 13 : 17;
  const cut = name.length > room ? `${name.slice(0, Math.ceil(room / 2) - 1)}…${name.slice(-Math.floor(room / 2))}` : name;
  return n.more ? `${cut} +${n.more}` : cut;
}
