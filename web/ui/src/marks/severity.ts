/** Severity as the page draws it: shape and letter first, colour never alone. */

export type Letter = 'c' | 'h' | 'm' | 'l' | 'i';

/** Letters, worst first. */
export const letters: Letter[] = ['c', 'h', 'm', 'l', 'i'];

const names: Record<Letter, string> = { c: 'Critical', h: 'High', m: 'Medium', l: 'Low', i: 'Info' };

/** The letter of an OCSF or API severity; undefined for unknown and none. */
export function letter(severity: string | undefined | null): Letter | undefined {
  const c = (severity ?? '').charAt(0).toLowerCase();
  if ((severity ?? '').toLowerCase() === 'fatal') return 'c';
  return (letters as string[]).includes(c) ? (c as Letter) : undefined;
}

export function severityName(l: Letter): string {
  return names[l];
}

/** Order for sorting: 0 is the worst. */
export function rank(severity: string | undefined | null): number {
  const l = letter(severity);
  return l ? letters.indexOf(l) : letters.length;
}
