/** Times. Everything is UTC; a date is always spelled with its month, so that no order is guessed. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const pad = (n: number, w = 2) => String(n).padStart(w, '0');

/** Milliseconds since the epoch of an RFC 3339 time, NaN where it is none or the zero time of year 1. */
export function millis(t: string | undefined | null): number {
  const ms = t ? Date.parse(t) : NaN;
  return ms > -6e13 ? ms : NaN;
}

/** A clock error: "±0.1 s", "±2 s". */
export function clockErrorText(ms: number): string {
  return `±${(ms / 1000).toFixed(ms < 1000 ? 1 : 0)} s`;
}

/** "18 Nov 02:30", in UTC. */
export function dayTime(ms: number): string {
  return Number.isFinite(ms) ? `${day(ms)} ${hourMinute(ms)}` : 'unknown';
}

/** "18 Nov". */
export function day(ms: number): string {
  const d = new Date(ms);
  return `${d.getUTCDate()} ${months[d.getUTCMonth()]}`;
}

/** "02:30". */
export function hourMinute(ms: number): string {
  const d = new Date(ms);
  return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}`;
}

/** "02:33:12". */
export function clock(ms: number): string {
  return Number.isFinite(ms) ? `${hourMinute(ms)}:${pad(new Date(ms).getUTCSeconds())}` : '--:--:--';
}

/** ".480", the milliseconds of an RFC 3339 time as its text gives them. */
export function fraction(t: string): string {
  const m = /\.(\d{1,9})/.exec(t);
  return m ? `.${m[1].padEnd(3, '0').slice(0, 3)}` : '';
}

/** "2026-11-18 09:42:16 UTC". */
export function stamp(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** RFC 3339 without fractions that are zero. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** "18 Nov 02:30 to 04:00", "17 Nov 22:00 to 18 Nov 04:00"; the year where it is not this one. */
export function range(from: number, to: number, now = Date.now()): string {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return 'all time';
  const year = new Date(from).getUTCFullYear();
  const y = year === new Date(now).getUTCFullYear() ? '' : ` ${year}`;
  const start = `${day(from)}${y} ${hourMinute(from)}`;
  return day(from) === day(to) && to - from < 864e5
    ? `${start} to ${hourMinute(to)}`
    : `${start} to ${dayTime(to)}`;
}

/** A duration in its two largest useful units: "9 min", "6 h 12 min", "3 d". */
export function duration(ms: number): string {
  const s = Math.abs(ms) / 1000;
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 10) return `${s.toFixed(1).replace('.0', '')} s`;
  if (s < 60) return `${Math.round(s)} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  if (s < 86400) return two(Math.floor(s / 3600), 'h', Math.round((s % 3600) / 60), 'min');
  return two(Math.floor(s / 86400), 'd', Math.round((s % 86400) / 3600), 'h');
}

function two(a: number, unit: string, b: number, small: string): string {
  return b > 0 ? `${a} ${unit} ${b} ${small}` : `${a} ${unit}`;
}

/** Compact step distance for the lanes' axis: "+2m", "+3.8s". */
export function delta(ms: number): string {
  const s = ms / 1000;
  if (s < 0) return `−${delta(-ms).slice(1)}`;
  if (s < 60) return `+${s < 10 ? s.toFixed(1) : Math.round(s)}s`;
  if (s < 3600) return `+${Math.floor(s / 60)}m`;
  if (s < 86400) return `+${Math.floor(s / 3600)}h`;
  return `+${Math.floor(s / 86400)}d`;
}
