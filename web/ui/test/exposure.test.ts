import { describe, expect, it } from 'vitest';
import type { Bands, Chokes, Exposure, ExposureMap, MapNode, PathRow, Way, WayStep } from '../src/api/types';
import { bandName, bars, category, effort, onRecord, spell, total, within, words } from '../src/exposure/bands';
import { corners, fit, litMoves, node, placeMap, route, wrap, type MapLayout, type Spot } from '../src/exposure/layout';
import { lettered } from '../src/exposure/letters';
import { choiceSentence, effects, headline, reach, shifts } from '../src/exposure/words';
import { match } from '../src/shell/routes';

const none: Bands = { likely: 0, possible: 0, unlikely: 0, remote: 0, out_of_reach: 0 };

describe('bands', () => {
  it('are bars and a word, never a number', () => {
    expect((['likely', 'possible', 'unlikely', 'remote', ''] as const).map((b) => [bars(b), bandName(b)])).toEqual([
      [4, 'Likely'], [3, 'Possible'], [2, 'Unlikely'], [1, 'Remote'], [0, 'Out of reach'],
    ]);
  });
  it('are counted and spelled', () => {
    const b = { ...none, possible: 4, remote: 1, out_of_reach: 2 };
    expect([within(b), total(b), spell(b), spell(none)]).toEqual([5, 7, '4 possible, 1 remote, 2 out of reach', 'none']);
  });
  it('write effort, records and categories for people', () => {
    expect([effort(0.5), effort(2), effort(11.6), onRecord(720), onRecord(184220), onRecord(1_200_000), category('government-id'), words('weak-points')]).toEqual([
      '< 1 d', '2 d', '12 d', '720', '184 k', '1.2 M', 'government ID', 'Weak points',
    ]);
  });
});

/** Numbers in a row that repeat: tests fail the same way each time. */
function numbers(seed: number): (n: number) => number {
  let s = seed;
  return (n) => ((s = (s * 1103515245 + 12345) & 0x7fffffff) >> 8) % n;
}

function randomMap(seed: number): ExposureMap {
  const rnd = numbers(seed);
  const zone = (id: string, level: number) => ({ id, label: `Zone ${id}`, level, zones: 1, flat: false, systems: 1, holdings: 0, footholds: 0, bands: none });
  const zones = [{ ...zone('', -1), id: undefined }, ...Array.from({ length: 2 + rnd(8) }, (_, i) => zone(`z${i}`, rnd(6)))];
  const nodes: MapNode[] = zones.slice(1).map((z) => ({ id: z.id ?? '', label: z.label, kind: 'zones', zone: z.id, for_life: false, pairs: 1 }));
  for (let i = 0; i < 4 + rnd(60); i++) {
    const z = zones[rnd(zones.length)];
    const kind = z.level < 0 ? 'roles' : ['systems', 'fleets', 'holdings'][rnd(3)];
    nodes.push({ id: `n${i}`, label: `Node number ${i}`, kind, zone: z.id, foothold: kind === 'roles' ? 'likely' : undefined, for_life: false, pairs: rnd(100) });
  }
  const links = Array.from({ length: rnd(120) }, () => ({ from: nodes[rnd(nodes.length)].id, to: nodes[rnd(nodes.length)].id, pairs: 1 + rnd(20) })).filter((l) => l.from !== l.to);
  return { detail: true, may_detail: true, standing: { state: 'sound', entities: 1, systems: 1, vendors: 0, moves: 1 }, zones, nodes, links };
}

/** A segment goes through the inside of a node. */
function through([x0, y0]: number[], [x1, y1]: number[], s: Spot): boolean {
  const [l, r, t, b] = [s.x + 1, s.x + s.w - 1, s.y + 1, s.y + s.h - 1];
  return Math.max(x0, x1) > l && Math.min(x0, x1) < r && Math.max(y0, y1) > t && Math.min(y0, y1) < b;
}

function crossed(l: MapLayout, a: Spot, b: Spot, lane: number): string[] {
  const p = corners(l, a, b, lane);
  const out: string[] = [];
  for (const s of l.spots.values()) {
    if (s === a || s === b || s.head) continue;
    for (let i = 1; i < p.length; i++) if (through(p[i - 1], p[i], s)) out.push(`${a.node.id} to ${b.node.id} crosses ${s.node.id}`);
  }
  return out;
}

