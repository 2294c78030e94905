/** Splits a sentence into text, persons and nouns that name evidence. */

export interface Part {
  kind: 'text' | 'person' | 'noun';
  text: string;
  mono: boolean;
}

const pseudonym = '[ushm]_[0-9A-Z]{4}-[0-9A-Z]{4}';
const address = '\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d{1,5})?';
const special = /[.*+?^${}()|[\]\\]/g;

/** Cuts the sentence; the parts' texts joined are the sentence again. */
export function parse(sentence: string, nouns: string[] = []): Part[] {
  const wanted = [...new Set(nouns)].filter((n) => n.length > 2).sort((a, b) => b.length - a.length);
  const words = wanted.map((n) => n.replace(special, '\\$&'));
  const pattern = new RegExp(`(${pseudonym})|(${address})${words.length > 0 ? `|(${words.join('|')})` : ''}`, 'g');
  const parts: Part[] = [];
  let at = 0;
  for (const m of sentence.matchAll(pattern)) {
    if (m.index > at) parts.push({ kind: 'text', text: sentence.slice(at, m.index), mono: false });
    parts.push({ kind: m[1] ? 'person' : 'noun', text: m[0], mono: m[2] !== undefined });
    at = m.index + m[0].length;
  }
  if (at < sentence.length) parts.push({ kind: 'text', text: sentence.slice(at), mono: false });
  return parts;
}
