/** An explanation as lines: the rule's condition from the top down, each with its verdict. */
import type { ExplainStep, Explanation } from '../api/types';

export interface Part {
  text: string;
  /** A value of the rule that holds, or of the event. */
  kind: 'word' | 'field' | 'hit' | 'value' | 'dim';
}

export interface Line {
  depth: number;
  holds: boolean;
  /** Whether the line says that something is tested, or how tests are joined. */
  test: boolean;
  name: string;
  parts: Part[];
  /** Line in the rule's file, 0 for none. */
  at: number;
}

const joins: Record<ExplainStep['kind'], string> = { all: 'all of these', any: 'one of these', not: 'not this', test: '' };

/** Flattens the steps; what is told further up is named and not repeated. */
export function lines(x: Explanation): Line[] {
  const out: Line[] = [];
  add(out, x.condition, 0);
  return out;
}

function add(out: Line[], step: ExplainStep, depth: number): void {
  out.push({ depth, holds: step.holds, test: step.test !== undefined, name: step.name ?? '', parts: parts(step), at: step.line ?? 0 });
  for (const s of step.steps ?? []) add(out, s, depth + 1);
}

function parts(step: ExplainStep): Part[] {
  if (step.again) return [{ text: 'as told above', kind: 'dim' }];
  const t = step.test;
  if (!t) return [{ text: joins[step.kind], kind: 'dim' }];
  const out: Part[] = [{ text: t.field === '' ? 'any value' : t.field, kind: 'field' }, { text: t.op, kind: 'word' }];
  const holds = new Set(t.holds);
  t.wanted.forEach((w, i) => {
    if (i > 0) out.push({ text: t.all ? 'and' : 'or', kind: 'dim' });
    out.push({ text: w === '' ? '(empty)' : w, kind: holds.has(w) ? 'hit' : 'value' });
  });
  if (t.more > 0) out.push({ text: `and ${t.more} more`, kind: 'dim' });
  return out;
}

/** What the event has where a line tests: "the event has …". */
export function had(step: ExplainStep): string {
  const t = step.test;
  if (!t || step.again) return '';
  switch (t.state) {
    case 'missing': return 'the event has no such field';
    case 'null': return 'the event has null';
    case 'empty': return 'the event has an empty value';
  }
  return t.had.length === 0 ? '' : t.had.join(' · ');
}

/** Steps in the order of lines(), so that line n is about step n. */
export function steps(x: Explanation): ExplainStep[] {
  const out: ExplainStep[] = [];
  const visit = (s: ExplainStep): void => {
    out.push(s);
    s.steps?.forEach(visit);
  };
  visit(x.condition);
  return out;
}
