/** The ATT&CK matrix: tactics as columns, their techniques in rows, sub-techniques below their technique. */
import type { Technique } from '../api/types';

export interface Cell {
  technique: Technique;
  /** A sub-technique whose technique is in the column too. */
  sub: boolean;
}

export interface Column {
  tactic: string;
  cells: Cell[];
  rules: number;
}

/** Columns in the order of ATT&CK; tactics that only rules name come after them, techniques without one last. */
export function columns(tactics: string[], techniques: Technique[]): Column[] {
  const known = new Map<string, Technique[]>(tactics.map((t) => [t, []]));
  for (const t of techniques) {
    for (const name of t.tactics.length > 0 ? t.tactics : ['No tactic']) {
      const list = known.get(name);
      if (list) list.push(t);
      else known.set(name, [t]);
    }
  }
  return [...known].map(([tactic, list]) => ({ tactic, cells: cells(list), rules: list.reduce((n, t) => n + t.rules, 0) }));
}

function cells(list: Technique[]): Cell[] {
  const ids = new Set(list.map((t) => t.id));
  return [...list].sort((a, b) => compare(a.id, b.id)).map((technique) => ({ technique, sub: technique.id.includes('.') && ids.has(parent(technique.id)) }));
}

/** "T1003.001" → "T1003". */
export function parent(id: string): string {
  return id.replace(/\..*$/, '');
}

/** By number of technique, then of sub-technique. */
export function compare(a: string, b: string): number {
  const [x, y] = [a, b].map((id) => id.replace(/^T/i, '').split('.').map((n) => (/^\d+$/.test(n) ? Number(n) : 1e9)));
  return x[0] - y[0] || (x[1] ?? 0) - (y[1] ?? 0) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Rows of a table: the n-th cell of each column, undefined where a column has ended. */
export function rows(list: Column[]): (Cell | undefined)[][] {
  const height = list.reduce((n, c) => Math.max(n, c.cells.length), 0);
  return Array.from({ length: height }, (_, i) => list.map((c) => c.cells[i]));
}

export type Shade = 0 | 1 | 2 | 3 | 4;

/** Shade of a count against the largest one: a step each time it doubles, so that few rules still differ from none. */
export function shade(n: number, most: number): Shade {
  if (n <= 0) return 0;
  if (most <= 1) return 1;
  return Math.min(4, 1 + Math.floor((Math.log2(n) / Math.log2(most + 1)) * 4)) as Shade;
}

/** Whether the data of a technique's rules arrives. */
export function fed(t: Technique, judged: boolean): 'all' | 'some' | 'none' {
  if (!judged || t.able === t.rules) return 'all';
  return t.able === 0 ? 'none' : 'some';
}

/** The cell that a key leads to from the given one; the given one at an edge. */
export function walk(list: Column[], at: { column: number; row: number }, key: string): { column: number; row: number } {
  const height = (c: number) => list[c]?.cells.length ?? 0;
  const into = (c: number, way: number): { column: number; row: number } => {
    for (let i = c + way; i >= 0 && i < list.length; i += way) if (height(i) > 0) return { column: i, row: Math.min(at.row, height(i) - 1) };
    return at;
  };
  switch (key) {
    case 'ArrowDown': return { ...at, row: Math.min(at.row + 1, Math.max(0, height(at.column) - 1)) };
    case 'ArrowUp': return { ...at, row: Math.max(0, at.row - 1) };
    case 'ArrowRight': return into(at.column, 1);
    case 'ArrowLeft': return into(at.column, -1);
    case 'Home': return { ...at, row: 0 };
    case 'End': return { ...at, row: Math.max(0, height(at.column) - 1) };
    default: return at;
  }
}

/** The first cell there is. */
export function start(list: Column[]): { column: number; row: number } {
  return { column: Math.max(0, list.findIndex((c) => c.cells.length > 0)), row: 0 };
}
