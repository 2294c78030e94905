import { describe, expect, it } from 'vitest';
import { hexLines, textLines } from '../src/events/bytes';
import { flatten } from '../src/events/flatten';
import { parse } from '../src/marks/prose';
import { bytes, className, count, isPerson, isPseudonym, plural, short, shortHash, tacticName } from '../src/text/format';
import { clock, dayTime, delta, duration, fraction, millis, range } from '../src/text/time';
import { isHostile, visible, visibleBlock } from '../src/text/visible';

describe('visible text', () => {
  it.each([
    ['plain ä 漢 💥', 'plain ä 漢 💥'],
    ['a\u0000b\u001b[31m', 'a␀b␛[31m'],
    ['line\nnext\ttab', 'line␊next␉tab'],
    ['x\u202egpj.exe', 'x⟨U+202E⟩gpj.exe'],
    ['zero\u200bwidth\ufeff', 'zero⟨U+200B⟩width⟨U+FEFF⟩'],
    ['\u009b2J', '⟨U+009B⟩2J'],
    ['lone\ud800', 'lone⟨U+D800⟩'],
    ['tag\u{E0041}', 'tag⟨U+E0041⟩'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('%j', (given, want) => expect(visible(given)).toBe(want));
  it('keeps line breaks in blocks only', () => expect(visibleBlock('a\nb\u0007')).toBe('a\nb␇'));
  it('takes anything', () => {
    expect(visible(undefined)).toBe('');
    expect(visible(12)).toBe('12');
    expect(visible({ a: '\u202e' })).toBe('{"a":"⟨U+202E⟩"}');
    expect(isHostile('a\u2066')).toBe(true);
    expect(isHostile('a')).toBe(false);
  });
});

describe('numbers and names', () => {
  it('names tactics alike', () => {
    expect(['initial-access', 'Initial Access', 'command_and_control', undefined].map(tacticName)).toEqual(['Initial access', 'Initial access', 'Command and control', '']);
  });
  it('formats', () => {
    expect(count(41207338)).toBe('41,207,338');
    expect(short(2310118)).toBe('2.31 M');
    expect(short(99999)).toBe('99,999');
    expect(bytes(1412)).toBe('1.4 kB');
    expect(bytes(4.1e9)).toBe('4.1 GB');
    expect(plural(1, 'step')).toBe('1 step');
    expect(plural(2, 'step')).toBe('2 steps');
    expect(shortHash('9f3c71d0aaaabbbbccccdddde21a')).toBe('9f3c 71d0…e21a');
    expect(className('Windows Service Activity')).toBe('Service');
    expect(className('Process Activity')).toBe('Process');
  });
  it('tells persons from the system', () => {
    expect(isPseudonym('u_7KQ4-M2HD')).toBe(true);
    expect(isPerson('u_7KQ4-M2HD')).toBe(true);
    expect(isPerson('NT AUTHORITY\\SYSTEM')).toBe(false);
    expect(isPerson('ETL-02$')).toBe(false);
    expect(isPerson('j.doe')).toBe(true);
    expect(isPerson('203.0.113.56')).toBe(false);
    expect(isPerson('fe80::1')).toBe(false);
  });
});

describe('times', () => {
  const t = Date.parse('2026-11-18T02:33:12.480112Z');
  it('is UTC everywhere', () => {
    expect(clock(t)).toBe('02:33:12');
    expect(dayTime(t)).toBe('18 Nov 02:33');
    expect(fraction('2026-11-18T02:33:12.48Z')).toBe('.480');
    expect(fraction('2026-11-18T02:33:12Z')).toBe('');
    expect(range(t, t + 5400e3, t)).toBe('18 Nov 02:33 to 04:03');
    expect(range(t, t + 864e5, t)).toBe('18 Nov 02:33 to 19 Nov 02:33');
    expect(range(t, t + 60e3, Date.parse('2027-01-01T00:00:00Z'))).toBe('18 Nov 2026 02:33 to 02:34');
  });
  it('says durations', () => {
    expect([duration(57), duration(3800), duration(540e3), duration(22320e3), duration(3 * 864e5)]).toEqual(['57 ms', '3.8 s', '9 min', '6 h 12 min', '3 d']);
    expect([delta(500), delta(120e3), delta(7200e3), delta(-3000)]).toEqual(['+0.5s', '+2m', '+2h', '−3.0s']);
  });
  it("reads Go's zero time as none", () => expect(millis('0001-01-01T00:00:00Z')).toBeNaN());
});

describe('events', () => {
  it('flattens OCSF, unmapped last, raw data left out', () => {
    const rows = flatten({ raw_data: 'x', unmapped: { Task: 1 }, device: { hostname: 'h' }, time: 't', list: [1, 2], objects: [{ a: 1 }], deep: null });
    expect(rows.map((r) => `${r.path}=${r.value}`)).toEqual(['time=t', 'device.hostname=h', 'list=1, 2', 'objects[0].a=1', 'unmapped.Task=1']);
  });
  it('marks matched values in the bytes, escaped ones too', () => {
    const raw = new TextEncoder().encode('{"Image":"C:\\\\x\\\\lsass.exe"}');
    const marked = textLines(raw, ['C:\\x\\lsass.exe']).flatMap((l) => l.runs).filter((r) => r.marked);
    expect(marked.map((r) => r.text).join('')).toBe('C:\\\\x\\\\lsass.exe');
  });
  it('shows every byte once, in text and in hex', () => {
    const raw = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    expect(hexLines(raw).map((l) => l.runs[0].text.slice(0, 35).trim()).join(' ').split(' ')).toHaveLength(300);
    expect(textLines(new TextEncoder().encode('a\u202eb\n'), [])[0].runs[0].text).toBe('a⟨U+202E⟩b␊');
  });
});

describe('sentences', () => {
  it('finds persons and nouns and loses nothing', () => {
    const s = 'u_7KQ4-M2HD opened a session from 203.0.113.47 on ops (ws).';
    const parts = parse(s, ['ops (ws)']);
    expect(parts.map((p) => p.text).join('')).toBe(s);
    expect(parts.filter((p) => p.kind !== 'text').map((p) => `${p.kind}:${p.text}`)).toEqual(['person:u_7KQ4-M2HD', 'noun:203.0.113.47', 'noun:ops (ws)']);
  });
});
