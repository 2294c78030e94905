/** Sentences that open the page: the answer first. */
import type { Bands, Chokes, Exposure, ExposedHolding, PathRow, ReviewEffect, ReviewResult, ReviewSummary } from '../api/types';
import { count, plural } from '../text/format';
import { bands, category, total, within } from './bands';

/** The holding that matters most of what is within reach. */
export function worst(e: Exposure): ExposedHolding | undefined {
  return e.holdings.find((h) => h.band !== '');
}

/** What an adversary would gain, in one sentence. */
export function headline(e: Exposure, row: PathRow | undefined): string {
  const h = worst(e);
  if (e.holdings.length === 0) return 'The register has no holdings';
  if (!h) return 'No foothold reaches a holding';
  if (!row) return `${h.label}: within reach in ${plural(h.moves, 'move')}, about ${plural(Math.max(1, Math.round(h.effort_days)), 'day')} of work`;
  const from = row.from ? row.from_label : row.from_label.charAt(0).toLowerCase() + row.from_label.slice(1);
  return `From ${from} to ${row.to_label} it takes ${plural(row.moves, 'move')}, about ${plural(Math.max(1, Math.round(row.effort_days)), 'day')} of work`;
}

/** How far it goes, and what of it lasts. */
export function reach(e: Exposure): string {
  const n = within(e.bands);
  const life = [...new Set(e.holdings.filter((h) => h.band !== '').flatMap((h) => h.for_life))];
  const first = `${count(n)} of ${plural(e.holdings.length, 'holding')} are within reach of ${plural(e.footholds.reduce((a, f) => a + f.count, 0), 'foothold')}.`;
  return life.length > 0 ? `${first} Never reset: ${life.map(category).join(', ')}.` : first;
}

/** What the best choice for a budget would do. */
export function choiceSentence(c: Chokes): string {
  const x = c.choice;
  if (!x) return 'The register is too large to choose here; evident exposure paths --budget does.';
  if (x.count === 0) return `No planned control that costs ${count(x.budget)} or less makes a way harder.`;
  const shut = x.after.out_of_reach - c.before.out_of_reach;
  const how = x.exact ? 'no other choice does better' : `at most ${Math.ceil(100 * x.gap)}% from the best choice`;
  return `${plural(x.count, 'control')} for ${count(x.cost)} shut ${count(shut)} of ${plural(total(c.before) - c.before.out_of_reach, 'pair')} and make ${plural(x.holdings.length, 'holding')} harder to reach; ${how}.`;
}

/** What a control changes, band by band: "possible 5 → 3". */
export function shifts(before: Bands, after: Bands): string[] {
  const out: string[] = [];
  for (const b of bands) if (before[b] !== after[b]) out.push(`${b} ${count(before[b])} → ${count(after[b])}`);
  if (before.out_of_reach !== after.out_of_reach) out.push(`out of reach ${count(before.out_of_reach)} → ${count(after.out_of_reach)}`);
  return out;
}

export const results: Record<ReviewResult, string> = {
  pass: 'Pass', 'pass-with-conditions': 'Pass with conditions', refer: 'Refer', deny: 'Deny', '': 'Cannot be read',
};

/** What a result asks for. */
export function resultMeaning(r: ReviewResult): string {
  switch (r) {
    case 'pass': return 'nothing gets worse';
    case 'pass-with-conditions': return 'with every condition met nothing gets worse';
    case 'refer': return 'those who answer for it decide';
    case 'deny': return 'should not go ahead';
  }
  return 'its files have problems';
}

/** Rows of the comparison: as asked, and with all conditions met. */
export function effects(r: ReviewSummary): [label: string, asked: number, met: number][] {
  const row = (label: string, key: keyof ReviewEffect): [string, number, number] => [label, r.asked[key], r.met[key]];
  return [
    row('New ways to holdings', 'new_paths'), row('Easier ways', 'cheaper_paths'), row('Holdings behind them', 'holdings'),
    row('New findings', 'findings'), row('New combinations of data', 'combinations'), row('Things newly known outside', 'knowers'),
    row('of them weak points, plans', 'secrets'),
  ];
}
