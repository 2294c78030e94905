/** What a comparison says, in a sentence. */
import type { Shadow } from '../api/types';
import { count, plural } from '../text/format';

/** The difference so far, the answer first. */
export function shadowSentence(s: Shadow): string {
  switch (s.state) {
    case 'stale': return 'The current rules changed; compare again';
    case 'failed': return 'The comparison stopped';
  }
  const more = s.findings_only_new;
  const fewer = s.findings_only_old;
  if (s.events === 0) return 'A new set runs beside the current one; nothing is compared yet';
  if (more === 0 && fewer === 0) return `The new set finds the same so far, in ${plural(s.events, 'event')}`;
  const parts = [more > 0 ? `${count(more)} more` : '', fewer > 0 ? `${count(fewer)} fewer` : ''].filter(Boolean);
  return `The new set finds ${parts.join(' and ')}, in ${plural(s.events, 'event')}`;
}

/** How far it is, or why it ended. */
export function progress(s: Shadow): string {
  const d = s.diff;
  const change = `${plural(d.added_count, 'rule')} added, ${count(d.removed_count)} removed, ${count(d.changed_count)} changed`;
  switch (s.state) {
    case 'history': return `${change}; ${count(s.events)} of ${count(s.history_events)} sealed events compared`;
    case 'live': return s.behind_entries > 0 ? `${change}; ${plural(s.behind_entries, 'entry', 'entries')} behind` : `${change}; compares what arrives`;
    case 'done': return `${change}; done`;
    case 'failed': return s.reason;
    case 'stale': return 'What was compared with no longer judges.';
  }
  return change;
}

/** Share of the history that is compared, 0 to 1. */
export function share(s: Shadow): number {
  if (s.state !== 'history') return 1;
  return s.history_events > 0 ? Math.min(1, s.events / s.history_events) : 0;
}
