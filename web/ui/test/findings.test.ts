import { describe, expect, it } from 'vitest';
import type { Finding } from '../src/api/types';
import { groups, hiding, rowsOf, uidOf } from '../src/findings/groups';

const finding = (uid: string, rule: string, host: string): Finding =>
  ({ time: '2026-11-18T02:00:00Z', severity: 'medium', finding_info: { uid, title: rule, analytic: { uid: rule, name: rule } }, device: { hostname: host } }) as Finding;
const list = [finding('5', 'r1', 'a'), finding('4', 'r2', 'a'), finding('3', 'r1', 'a'), finding('2', 'r1', 'b'), finding('1', 'r1', 'a')];

describe('groups of findings', () => {
  const all = groups(list);
  it('hold each finding once, by rule and host, in order of the newest', () => {
    expect(all.map((g) => g.members.map(uidOf).join(''))).toEqual(['531', '4', '2']);
    expect(groups([])).toEqual([]);
  });
  it('show the newest, and all of the open one', () => {
    expect(rowsOf(all, '').map((r) => uidOf(r.finding))).toEqual(['5', '4', '2']);
    expect(rowsOf(all, all[0].key).map((r) => `${uidOf(r.finding)}${r.head ? '!' : ''}`)).toEqual(['5!', '3', '1', '4!', '2!']);
  });
  it('open for a link to a folded finding', () => {
    expect(hiding(all, '1')).toBe(all[0].key);
    expect([hiding(all, '5'), hiding(all, 'none')]).toEqual(['', '']);
  });
  it('take findings without a host', () => {
    expect(groups([{ ...finding('1', 'r', ''), device: undefined } as unknown as Finding])).toHaveLength(1);
  });
});
