/** Routes as data: pattern, page, title. Pure, so that it can be tested without a browser. */

export type PageName = 'overview' | 'search' | 'findings' | 'incidents' | 'incident' | 'rules' | 'exposure' | 'reviews' | 'review' | 'health' | 'missing';

export interface Match {
  page: PageName;
  /** Parts of the path that the pattern names, decoded. */
  args: Record<string, string>;
}

const table: [PageName, string][] = [
  ['overview', '/'],
  ['search', '/search'],
  ['findings', '/findings'],
  ['incidents', '/incidents'],
  ['incident', '/incidents/:id'],
  ['rules', '/rules'],
  ['exposure', '/exposure'],
  ['reviews', '/reviews'],
  ['review', '/reviews/:id'],
  ['health', '/health'],
];

/** Finds the page of a path. */
export function match(path: string): Match {
  const parts = split(path);
  for (const [page, pattern] of table) {
    const args = fit(split(pattern), parts);
    if (args) return { page, args };
  }
  return { page: 'missing', args: {} };
}

function split(path: string): string[] {
  return path.split('/').filter((p) => p !== '');
}

function fit(pattern: string[], parts: string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const args: Record<string, string> = {};
  for (const [i, p] of pattern.entries()) {
    if (p.startsWith(':')) args[p.slice(1)] = decode(parts[i]);
    else if (p !== parts[i]) return undefined;
  }
  return args;
}

function decode(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

/** Builds an address; empty, undefined and null parameters are left out. */
export function address(path: string, params: Record<string, string | number | null | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) {
    if (v !== '' && v !== null && v !== undefined) query.set(k, String(v));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Changes parameters of a query text; empty, undefined and null take them out. */
export function patch(search: string, changes: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams(search);
  for (const [k, v] of Object.entries(changes)) {
    if (v === '' || v === null || v === undefined) query.delete(k);
    else query.set(k, String(v));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
