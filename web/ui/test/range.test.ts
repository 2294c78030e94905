import { describe, expect, it } from 'vitest';
import { begin, move, resize, snap } from '../src/chart/brush';
import { formatRange, initial, parseRange, parseTyped, preset, presets, shift, zoom } from '../src/query/range';

const t = Date.parse;
const data = { from: '2026-11-18T00:00:00.500Z', to: '2026-11-18T05:00:00.100Z' };
const now = t('2026-11-22T00:00:00Z');

describe('time range', () => {
  it('reads the address, and nothing that is reversed or broken', () => {
    expect(parseRange('2026-11-18T00:00:00Z', '2026-11-18T01:00:00Z')).toEqual({ from: t('2026-11-18T00:00:00Z'), to: t('2026-11-18T01:00:00Z') });
    expect(parseRange('2026-11-18T02:00:00Z', '2026-11-18T01:00:00Z')).toBeUndefined();
    expect(parseRange('yesterday', null)).toBeUndefined();
  });
  it('goes through the address and back', () => {
    const r = { from: t('2026-11-18T00:00:00Z'), to: t('2026-11-18T00:00:00.250Z') };
    const { from, to } = formatRange(r);
    expect([from, to]).toEqual(['2026-11-18T00:00:00Z', '2026-11-18T00:00:00.250Z']);
    expect(parseRange(from, to)).toEqual(r);
  });
  it('starts with all data, the last day of much data, an hour without any', () => {
    expect(initial(data, now)).toEqual({ from: t('2026-11-18T00:00:00Z'), to: t('2026-11-18T05:00:01Z') });
    expect(initial({ from: '2026-01-01T00:00:00Z', to: data.to }, now).to - initial({ from: '2026-01-01T00:00:00Z', to: data.to }, now).from).toBe(864e5);
    expect(initial({ from: '0001-01-01T00:00:00Z', to: '0001-01-01T00:00:00Z' }, now)).toEqual({ from: now - 3600e3, to: now });
  });
  it('counts presets back from the newest event where that is old, else from now', () => {
    expect(preset(presets[1], data, now)).toEqual({ from: t('2026-11-18T04:00:01Z'), to: t('2026-11-18T05:00:01Z') });
    const live = t('2026-11-18T05:00:10Z');
    expect(preset(presets[1], data, live).to).toBe(live);
  });
  it('steps and zooms', () => {
    const r = { from: 1000, to: 3000 };
    expect(shift(r, -1)).toEqual({ from: -1000, to: 1000 });
    expect(zoom(r, 2)).toEqual({ from: 0, to: 4000 });
  });
  it('reads what is typed as UTC', () => {
    expect(parseTyped('2026-11-18 02:30')).toBe(t('2026-11-18T02:30:00Z'));
    expect(parseTyped('2026-11-18')).toBe(t('2026-11-18T00:00:00Z'));
    expect(parseTyped('2026-11-18T02:30:00+01:00')).toBe(t('2026-11-18T01:30:00Z'));
    expect(parseTyped('18.11.2026')).toBeNaN();
  });
});

describe('brush', () => {
  const w = { from: 0, to: 1000, step: 100 };
  it('snaps outward, to one bucket at least, inside the window', () => {
    expect(snap(w, { from: 250, to: 410 })).toEqual({ from: 200, to: 500 });
    expect(snap(w, { from: 410, to: 250 })).toEqual({ from: 200, to: 500 });
    expect(snap(w, { from: 300, to: 300 })).toEqual({ from: 300, to: 400 });
    expect(snap(w, { from: -50, to: 5000 })).toEqual({ from: 0, to: 1000 });
  });
  it('moves and resizes by keys without leaving the window', () => {
    expect(move(w, { from: 200, to: 500 }, 1)).toEqual({ from: 300, to: 600 });
    expect(move(w, { from: 800, to: 1000 }, 5)).toEqual({ from: 800, to: 1000 });
    expect(resize(w, { from: 200, to: 300 }, -4)).toEqual({ from: 200, to: 300 });
    expect(resize(w, { from: 200, to: 300 }, 2)).toEqual({ from: 200, to: 500 });
    expect(begin(w)).toEqual({ from: 400, to: 600 });
  });
});
