/** A graph of any size drawn with a bounded number of nodes: what is many becomes one node that says how many. */
import type { GraphEdge, GraphNode } from '../api/types';
import { grade } from '../marks/grade';
import { put, type View, type ViewNode } from './key';

/** Most nodes and edges that are drawn at once; more than this nobody can read, and the table has all. */
export const drawnNodes = 84;
export const drawnEdges = 240;

const strongest = ['proven', 'corroborated', 'inferred', 'assumed'];

/**
 * The view with at most `nodes` nodes and `edges` edges. Nodes with the most edges that steps tell stay themselves;
 * of the others, those on one host, of one type and beside the same kept node become one, then those on one host and
 * of one type, then those of one host. Every edge of the view is drawn, or counted in the one that stands for it.
 */
export function aggregate(view: View, nodes = drawnNodes, edges = drawnEdges): View {
  if (view.nodes.length <= nodes && view.edges.length <= edges) return view;
  for (const level of [0, 1, 2]) {
    for (const keep of [nodes / 2, nodes / 4, 0]) {
      const out = merged(view, Math.floor(keep), level);
      if (out.nodes.length <= nodes && out.edges.length <= edges) return out;
    }
  }
  return cut(merged(view, 0, 2), nodes, edges);
}

function merged(view: View, keep: number, level: number): View {
  const kept = weightiest(view, keep);
  const beside = level === 0 ? neighbours(view, kept) : new Map<string, string>();
  const groups = new Map<string, ViewNode[]>();
  for (const n of view.nodes) {
    const own = kept.has(n.id) || n.type === 'folded';
    put(groups, own ? n.id : ['many', n.host, level < 2 ? n.type : '', beside.get(n.id) ?? ''].join('\n'), n);
  }
  const lead = new Map<string, string>();
  const nodes = [...groups.values()].map((list) => {
    const one = list.length === 1 ? list[0] : many(list);
    for (const n of list) lead.set(n.id, one.id);
    return one;
  });
  return { ...view, nodes, edges: bundles(view.edges, lead) };
}

/** The nodes that most told edges touch. */
function weightiest(view: View, keep: number): Set<string> {
  const weight = new Map<string, number>();
  for (const e of view.edges) for (const id of [e.src, e.dst]) weight.set(id, (weight.get(id) ?? 0) + (e.step ? 1000 : 1));
  const order = [...weight].sort((a, b) => b[1] - a[1]).slice(0, keep);
  return new Set(order.map(([id]) => id));
}

/** The kept node beside each other one, the first by the order of edges. */
function neighbours(view: View, kept: Set<string>): Map<string, string> {
  const out = new Map<string, string>();
  for (const e of view.edges) {
    if (kept.has(e.src) && !kept.has(e.dst) && !out.has(e.dst)) out.set(e.dst, e.src);
    if (kept.has(e.dst) && !kept.has(e.src) && !out.has(e.src)) out.set(e.src, e.dst);
  }
  return out;
}

function many(list: GraphNode[]): ViewNode {
  const types = new Set(list.map((n) => n.type));
  const word = types.size === 1 ? list[0].type : 'thing';
  const plural = word.endsWith('s') ? `${word}es` : word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
  return { ...list[0], id: `many:${list[0].id}`, type: types.size === 1 ? list[0].type : 'folded', label: `${list.length.toLocaleString('en-US')} ${plural}`, many: list.length };
}

/** One edge for all between the same ends: of the earliest step, of the strongest grade there. */
function bundles(edges: GraphEdge[], lead: Map<string, string>): GraphEdge[] {
  const out = new Map<string, GraphEdge & { count: number }>();
  for (const e of edges) {
    const src = lead.get(e.src) ?? e.src;
    const dst = lead.get(e.dst) ?? e.dst;
    const k = `${src}\n${dst}`;
    const have = out.get(k);
    const count = (have?.count ?? 0) + ((e as { count?: number }).count ?? 1);
    out.set(k, have && rank(have) <= rank(e) ? { ...have, count } : { ...e, src, dst, count });
  }
  return [...out.values()].filter((e) => e.src !== e.dst || e.count > 1);
}

function rank(e: GraphEdge): number {
  return (e.step || 1e6) * 10 + strongest.indexOf(grade(e.grade));
}

/** Last resort, for an incident over more hosts than can be drawn: the first ones stay, one node stands for the rest. */
function cut(view: View, nodes: number, edges: number): View {
  const shown = view.nodes.slice(0, nodes - 1);
  const rest = view.nodes.slice(nodes - 1);
  const lead = new Map([...shown.map((n) => [n.id, n.id] as const), ...rest.map((n) => [n.id, 'folded:rest'] as const)]);
  const all = rest.length === 0 ? shown : [...shown, { id: 'folded:rest', type: 'folded', host: '', label: `${rest.length} hosts more`, many: rest.length }];
  return { ...view, nodes: all, edges: bundles(view.edges, lead).sort((a, b) => rank(a) - rank(b)).slice(0, edges) };
}
