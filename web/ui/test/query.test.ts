import { describe, expect, it } from 'vitest';
import { toBytes, toUnits } from '../src/query/offsets';
import { filterState, quote, tokenize, withFilter, without } from '../src/query/tokens';

const kinds = (q: string) =>
  tokenize(q)
    .filter((t) => t.kind !== 'space')
    .map((t) => `${t.kind}:${t.text}`)
    .join(' ');

describe('tokens', () => {
  it.each([
    ['', ''],
    ['lsass', 'text:lsass'],
    ['device.hostname:etl-02', 'field:device.hostname: value:etl-02'],
    ['a:b AND NOT c:"d e"', 'field:a: value:b op:AND op:NOT field:c: value:"d e"'],
    ['a:>=5 b:[1 TO 9]', 'field:a: value:>=5 field:b: value:[1 TO 9]'],
    ['(a:b OR -c:d)', 'paren:( field:a: value:b op:OR op:- field:c: value:d paren:)'],
    ['"free text" or', 'text:"free text" op:or'],
    ['a:"not closed', 'field:a: value:"not closed'],
  ])('%s', (q, want) => expect(kinds(q)).toBe(want));

  it('loses nothing, whatever is typed', () => {
    const alphabet = ['a', ':', '"', '\\', '(', ')', '[', ']', ' ', '-', '>', 'AND', '\u202e', '💥', '\n'];
    let seed = 42;
    for (let round = 0; round < 3000; round++) {
      let q = '';
      for (let i = 0; i < round % 24; i++) q += alphabet[(seed = (seed * 1103515245 + 12345) & 0x7fffffff) % alphabet.length];
      expect(tokenize(q).map((t) => t.text).join('')).toBe(q);
      expect(tokenize(q).every((t, i, all) => t.from === all.slice(0, i).reduce((n, x) => n + x.text.length, 0))).toBe(true);
    }
  });
});

describe('filters by click', () => {
  it('quotes what the language would read otherwise', () => {
    expect(quote('etl-02')).toBe('etl-02');
    expect(quote('a b')).toBe('"a b"');
    expect(quote('C:\\x"y')).toBe('"C:\\\\x\\"y"');
    expect(quote('*')).toBe('"*"');
    expect(quote('AND')).toBe('"AND"');
  });
  it('adds, turns around and takes out', () => {
    expect(withFilter('', 'a', 'b')).toBe('a:b');
    expect(withFilter('x:y', 'a', 'b')).toBe('x:y AND a:b');
    expect(withFilter('x:y AND a:b', 'a', 'b', true)).toBe('x:y AND NOT a:b');
    expect(without('x:y AND NOT a:b', 'a', 'b')).toBe('x:y');
    expect(withFilter('x:y OR z:w', 'a', 'b')).toBe('(x:y OR z:w) AND a:b');
  });
  it('knows the state of a filter', () => {
    expect(filterState('a:b AND NOT c:d', 'a', 'b')).toBe('in');
    expect(filterState('a:b AND NOT c:d', 'c', 'd')).toBe('out');
    expect(filterState('a:b', 'c', 'd')).toBe('none');
  });
});

describe('places', () => {
  it('turns bytes into code units and back', () => {
    const q = 'ä:💥 x';
    expect(toBytes(q, 2)).toBe(3);
    expect(toUnits(q, 3)).toBe(2);
    expect(toUnits(q, 7)).toBe(4);
    expect(toUnits(q, 5)).toBe(2);
    for (let i = 0; i <= q.length; i++) if (i !== 3) expect(toUnits(q, toBytes(q, i))).toBe(i);
  });
});
