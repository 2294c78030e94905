/** Pure helpers over a reconstruction: order, narrowing, lanes, short sentences. */
import type { Gap, Reconstruction, Step } from '../api/types';
import type { Note } from './overlays';
import { millis } from '../text/time';
import type { Range } from '../query/range';
import { quote } from '../query/tokens';

export type StoryItem = { kind: 'step'; step: Step } | { kind: 'gap'; gap: Gap } | { kind: 'added'; note: Note };

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

/** Steps with the gaps between them and the steps that analysts added, in order of telling. */
export function story(steps: Step[], gaps: Gap[], added: Note[] = []): StoryItem[] {
  const items: StoryItem[] = [];
  const after = new Map<number, Gap[]>();
  for (const gap of gaps) after.set(gap.after_step ?? 0, [...(after.get(gap.after_step ?? 0) ?? []), gap]);
  const take = (n: number) => {
    for (const gap of after.get(n) ?? []) items.push({ kind: 'gap', gap });
    after.delete(n);
  };
  const waiting = [...added];
  const before = (t: number) => {
    while (waiting.length > 0 && millis(waiting[0].at) < t) items.push({ kind: 'added', note: waiting.shift() as Note });
  };
  take(0);
  for (const step of steps) {
    before(millis(step.from));
    items.push({ kind: 'step', step });
    take(step.n);
  }
  before(Infinity);
  for (const n of [...after.keys()]) take(n);
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
  if (b.order_not_established?.includes(a.n)) return true;
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

/** The sentence without the host it opens with, where the line above names that host already. */
export function brief(step: Step): string {
  const opening = `On ${step.host}, `;
  if (!step.host || !step.sentence.startsWith(opening)) return step.sentence;
  const rest = step.sentence.slice(opening.length);
  return /^(the|a|an) /.test(rest) ? rest.charAt(0).toUpperCase() + rest.slice(1) : rest;
}

/** The query that looks into a gap: the one it comes with, else everything of its host. */
export function gapQuery(gap: Gap): string {
  return gap.query || (gap.host ? `device.hostname:${quote(gap.host)}` : '');
}
