/** What analysts said of an incident, applied beside the result: the result itself never changes. */
import type { Overlay, OverlayKind, Reconstruction } from '../api/types';

/** An overlay as it stands; a withdrawn one is shown, and counts no more. */
export interface Note extends Overlay {
  withdrawn: boolean;
}

/** What was said of one step. */
export interface Remark {
  verdict?: 'confirm' | 'reject';
  name: string;
  pinned: boolean;
  notes: Note[];
}

export interface Remarks {
  /** By the number of the step. */
  steps: Map<number, Remark>;
  /** Of the whole incident. */
  whole: Note[];
  /** Of steps that this run does not have. */
  lost: Note[];
  /** Steps that an analyst added, by the time they are about. */
  added: Note[];
  /** The analyst's name of the incident, else its own. */
  title: string;
}

/** Puts each overlay where it belongs: every one stands at exactly one place. */
export function remarks(story: Reconstruction, overlays: Overlay[]): Remarks {
  const gone = new Set(overlays.flatMap((o) => (o.kind === 'withdraw' && o.withdraws ? [o.withdraws] : [])));
  const out: Remarks = { steps: new Map(), whole: [], lost: [], added: [], title: story.incident.title };
  for (const o of [...overlays].sort((a, b) => Date.parse(a.time) - Date.parse(b.time) || (a.uid < b.uid ? -1 : 1))) {
    const note = { ...o, withdrawn: gone.has(o.uid) };
    const n = o.kind === 'withdraw' || o.kind === 'add' ? 0 : stepOf(story, o);
    if (o.kind === 'add') out.added.push(note);
    else if (n > 0) out.steps.set(n, remark(out.steps.get(n), note));
    else if (o.kind === 'withdraw' || !o.event) whole(out, note);
    else out.lost.push(note);
  }
  out.added.sort((a, b) => Date.parse(a.at ?? '') - Date.parse(b.at ?? ''));
  return out;
}

function whole(out: Remarks, note: Note): void {
  out.whole.push(note);
  if (note.kind === 'rename' && !note.withdrawn) out.title = note.text ?? out.title;
}

function remark(have: Remark | undefined, note: Note): Remark {
  const r: Remark = { name: '', pinned: false, ...have, notes: [...(have?.notes ?? []), note] };
  if (note.withdrawn) return r;
  if (note.kind === 'confirm' || note.kind === 'reject') r.verdict = note.kind;
  if (note.kind === 'rename') r.name = note.text ?? '';
  if (note.kind === 'pin') r.pinned = true;
  return r;
}

/** The step that an overlay speaks of in this run: the one with its event that does the same, else with its event. */
export function stepOf(story: Reconstruction, o: Overlay): number {
  if (!o.event) return 0;
  const event = o.event;
  const holds = story.steps.filter((s) => s.events.includes(event));
  return (holds.find((s) => s.verb === o.verb) ?? holds[0])?.n ?? 0;
}

const done: Record<OverlayKind, string> = {
  confirm: 'Confirmed', reject: 'Rejected', add: 'Added', rename: 'Renamed', comment: 'Comment', pin: 'Pinned', withdraw: 'Withdrew',
};

/** The first words of a note. */
export function says(n: Overlay): string {
  if (n.kind === 'rename') return `${done.rename} to “${n.text ?? ''}”`;
  if (n.kind === 'comment') return n.text ?? '';
  if (n.kind === 'withdraw') return `${done.withdraw} ${n.withdraws ?? ''}`;
  return done[n.kind];
}
