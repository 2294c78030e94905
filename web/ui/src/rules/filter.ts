/** The filters of the list of rules: all of them are in the address, under the API's own names. */
import type { Facet } from '../api/types';

/** Parameters that narrow the list. */
export const filters = ['q', 'level', 'status', 'kind', 'source', 'feed', 'technique', 'tactic', 'routed', 'silent', 'hits'] as const;
export type Filter = (typeof filters)[number];

const allowed: Partial<Record<Filter | 'sort', string[]>> = {
  level: ['critical', 'high', 'medium', 'low', 'informational', 'none'],
  status: ['stable', 'test', 'experimental', 'deprecated', 'unsupported', 'none'],
  kind: ['detection', 'correlation', 'filter'],
  feed: ['received', 'missing', 'everywhere', 'unknown'],
  routed: ['yes', 'no'],
  silent: ['yes', 'no'],
  hits: ['some', 'none'],
  sort: ['hits', 'level', 'title', 'last'],
};

/** Reads the filters of an address; what the API would refuse is left out. */
export function read(params: URLSearchParams): Partial<Record<Filter | 'sort', string>> {
  const out: Partial<Record<Filter | 'sort', string>> = {};
  for (const name of [...filters, 'sort'] as const) {
    const value = (params.get(name) ?? '').trim();
    const values = allowed[name];
    if (value !== '' && (!values || values.includes(value))) out[name] = value;
  }
  return out;
}

/** How many filters narrow the list; the order does not. */
export function narrowing(params: URLSearchParams): number {
  const given = read(params);
  return filters.filter((f) => given[f] !== undefined).length;
}

/** The change of the address that takes every filter out. */
export const none: Record<string, null> = Object.fromEntries(filters.map((f) => [f, null]));

/** A choice of a facet: chosen again, it is taken out. */
export function toggled(params: URLSearchParams, name: Filter, value: string): Record<string, string | null> {
  return { [name]: params.get(name) === value ? null : value, rule: null };
}

const words: Record<string, string> = {
  none: 'none given', received: 'data arrives', missing: 'data does not arrive', everywhere: 'runs on every event', unknown: 'not known yet', any: 'any source',
};

/** What a facet's value is called. */
export function label(name: string, value: string): string {
  if (name === 'feed' || value === 'none' || value === 'any') return words[value] ?? value;
  return value;
}

const order: Record<string, string[]> = { level: allowed.level ?? [], status: allowed.status ?? [], feed: allowed.feed ?? [], kind: allowed.kind ?? [] };

/** Values of a facet in their own order where they have one, else most frequent first; a chosen one stays at 0. */
export function values(name: string, found: Facet[], chosen: string): Facet[] {
  const list = chosen !== '' && !found.some((f) => f.value === chosen) ? [...found, { value: chosen, count: 0 }] : [...found];
  const own = order[name];
  if (!own) return list;
  const at = (v: string) => (own.includes(v) ? own.indexOf(v) : own.length);
  return list.sort((a, b) => at(a.value) - at(b.value));
}
