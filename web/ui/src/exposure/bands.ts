/** Bands and what is counted by them. A band is an order, never a chance: it is drawn as bars and a word. */
import type { Band, Bands } from '../api/types';

export const bands = ['likely', 'possible', 'unlikely', 'remote'] as const;

/** Bars that are filled, of four. */
export function bars(b: Band): number {
  const i = bands.indexOf(b as (typeof bands)[number]);
  return i < 0 ? 0 : bands.length - i;
}

/** "likely" → "Likely"; out of reach has a word too. */
export function bandName(b: Band): string {
  return b === '' ? 'Out of reach' : b.charAt(0).toUpperCase() + b.slice(1);
}

/** The letter of the severity that a band is shown with in a sentence's glyph. */
export function bandLetter(b: Band): 'c' | 'h' | 'm' | 'l' | 'i' {
  return b === 'likely' ? 'c' : b === 'possible' ? 'h' : b === 'unlikely' ? 'm' : b === 'remote' ? 'l' : 'i';
}

/** Easiest first; out of reach last. */
export function bandRank(b: Band): number {
  return bands.length - bars(b);
}

/** What is within reach. */
export function within(b: Bands): number {
  return b.likely + b.possible + b.unlikely + b.remote;
}

export function total(b: Bands): number {
  return within(b) + b.out_of_reach;
}

/** "2 likely, 5 possible": the bands that occur, easiest first. */
export function spell(b: Bands): string {
  const parts = bands.filter((k) => b[k] > 0).map((k) => `${b[k]} ${k}`);
  if (b.out_of_reach > 0) parts.push(`${b.out_of_reach} out of reach`);
  return parts.length > 0 ? parts.join(', ') : 'none';
}

/** Effort in whole days: "4 d", "< 1 d". */
export function effort(days: number): string {
  return days > 0 && days < 1 ? '< 1 d' : `${Math.round(days)} d`;
}

/** People or devices on record in a few characters: 184 k, 1.2 M. */
export function onRecord(n: number): string {
  if (n >= 1e6) return `${(n / 1e6).toFixed(1).replace(/\.0$/, '')} M`;
  return n >= 10_000 ? `${Math.floor(n / 1000)} k` : String(n);
}

const categories: Record<string, string> = { dna: 'DNA', omic: "'omic data", 'government-id': 'government ID', 'device-id': 'device ID' };

/** "voice-print" → "voice print". */
export function category(c: string): string {
  return categories[c] ?? c.replaceAll('-', ' ');
}

const kinds: Record<string, string> = {
  roles: 'role', vendors: 'vendor', systems: 'system', fleets: 'device', zones: 'position in a zone', holdings: 'holding',
  identity_providers: 'sign-in', knowledge: 'document', organisations: 'organisation', flows: 'flow', access: 'access', controls: 'control',
  agreements: 'agreement', proposals: 'proposal', technologies: 'technology', units: 'unit', attestations: 'attestation', waivers: 'waiver',
};

/** What an entry of the register is, for people. */
export function kindName(kind: string): string {
  return kinds[kind] ?? kind.replaceAll('_', ' ');
}

/** "weak-points" → "Weak points". */
export function words(s: string): string {
  const t = s.replaceAll(/[-_]/g, ' ');
  return t.charAt(0).toUpperCase() + t.slice(1);
}
