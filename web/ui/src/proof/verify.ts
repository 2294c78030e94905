/*
 * Verification of one record in the browser, from its bytes to the signed checkpoint. Five steps, each of
 * which can fail by itself; the page names the first that does.
 */
import type { Proof } from '../api/types';
import { fromBase64, fromHex, logLeaf, recordLeaf, rootFromPath, same, toHex, type Hash } from './merkle';
import { parseCheckpoint, parseNote, parseVerifierKey, verifySignature } from './note';

export type StepState = 'good' | 'bad' | 'skipped';

export interface Check {
  id: 'leaf' | 'entry' | 'manifest' | 'log' | 'signature';
  /** What is compared, in words. */
  label: string;
  state: StepState;
  /** What was found. */
  detail: string;
}

export type Outcome = 'verified' | 'verified-unsigned' | 'failed' | 'journaled' | 'unchecked';

export interface Verification {
  outcome: Outcome;
  /** One sentence for the badge. */
  sentence: string;
  checks: Check[];
  /** Milliseconds the check took. */
  tookMs: number;
}

const labels: Record<Check['id'], string> = {
  leaf: 'Salted leaf from the original bytes',
  entry: 'Path from the leaf to the entry root',
  manifest: 'Entry root in the ledger entry',
  log: 'Path from the ledger entry to the checkpoint',
  signature: "Ledger's signature on the checkpoint",
};

class Mismatch extends Error {}

/** Recomputes the whole proof over raw. Never throws; a malformed proof is a failed one. */
export async function verifyRecord(raw: Uint8Array, p: Proof): Promise<Verification> {
  const start = performance.now();
  const checks: Check[] = [];
  const done = (outcome: Outcome, sentence: string): Verification => ({
    outcome,
    sentence,
    checks,
    tookMs: performance.now() - start,
  });
  if (p.state !== 'sealed') {
    return done('journaled', 'Journaled: synced to disk, not yet under a signed checkpoint.');
  }
  if (globalThis.crypto?.subtle === undefined) {
    return done('unchecked', 'Not checked: this browser computes hashes only over https or on this machine.');
  }
  const steps: [Check['id'], () => Promise<string>][] = [
    ['leaf', () => checkLeaf(raw, p)],
    ['entry', () => checkEntry(raw, p)],
    ['manifest', () => checkManifest(p)],
    ['log', () => checkLog(p)],
    ['signature', () => checkSignature(p)],
  ];
  for (const [id, run] of steps) {
    try {
      const detail = await run();
      checks.push({ id, label: labels[id], state: detail.startsWith('Not checked') ? 'skipped' : 'good', detail });
    } catch (err) {
      const detail = err instanceof Error ? err.message : String(err);
      checks.push({ id, label: labels[id], state: 'bad', detail });
    }
  }
  return conclude(checks, done);
}

function conclude(checks: Check[], done: (o: Outcome, s: string) => Verification): Verification {
  const bad = checks.find((c) => c.state === 'bad');
  if (bad) return done('failed', `Proof failed: ${bad.label.charAt(0).toLowerCase()}${bad.label.slice(1)}. ${sentence(bad.detail)}`);
  if (checks.some((c) => c.state === 'skipped')) {
    return done('verified-unsigned', 'Verified up to the checkpoint; its signature was not checked in this browser.');
  }
  return done('verified', 'Verified: these bytes are under the signed checkpoint.');
}

function sentence(s: string): string {
  const t = s.charAt(0).toUpperCase() + s.slice(1);
  return /[.!?]$/.test(t) ? t : `${t}.`;
}

function leafOf(raw: Uint8Array, p: Proof): Promise<Hash> {
  return recordLeaf(fromHex(need(p.salt, 'salt')), raw);
}

async function checkLeaf(raw: Uint8Array, p: Proof): Promise<string> {
  const salt = fromHex(need(p.salt, 'salt'));
  if (salt.length !== 16) throw new Mismatch('the salt is not 16 bytes');
  const leaf = toHex(await recordLeaf(salt, raw));
  if (leaf !== need(p.leaf_hash, 'leaf hash')) {
    throw new Mismatch(`the bytes give leaf ${leaf.slice(0, 8)}…, the proof says ${p.leaf_hash?.slice(0, 8)}…`);
  }
  return `SHA-256(0x00 ‖ salt ‖ ${raw.length} bytes) = ${leaf.slice(0, 8)}…`;
}

