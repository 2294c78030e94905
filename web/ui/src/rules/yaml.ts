/** Tints of a rule's text, line by line: enough to read it by, no parser. */

export interface Token {
  text: string;
  kind: 'key' | 'comment' | 'text' | 'mark';
}

const key = /^(\s*(?:- )*)((?:"[^"]*"|'[^']*'|[^\s#'"{}[\],&*!|>%@`][^#:{}[\],]*?))(:)(?=\s|$)/;

/** Splits one line; the tokens' texts together are the line. */
export function tokens(line: string): Token[] {
  const out: Token[] = [];
  let rest = line;
  const m = key.exec(rest);
  if (m) {
    if (m[1] !== '') out.push({ text: m[1], kind: 'mark' });
    out.push({ text: m[2], kind: 'key' }, { text: m[3], kind: 'mark' });
    rest = rest.slice(m[0].length);
  }
  const at = comment(rest);
  if (at > 0 || (at < 0 && rest !== '')) out.push({ text: at < 0 ? rest : rest.slice(0, at), kind: 'text' });
  if (at >= 0) out.push({ text: rest.slice(at), kind: 'comment' });
  return out;
}

/** Where a comment begins: a # at the start or after a space, outside of quotes; -1 for none. */
function comment(s: string): number {
  let quote = '';
  for (let i = 0; i < s.length; i++) {
    const c = s[i];
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if ((c === '"' || c === "'") && (i === 0 || /[\s,[{:-]/.test(s[i - 1]))) quote = c;
    else if (c === '#' && (i === 0 || /\s/.test(s[i - 1]))) return i;
  }
  return -1;
}
