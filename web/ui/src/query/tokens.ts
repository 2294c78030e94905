/*
 * Splits a query for highlighting and for filters added by a click. The server parses and judges
 * the query; here only its surface matters, and every text must tokenise without loss.
 */

export type TokenKind = 'space' | 'field' | 'value' | 'text' | 'op' | 'paren' | 'pipe';

export interface Token {
  kind: TokenKind;
  text: string;
  from: number;
}

const operator = /^(and|or|not)$/i;

/** Splits q; the tokens' texts joined are q again. */
export function tokenize(q: string): Token[] {
  const out: Token[] = [];
  let i = 0;
  while (i < q.length) {
    const start = i;
    const kind = next();
    out.push({ kind, text: q.slice(start, i), from: start });
  }
  return out;

  function next(): TokenKind {
    const c = q[i];
    if (/\s/.test(c)) return run(/\s/, 'space');
    if (c === '(' || c === ')') return one('paren');
    const previous = out.at(-1)?.kind;
    if (previous === 'field') return value();
    if (c === '|') return one('pipe');
    if (c === '-' && previous !== 'text' && q[i + 1] !== undefined && !/\s/.test(q[i + 1])) return one('op');
    if (c === '"') return quoted('text');
    return word();
  }
  function one(kind: TokenKind): TokenKind {
    i++;
    return kind;
  }
  function run(class_: RegExp, kind: TokenKind): TokenKind {
    while (i < q.length && class_.test(q[i])) i++;
    return kind;
  }
  function quoted(kind: TokenKind): TokenKind {
    i++;
    while (i < q.length && q[i] !== '"') i += q[i] === '\\' ? 2 : 1;
    i = Math.min(q.length, i + 1);
    return kind;
  }
  function value(): TokenKind {
    while (/[<>=]/.test(q[i] ?? '')) i++;
    if (q[i] === '"') return quoted('value');
    if (q[i] === '[' || q[i] === '{') {
      const end = q.slice(i).search(/[\]}]/);
      i = end < 0 ? q.length : i + end + 1;
      return 'value';
    }
    const start = i;
    while (i < q.length && !/[\s()]/.test(q[i])) i++;
    if (i === start) i++;
    return 'value';
  }
  function word(): TokenKind {
    const start = i;
    while (i < q.length && !/[\s()":]/.test(q[i])) i++;
    if (q[i] === ':' && i > start) return one('field');
    if (i === start) i++;
    return operator.test(q.slice(start, i)) ? 'op' : 'text';
  }
}

/** Spells a value so that the query language takes it literally. */
export function quote(value: string): string {
  if (/^[A-Za-z0-9_.][A-Za-z0-9_.@/-]*$/.test(value) && !operator.test(value)) return value;
  return `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;
}

/** The conditions of a query, and its stages from the first pipe on. */
export function stages(q: string): [conditions: string, stages: string] {
  const pipe = tokenize(q).find((t) => t.kind === 'pipe');
  return pipe ? [q.slice(0, pipe.from).trim(), ` ${q.slice(pipe.from)}`] : [q.trim(), ''];
}

/** Adds `field:value`, or its negation, to the query; the rest keeps its meaning. */
export function withFilter(q: string, field: string, value: string, negate = false): string {
  const term = `${field}:${quote(value)}`;
  const [conditions, tail] = stages(q);
  const rest = without(conditions, field, value);
  const add = negate ? `NOT ${term}` : term;
  if (rest === '' || rest === '*') return add + tail;
  const parts = tokenize(rest);
  const loose = parts.some((t) => t.kind === 'op' && /^or$/i.test(t.text));
  return `${loose ? `(${rest})` : rest} AND ${add}${tail}`;
}

/** Takes `field:value` and its negation out of a query that is a plain list of AND terms. */
export function without(q: string, field: string, value: string): string {
  const term = `${field}:${quote(value)}`;
  const [conditions, tail] = stages(q);
  const tokens = tokenize(conditions);
  if (tokens.some((t) => t.kind === 'paren' || (t.kind === 'op' && /^or$/i.test(t.text)))) return q.trim();
  return (
    conditions
      .split(/\s+AND\s+/i)
      .filter((part) => part !== term && part !== `NOT ${term}` && part !== `-${term}` && part !== '')
      .join(' AND ') + tail
  ).trim();
}

/** Tells whether the query holds the filter, and in which sense. */
export function filterState(q: string, field: string, value: string): 'in' | 'out' | 'none' {
  const term = `${field}:${quote(value)}`;
  const parts = stages(q)[0].split(/\s+AND\s+/i);
  if (parts.includes(term)) return 'in';
  return parts.includes(`NOT ${term}`) || parts.includes(`-${term}`) ? 'out' : 'none';
}
