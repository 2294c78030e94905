/** Ready searches around a step: what did this account do next, what else touched this file. */
import type { GraphNode, Reconstruction, Step } from '../api/types';
import { quote } from '../query/tokens';
import { millis } from '../text/time';

export interface Question {
  text: string;
  q: string;
  from: string;
  to: string;
}

const day = 864e5;
const most = 8;

/** Questions that the ends of the step's edges raise, each thing once, accounts first. */
export function questions(story: Reconstruction, step: Step): Question[] {
  const nodes = new Map(story.graph.nodes.map((n) => [n.id, n]));
  const ends = story.graph.edges.filter((e) => e.step === step.n).flatMap((e) => [nodes.get(e.src), nodes.get(e.dst)]);
  const seen = new Set<string>();
  const out: (Question & { rank: number })[] = [];
  for (const n of ends) {
    const found = n && ask(n, step, story);
    if (!found || seen.has(found.q)) continue;
    seen.add(found.q);
    out.push(found);
  }
  if (step.host) out.push({ rank: 9, text: `What else happened on ${step.host} then?`, q: `device.hostname:${quote(step.host)}`, ...around(step, 3e5, 3e5) });
  return out.sort((a, b) => a.rank - b.rank).slice(0, most).map(({ text, q, from, to }) => ({ text, q, from, to }));
}

function ask(n: GraphNode, step: Step, story: Reconstruction): (Question & { rank: number }) | undefined {
  const on = n.host ? ` AND device.hostname:${quote(n.host)}` : '';
  const next = around(step, 0, day);
  switch (n.type) {
    case 'account':
    case 'session': {
      const name = account(n.label);
      if (!name) return undefined;
      if (/^\d+$/.test(name)) return { rank: 1, text: `What did user id ${name} do next?`, q: `${any(['actor.user.uid', 'user.uid'], name)}${on}`, ...next };
      return { rank: 1, text: `What did ${name} do next?`, q: any(['actor.user.name', 'user.name'], name), ...next };
    }
    case 'process':
      if (!n.process_uid) return undefined;
      return { rank: 2, text: `What did ${n.label} do next?`, q: `actor.process.uid:${quote(n.process_uid)}${on}`, ...next };
    case 'file':
      return { rank: 3, text: `What else touched ${last(n.label)}?`, q: any(['file.path', 'process.file.path', 'actor.process.file.path'], n.label), ...wide(story) };
    case 'registry':
      return { rank: 4, text: `What else touched ${last(n.label)}?`, q: `reg_key.path:${quote(n.label)}`, ...wide(story) };
    case 'service':
      return { rank: 4, text: `Where else is the service ${n.label}?`, q: `win_service.name:${quote(n.label)}`, ...wide(story) };
    case 'address':
    case 'endpoint': {
      const ip = address(n.label);
      return ip ? { rank: 5, text: `Who else spoke with ${ip}?`, q: any(['dst_endpoint.ip', 'src_endpoint.ip'], ip), ...wide(story) } : undefined;
    }
  }
  return undefined;
}

/** Field or field or field has the value. */
function any(fields: string[], value: string): string {
  return `(${fields.map((f) => `${f}:${quote(value)}`).join(' OR ')})`;
}

/** The account's own name: without its domain, without what the label says besides. */
function account(label: string): string {
  const name = label.replace(/^.*\\/, '').trim();
  return /^session\b/.test(name) || /^(-|system)?$/i.test(name) ? '' : name;
}

function address(label: string): string {
  const bare = label.replace(/^\[(.*)\](:\d+)?$/, '$1');
  return /^\d+(\.\d+){3}/.exec(bare)?.[0] ?? (/^[0-9a-f]*:[0-9a-f:.]+$/i.test(bare) ? bare : '');
}

function last(path: string): string {
  return /[^\\/]+$/.exec(path)?.[0] ?? path;
}

function around(step: Step, before: number, after: number): { from: string; to: string } {
  const iso = (t: number) => new Date(t).toISOString();
  return { from: iso(millis(step.from) - before), to: iso(Math.max(millis(step.to), millis(step.from)) + after) };
}

function wide(story: Reconstruction): { from: string; to: string } {
  const iso = (t: number) => new Date(t).toISOString();
  return { from: iso(millis(story.incident.from) - day), to: iso(millis(story.incident.to) + day) };
}
