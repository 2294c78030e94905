/** From a cell of the event table to the field and value it shows. */
import type { EventRow } from '../api/types';

export interface FieldValue {
  path: string;
  value: string;
}

const preferred: Record<string, string[]> = {
  host: ['device.hostname'],
  actor: ['actor.user.name', 'user.name', 'actor.process.file.name', 'actor.process.file.path'],
  source: ['metadata.log_name', 'metadata.product.name', 'evident.source'],
  object: [
    'process.cmd_line', 'process.file.path', 'process.file.name', 'file.path', 'file.name', 'dst_endpoint.ip',
    'query.hostname', 'reg_key.path', 'win_service.name', 'user.name', 'win_resource.name', 'share', 'api.operation',
  ],
};

/** The field behind a cell; undefined where the row does not hold one. */
export function fieldOf(row: EventRow, cell: string): FieldValue | undefined {
  const attrs = row.attrs ?? {};
  if (cell === 'class') return { path: 'class_name', value: row.class_name };
  const shown = cell === 'host' ? row.host : cell === 'actor' ? row.actor : cell === 'source' ? row.source : row.object;
  const paths = preferred[cell] ?? [];
  const equal = paths.find((p) => attrs[p] === shown) ?? paths.find((p) => attrs[p] !== undefined && attrs[p] !== '');
  if (equal) return { path: equal, value: attrs[equal] };
  return cell === 'host' && shown !== '' ? { path: 'device.hostname', value: shown } : undefined;
}

/** All fields a reader may pivot on, for the menu that opens with the full stop key. */
export function pivots(row: EventRow): FieldValue[] {
  const cells = ['host', 'class', 'actor', 'object', 'source'].map((c) => fieldOf(row, c));
  const seen = new Set<string>();
  const rest = Object.entries(row.attrs ?? {}).map(([path, value]) => ({ path, value }));
  return [...cells, ...rest].filter((f): f is FieldValue => {
    if (!f || f.value === '' || seen.has(f.path)) return false;
    seen.add(f.path);
    return true;
  });
}