async function checkEntry(raw: Uint8Array, p: Proof): Promise<string> {
  const path = (p.leaf_path ?? []).map(fromHex);
  const size = need(p.count, 'leaf count');
  const root = toHex(await rootFromPath(await leafOf(raw, p), p.leaf, size, path));
  if (root !== need(p.entry_root, 'entry root')) {
    throw new Mismatch(`the path leads to ${root.slice(0, 8)}…, the entry root is ${p.entry_root?.slice(0, 8)}…`);
  }
  return `Leaf ${p.leaf} of ${size}, ${path.length} hashes, to ${root.slice(0, 8)}…`;
}

export interface Manifest {
  seq: string;
  count: string;
  root: Uint8Array;
}

const manifestForm =
  /^evident\.entry\/v1\nseq ([1-9]\d*)\ncount (0|[1-9]\d*)\nroot (\S{44})\nheader (\S{44})\nbytes (?:0|[1-9]\d*)\n$/;

/** Reads the ledger entry (docs/formats/ledger-entry.md); throws where it is not in its one form. */
export function parseManifest(text: string): Manifest {
  const m = manifestForm.exec(text);
  if (!m) throw new Mismatch('the ledger entry is not in the form evident.entry/v1');
  fromBase64(m[4]);
  return { seq: m[1], count: m[2], root: fromBase64(m[3]) };
}

async function checkManifest(p: Proof): Promise<string> {
  const m = parseManifest(need(p.manifest, 'ledger entry'));
  if (!same(m.root, fromHex(need(p.entry_root, 'entry root')))) {
    throw new Mismatch('the ledger entry names another root than the path leads to');
  }
  if (m.seq !== String(p.entry)) throw new Mismatch(`the ledger entry is of journal entry ${m.seq}`);
  if (m.count !== String(p.count)) throw new Mismatch(`the ledger entry counts ${m.count} records`);
  if (p.index !== p.entry - 1) throw new Mismatch(`the log index ${p.index} is not the one of journal entry ${p.entry}`);
  return `Journal entry ${p.entry} of ${p.count} records`;
}

async function checkLog(p: Proof): Promise<string> {
  const note = parseNote(need(p.checkpoint, 'checkpoint'));
  const cp = parseCheckpoint(note.text);
  const leaf = await logLeaf(new TextEncoder().encode(need(p.manifest, 'ledger entry')));
  const path = (p.log_path ?? []).map(fromHex);
  const root = await rootFromPath(leaf, need(p.index, 'index'), cp.size, path);
  if (!same(root, cp.root)) {
    throw new Mismatch(`the path leads to ${toHex(root).slice(0, 8)}…, the checkpoint says ${toHex(cp.root).slice(0, 8)}…`);
  }
  return `Index ${p.index} of ${cp.size}, ${path.length} hashes, to ${toHex(root).slice(0, 8)}…`;
}

async function checkSignature(p: Proof): Promise<string> {
  const note = parseNote(need(p.checkpoint, 'checkpoint'));
  const key = await parseVerifierKey(need(p.verifier_key, 'verifier key'));
  const origin = parseCheckpoint(note.text).origin;
  if (origin !== key.name) throw new Mismatch(`the checkpoint is of ${origin}, the key of ${key.name}`);
  const verdict = await verifySignature(note, key);
  if (verdict === 'unsupported') return 'Not checked: this browser has no Ed25519.';
  if (verdict === 'absent') throw new Mismatch(`the checkpoint has no signature by ${key.name}`);
  if (verdict === 'bad') throw new Mismatch(`the signature by ${key.name} is not valid`);
  return `Ed25519 by ${key.name}`;
}

function need<T>(value: T | undefined | null, name: string): T {
  if (value === undefined || value === null || value === '') throw new Mismatch(`the proof has no ${name}`);
  return value;
}