describe('map', () => {
  it('places every node in its zone, none over another, lines in gutters, for 200 random maps', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const map = randomMap(seed);
      const l = placeMap(map, [], 700 + seed * 5);
      const spots = [...l.spots.values()].filter((s) => !s.head);
      const faults: string[] = [];
      for (const [i, s] of spots.entries()) {
        const box = l.boxes.find((b) => (b.zone.id ?? '') === (s.node.zone ?? ''));
        if (!box || s.x < box.x || s.x + s.w > box.x + box.w || s.y < box.y + 30 || s.y + s.h > box.y + box.h) faults.push(`${s.node.id} leaves its zone`);
        for (const o of spots.slice(i + 1)) if (s.x < o.x + o.w && o.x < s.x + s.w && s.y < o.y + o.h && o.y < s.y + s.h) faults.push(`${s.node.id} over ${o.node.id}`);
      }
      const levels = l.boxes.map((b) => [b.x, b.zone.level]).sort((a, b) => a[0] - b[0]);
      if (levels.some((x, i) => i > 0 && x[1] < levels[i - 1][1])) faults.push('levels are not in order');
      for (const [i, e] of l.links.entries()) {
        faults.push(...crossed(l, e.from, e.to, ((i % 5) - 2) * 2.2));
        if (!/^M[-\d. ]+[LQ\d. -]+$/.test(route(l, e.from, e.to))) faults.push(`${e.from.node.id} to ${e.to.node.id} is no path`);
      }
      expect(faults, `seed ${seed}`).toEqual([]);
      const folded = l.boxes.reduce((n, b) => n + b.folded, 0);
      const shown = map.nodes.filter((n) => n.kind !== 'zones').length;
      expect(spots.length + folded, `seed ${seed}: nodes are lost`).toBe(shown);
    }
  });

  it('folds what few paths use, never what is lit', () => {
    const map = randomMap(3);
    const zone = map.zones[1];
    map.nodes = Array.from({ length: 60 }, (_, i) => ({ id: `s${i}`, label: `System ${i}`, kind: 'systems', zone: zone.id, for_life: false, pairs: i }));
    map.links = [];
    const l = placeMap(map, [{ from: 's0', to: 's1', n: 1 }], 1000);
    expect(l.boxes[0].folded).toBe(44);
    expect([l.spots.has('s0'), l.spots.has('s1'), l.spots.has('s59'), l.spots.has('s2')]).toEqual([true, true, true, false]);
    expect(l.height).toBeGreaterThan(16 * node.height);
  });

  it('numbers the moves of a way; what they need besides comes first, without numbers', () => {
    const step = (from: string, to: string, needs?: Way[]): WayStep => ({ from, to, rule: 'r', text: 't', band: 'likely', effort_days: 1, seen: 'faint', because: 'x', file: 'a.yaml', line: 1, needs });
    const way = (steps: WayStep[]): Way => ({ from: steps[0].from, to: steps.at(-1)?.to ?? '', aim: 'most-likely', band: 'likely', effort_days: 1, seen: 'faint', steps });
    const key = way([step('a', 'b'), step('b', 'keys')]);
    expect(litMoves(way([step('a', 'b'), step('b', 'vault', [key]), step('vault', 'prints')])).map((m) => `${m.n} ${m.from}>${m.to}`)).toEqual(['1 a>b', '0 b>keys', '2 b>vault', '3 vault>prints']);
    expect(litMoves(undefined)).toEqual([]);
  });

  it('cuts labels to what fits', () => {
    expect(fit('Mail', 80)).toBe('Mail');
    expect(fit('Directory and sign-in', 80)).toBe('Directory…');
    expect(wrap('Office workstations', 80)).toEqual(['Office', 'workstati…']);
    expect(wrap('Supercalifragilistic', 80)[1]).toBe('');
  });
});

describe('words', () => {
  const holding = (id: string, band: 'likely' | '', for_life: string[] = []) => ({ id, label: id, rank: 1, categories: [], for_life, records: 1, devices: 0, impact: '', pseudonymised: false, bulk_flags: 0, band, effort_days: 2, seen: 'faint' as const, moves: 3, footholds: 1 });
  const e = { footholds: [{ count: 2 }], holdings: [holding('out', ''), holding('prints', 'likely', ['fingerprint'])], bands: { ...none, likely: 1, out_of_reach: 1 } } as unknown as Exposure;
  it('say the answer first', () => {
    const row = { from: 'staff', from_label: 'Staff', to_label: 'prints', moves: 3, effort_days: 2 } as PathRow;
    expect(headline(e, row)).toBe('From Staff to prints it takes 3 moves, about 2 days of work');
    expect(headline(e, { ...row, from: undefined, from_label: 'A device' })).toContain('From a device to prints');
    expect(headline(e, undefined)).toBe('prints: within reach in 3 moves, about 2 days of work');
    expect(headline({ ...e, holdings: [holding('out', '')] }, undefined)).toBe('No foothold reaches a holding');
    expect(reach(e)).toBe('1 of 2 holdings are within reach of 2 footholds. Never reset: fingerprint.');
  });
  it('say before and after', () => {
    const c = { before: { ...none, possible: 5, out_of_reach: 1 }, controls: Array.from({ length: 9 }, () => ({})), choice: { budget: 9, count: 2, cost: 8, exact: true, gap: 0, after: { ...none, possible: 2, out_of_reach: 4 }, holdings: [{}] } } as unknown as Chokes;
    expect(choiceSentence(c)).toBe('2 controls for 8 shut 3 of 5 pairs and make 1 holding harder to reach; no other choice does better.');
    expect(shifts(c.before, c.choice?.after ?? none)).toEqual(['possible 5 → 2', 'out of reach 1 → 4']);
    expect(choiceSentence({ ...c, choice: null })).toContain('too large');
    expect(lettered(c, 4).map((x) => x.letter)).toEqual(['A', 'B', 'C', 'D']);
  });
  it('compare as asked with conditions', () => {
    const effect = { new_paths: 46, cheaper_paths: 0, holdings: 24, findings: 1, combinations: 0, knowers: 12, secrets: 9 };
    const rows = effects({ asked: effect, met: { ...effect, new_paths: 0 } } as never);
    expect(rows[0]).toEqual(['New ways to holdings', 46, 0]);
    expect(rows).toHaveLength(Object.keys(effect).length);
  });
});

describe('routes', () => {
  it('lead to the pages', () => {
    expect([match('/exposure').page, match('/reviews').page, match('/reviews/gap%20x').args.id]).toEqual(['exposure', 'reviews', 'gap x']);
  });
});
