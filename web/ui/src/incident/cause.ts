/** The way in: the steps from one step back to where the incident began, by the links of the graph. */
import type { GraphEdge, Reconstruction } from '../api/types';
import { put } from './key';

const acting = new Set(['process', 'session', 'service', 'job']);

/** Numbers of the steps that step `n` rests on, itself included: what brought its actor, and what it starts. */
export function wayIn(story: Reconstruction, n: number): Set<number> {
  const into = new Map<string, GraphEdge[]>();
  for (const e of story.graph.edges) put(into, e.dst, e);
  const types = new Map(story.graph.nodes.map((x) => [x.id, x.type]));
  const told = new Map<number, GraphEdge[]>();
  for (const e of story.graph.edges) if (e.step) put(told, e.step, e);
  const way = new Set([n]);
  for (const at of way) {
    for (const e of told.get(at) ?? []) {
      const ends = acting.has(types.get(e.dst) ?? '') ? [e.src, e.dst] : [e.src];
      for (const earlier of ends.flatMap((id) => before(into, id, at))) way.add(earlier);
    }
  }
  return way;
}

function before(into: Map<string, GraphEdge[]>, node: string, limit: number): number[] {
  const found: number[] = [];
  const seen = new Set([node]);
  for (const id of seen) {
    for (const e of into.get(id) ?? []) {
      if (e.step && e.step < limit) found.push(e.step);
      else if (!e.step) seen.add(e.src);
    }
  }
  return found;
}
