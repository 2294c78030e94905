import { describe, expect, it } from 'vitest';
import { address, match, patch } from '../src/shell/routes';

describe('routes', () => {
  it.each([
    ['/', 'overview', {}],
    ['/search', 'search', {}],
    ['/search/', 'search', {}],
    ['/incidents', 'incidents', {}],
    ['/incidents/INC-1', 'incident', { id: 'INC-1' }],
    ['/incidents/a%2Fb', 'incident', { id: 'a/b' }],
    ['/incidents/%', 'incident', { id: '%' }],
    ['/nowhere', 'missing', {}],
    ['/search/more', 'missing', {}],
  ])('%s is %s', (path, page, args) => expect(match(path)).toEqual({ page, args }));

  it('builds addresses without empty parameters', () => {
    expect(address('/search', { q: 'a:"b c"', from: '', to: undefined })).toBe('/search?q=a%3A%22b+c%22');
    expect(address('/search')).toBe('/search');
  });
  it('changes parameters and keeps the others', () => {
    expect(patch('?q=a&from=1', { q: null, event: '2-1' })).toBe('?from=1&event=2-1');
    expect(patch('?q=a', { q: '' })).toBe('');
  });
});
