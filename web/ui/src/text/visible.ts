/*
 * Log lines are written by attackers. Everything on the page is rendered as text, never as markup;
 * this file makes the characters visible that would otherwise change how the text around them reads:
 * controls, bidirectional overrides, zero-width characters and lone surrogates.
 */

const hostile =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;

/** Returns s with every character that does not print, or that reorders text, spelled out. */
export function visible(s: unknown): string {
  return asText(s).replace(hostile, spell);
}

/** Same as visible, but keeps line breaks and tabs: for blocks that show whole records. */
export function visibleBlock(s: unknown): string {
  return asText(s).replace(hostile, (c) => (c === '\n' || c === '\t' ? c : spell(c)));
}

/** Tells whether s holds a character that visible would spell out. */
export function isHostile(s: string): boolean {
  hostile.lastIndex = 0;
  return hostile.test(s);
}

function spell(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

function asText(s: unknown): string {
  if (typeof s === 'string') return s;
  if (s === null || s === undefined) return '';
  return typeof s === 'object' ? JSON.stringify(s) : String(s);
}
