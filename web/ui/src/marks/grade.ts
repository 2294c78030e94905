/** How sure a link is. Drawn as a line, so that it never mixes with a seal, which is a ring. */

export type Grade = 'proven' | 'corroborated' | 'inferred' | 'assumed';

const all: Grade[] = ['proven', 'corroborated', 'inferred', 'assumed'];

/** Reads the API's grade in any case; what is unknown counts as the weakest. */
export function grade(s: string | undefined | null): Grade {
  const g = (s ?? '').toLowerCase() as Grade;
  return all.includes(g) ? g : 'assumed';
}

/** What the grade says, in words. */
export const meaning: Record<Grade, string> = {
  proven: 'a unique key is equal on both sides',
  corroborated: 'two independent sources agree',
  inferred: 'only name or time fit',
  assumed: 'an analyst said so',
};
