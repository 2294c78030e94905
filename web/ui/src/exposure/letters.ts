/** The controls that the map shows, with the letters that the list repeats. */
import type { Chokes, ControlOption } from '../api/types';

export interface Lettered {
  letter: string;
  option: ControlOption;
}

/** The first n of the list; A is the one that does most. */
export function lettered(c: Chokes | undefined, n: number): Lettered[] {
  return (c?.controls ?? []).slice(0, Math.min(n, 26)).map((option, i) => ({ letter: String.fromCharCode(65 + i), option }));
}
