/** An OCSF event as rows of path and value, in an order that reads well; `unmapped` last. */

export interface FieldRow {
  path: string;
  value: string;
  unmapped: boolean;
}

const first = [
  'time', 'class_name', 'activity_name', 'severity', 'device.hostname', 'actor.user.name', 'user.name',
  'actor.process.file.path', 'process.file.path', 'process.cmd_line',
];
const hidden = new Set(['raw_data', 'type_uid', 'category_uid', 'type_name']);
const deepest = 8;

/** Flattens nested objects; lists of plain values are joined, lists of objects are numbered. */
export function flatten(ocsf: Record<string, unknown>): FieldRow[] {
  const rows: FieldRow[] = [];
  walk(ocsf, '', rows, 0);
  return rows.filter((r) => !hidden.has(r.path)).sort(compare);
}

function walk(value: unknown, path: string, rows: FieldRow[], depth: number): void {
  if (value === null || value === undefined || value === '') return;
  if (typeof value !== 'object' || depth > deepest) {
    rows.push({ path, value: typeof value === 'object' ? JSON.stringify(value) : String(value), unmapped: isUnmapped(path) });
    return;
  }
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v !== 'object' || v === null)) {
      if (value.length > 0) rows.push({ path, value: value.join(', '), unmapped: isUnmapped(path) });
      return;
    }
    value.forEach((v, i) => walk(v, `${path}[${i}]`, rows, depth + 1));
    return;
  }
  for (const [k, v] of Object.entries(value)) walk(v, path === '' ? k : `${path}.${k}`, rows, depth + 1);
}

function isUnmapped(path: string): boolean {
  return path === 'unmapped' || path.startsWith('unmapped.') || path.startsWith('unmapped[');
}

function compare(a: FieldRow, b: FieldRow): number {
  return weight(a) - weight(b) || a.path.localeCompare(b.path);
}

function weight(r: FieldRow): number {
  if (r.unmapped) return 2000;
  const i = first.indexOf(r.path);
  if (i >= 0) return i;
  if (r.path.startsWith('metadata.')) return 1100;
  if (r.path.startsWith('evident.')) return 1200;
  return /_(uid|id)$/.test(r.path) && !r.path.includes('.') ? 1000 : 100;
}
