/** Numbers, sizes, hashes and names in the page's spelling. */

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 41207338 → "41,207,338". */
export function count(n: number | undefined | null): string {
  return integers.format(n ?? 0);
}

/** Large counts in a tile: 2310118 → "2.31 M". Below 100,000 the whole number. */
export function short(n: number | undefined | null): string {
  const v = n ?? 0;
  if (v < 100_000) return count(v);
  if (v < 1e9) return `${(v / 1e6).toFixed(2)} M`;
  return `${(v / 1e9).toFixed(2)} G`;
}

/** Bytes with decimal units: 1412 → "1.4 kB". */
export function bytes(n: number | undefined | null): string {
  let v = n ?? 0;
  if (v < 1000) return `${v} B`;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    v /= 1000;
    if (v < 1000 || unit === 'TB') return `${v < 10 ? v.toFixed(1) : v.toFixed(0)} ${unit}`;
  }
  return '';
}

/** "1 step", "2 steps". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Hex grouped by four; long ones cut in the middle: "9f3c 71d0…e21a". */
export function shortHash(hex: string | undefined): string {
  if (!hex) return 'none';
  if (hex.length <= 16) return group(hex);
  return `${group(hex.slice(0, 8))}…${hex.slice(-4)}`;
}

/** Hex grouped by four, whole. */
export function group(hex: string): string {
  return hex.replace(/(.{4})(?=.)/g, '$1 ');
}

/** A pseudonym: u person, s service, h host, m mailbox. */
const pseudonym = /^[ushm]_[0-9A-Z]{4}-[0-9A-Z]{4}$/;

/** Tells whether s is a pseudonym as the vault prints them. */
export function isPseudonym(s: string): boolean {
  return pseudonym.test(s);
}

/** Accounts of the system itself, which name no person. */
const system = /^(|-|system|local service|network service|anonymous logon|root|dwm-\d+|umfd-\d+|.*\$)$/i;

const address = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)$/i;

/** Tells whether an account name can be a person's. */
export function isPerson(s: string): boolean {
  if (address.test(s)) return false;
  return isPseudonym(s) || !system.test(s.replace(/^.*[\\/]/, ''));
}

/** OCSF class name without its filler word: "Process Activity" → "Process". */
export function className(name: string): string {
  return name.replace(/^Windows /, '').replace(/ Activity$/, '') || 'Event';
}

/** Title of a severity: "critical" → "Critical". */
export function title(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** Name of an ATT&CK tactic, however it was spelled: "initial-access" → "Initial access". */
export function tacticName(s: string | undefined | null): string {
  return title((s ?? '').replaceAll(/[-_ ]+/g, ' ').toLowerCase());
}
