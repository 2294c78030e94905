/*
 * C2SP signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): a text, an empty
 * line, and signature lines "— NAME BASE64(key hash ‖ signature)".
 */
import { fromBase64, fromLooseBase64, same, sha256 } from './merkle';

export interface Signature {
  name: string;
  keyHash: Uint8Array;
  bytes: Uint8Array<ArrayBuffer>;
  /** As it stands in the line; a key that counts has it in its one spelling. */
  encoded: string;
}

export interface Note {
  /** The signed text, with its last newline. */
  text: string;
  signatures: Signature[];
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
}

export interface VerifierKey {
  name: string;
  keyHash: Uint8Array;
  /** Raw Ed25519 public key, 32 bytes. */
  key: Uint8Array<ArrayBuffer>;
}

/** Splits a signed note; throws where it is none. */
export function parseNote(signed: string): Note {
  const split = signed.lastIndexOf('\n\n');
  if (split < 0 || !signed.endsWith('\n') || /[\x00-\x09\x0b-\x1f]/.test(signed)) {
    throw new Error('the checkpoint is not a signed note');
  }
  const lines = signed.slice(split + 2, -1).split('\n');
  if (lines.length > 100) throw new Error('the checkpoint has more than 100 signatures');
  return { text: signed.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): Signature {
  const m = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
  if (!m) throw new Error('a signature line of the checkpoint is malformed');
  const bytes = fromLooseBase64(m[2]);
  if (bytes.length < 5) throw new Error('a signature of the checkpoint is too short');
  return { name: m[1], keyHash: bytes.slice(0, 4), bytes: bytes.slice(4), encoded: m[2] };
}

/** Reads origin, size and root; throws where a line is malformed. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, ...rest] = text.split('\n');
  if (rest.length !== 1 || rest[0] !== '') throw new Error('the checkpoint is not three lines: origin, size, root');
  if (!origin || !/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new Error('the checkpoint has no origin, or its size is out of range');
  }
  const hash = fromBase64(root);
  if (hash.length !== 32) throw new Error('the root in the checkpoint is not 32 bytes');
  return { origin, size: Number(size), root: hash };
}

/** Reads "NAME+HASH+BASE64(0x01 ‖ key)" and checks that the hash belongs to the key. */
export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const m = /^(.+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  if (!m) throw new Error('the verifier key is malformed');
  const keyHash = Uint8Array.from([0, 2, 4, 6], (i) => parseInt(m[2].slice(i, i + 2), 16));
  const data = fromBase64(m[3]);
  if (data.length !== 33 || data[0] !== 1) throw new Error('the verifier key is not an Ed25519 key');
  const digest = await sha256(new TextEncoder().encode(`${m[1]}\n`), data);
  if (!same(digest.slice(0, 4), keyHash)) throw new Error("the verifier key's name, hash and key do not belong together");
  return { name: m[1], keyHash, key: data.slice(1) };
}

/** What checking a signature gave: unsupported where this browser has no Ed25519. */
export type Verdict = 'good' | 'bad' | 'absent' | 'unsupported';

/** Checks the note's first signature by the key; others by the same key do not count. */
export async function verifySignature(note: Note, key: VerifierKey): Promise<Verdict> {
  const mine = note.signatures.filter((s) => s.name === key.name && same(s.keyHash, key.keyHash));
  if (mine.length === 0) return 'absent';
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey('raw', key.key, { name: 'Ed25519' }, false, ['verify']);
  } catch {
    return 'unsupported';
  }
  const text = new TextEncoder().encode(note.text);
  if (!(await crypto.subtle.verify({ name: 'Ed25519' }, imported, mine[0].bytes, text))) return 'bad';
  fromBase64(mine[0].encoded);
  return 'good';
}
