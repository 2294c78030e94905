/** Findings of the same rule on the same host as one row: the latest stands for all, the rest unfolds. */
import type { Finding } from '../api/types';

export interface Group {
  /** Rule and host: stays the same when newer findings come in. */
  key: string;
  /** Newest first. */
  members: Finding[];
}

export interface Row {
  finding: Finding;
  group: Group;
  /** The row that stands for the group; the others are its earlier members. */
  head: boolean;
}

/** Identity of a finding. */
export function uidOf(f: Finding): string {
  return f.finding_info.uid;
}

/** Groups in order of their first member: newest first where the findings are. */
export function groups(findings: Finding[]): Group[] {
  const byKey = new Map<string, Group>();
  for (const f of findings) {
    const key = `${f.finding_info.analytic.uid}@${f.device?.hostname ?? ''}`;
    const group = byKey.get(key);
    if (group) group.members.push(f);
    else byKey.set(key, { key, members: [f] });
  }
  return [...byKey.values()];
}

/** Rows to show: a group's head, and its other members where it is the open one. */
export function rowsOf(all: Group[], open: string): Row[] {
  return all.flatMap((group) => {
    const shown = group.key === open ? group.members : group.members.slice(0, 1);
    return shown.map((finding, i) => ({ finding, group, head: i === 0 }));
  });
}

/** The group whose folded part holds the finding, so that a link to it shows it. */
export function hiding(all: Group[], uid: string): string {
  return all.find((g) => g.members.slice(1).some((f) => uidOf(f) === uid))?.key ?? '';
}
