/** The vectors of docs/formats, which the Go code writes and this code must read alike. */
import { readFileSync } from 'node:fs';
import type { Proof } from '../src/api/types';
import { fromBase64, recordLeaf, rootFromPath, toHex } from '../src/proof/merkle';
import { parseCheckpoint, parseNote } from '../src/proof/note';

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../docs/formats/vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** Turns a tlog-proof of docs/formats/record-proof.md into the API's object, as the server does. */
export function proofOf(text: string, verifierKey: string): Proof {
  const split = text.indexOf('\n\n');
  const checkpoint = text.slice(split + 2);
  const [version, extra, index, ...path] = text.slice(0, split).split('\n');
  if (version !== 'c2sp.org/tlog-proof@v1') throw new Error('not a tlog-proof');
  const r = new Reader(fromBase64(extra.replace(/^extra /, '')));
  r.bytes(4);
  const seq = r.uvarint();
  const count = r.uvarint();
  const root = r.bytes(32);
  const header = r.bytes(32);
  const size = r.uvarint();
  const leaf = r.uvarint();
  const leafHash = r.bytes(32);
  const salt = r.bytes(1)[0] === 1 ? toHex(r.bytes(16)) : undefined;
  const leafPath: string[] = [];
  while (!r.done()) leafPath.push(toHex(r.bytes(32)));
  const b64 = (b: Uint8Array) => Buffer.from(b).toString('base64');
  const c = checkpointOf(checkpoint);
  return {
    state: 'sealed', text, entry: seq, leaf, count, salt, leaf_hash: toHex(leafHash), leaf_path: leafPath, entry_root: toHex(root),
    manifest: `evident.entry/v1\nseq ${seq}\ncount ${count}\nroot ${b64(root)}\nheader ${b64(header)}\nbytes ${size}\n`,
    index: Number(index.replace(/^index /, '')), log_path: path.filter(Boolean).map((h) => toHex(fromBase64(h))),
    log_size: c.size, log_root: c.root, origin: c.origin, checkpoint, verifier_key: verifierKey,
  };
}

/**
 * The same for version 2, which leaves out what record and path give: the server computes that from what it
 * stores, this from the record. Throws where the text has not the one form, or a mark does not fit.
 */
export async function shortProofOf(text: string, raw: Uint8Array, verifierKey: string): Promise<Proof> {
  const split = text.indexOf('\n\n');
  const checkpoint = text.slice(split + 2);
  const [format, extra, index, ...path] = text.slice(0, split).split('\n');
  if (split < 0 || text.length > 64 << 10 || format !== 'c2sp.org/tlog-proof@v1' || path.length > 64) throw new Error('not a tlog-proof');
  const head = /^extra (\S+)$/.exec(extra ?? '');
  const at = /^index (0|[1-9]\d{0,15})$/.exec(index ?? '');
  if (!head || !at) throw new Error('no extra data or no index in range');
  const r = new Reader(fromBase64(head[1]));
  if (toHex(r.bytes(4)) !== '45565202') throw new Error('not version 2');
  const count = r.short();
  const header = r.bytes(32);
  const size = r.short();
  const leaf = r.short();
  if (r.bytes(1)[0] !== 1) throw new Error('no salt');
  const salt = r.bytes(16);
  const marks = [r.bytes(3), r.bytes(3)].map(toHex);
  const leafPath: Uint8Array[] = [];
  while (!r.done()) leafPath.push(r.bytes(32));
  const leafHash = await recordLeaf(salt, raw);
  const root = await rootFromPath(leafHash, leaf, count, leafPath);
  if (!toHex(leafHash).startsWith(marks[0]) || !toHex(root).startsWith(marks[1])) throw new Error('a mark does not fit');
  const b64 = (b: Uint8Array) => Buffer.from(b).toString('base64');
  const seq = Number(at[1]) + 1;
  const c = checkpointOf(checkpoint);
  return {
    state: 'sealed', text, entry: seq, leaf, count, salt: toHex(salt), leaf_hash: toHex(leafHash), leaf_path: leafPath.map(toHex),
    entry_root: toHex(root), index: seq - 1, log_path: path.map((h) => toHex(hash(h))),
    manifest: `evident.entry/v1\nseq ${seq}\ncount ${count}\nroot ${b64(root)}\nheader ${b64(header)}\nbytes ${size}\n`,
    log_size: c.size, log_root: c.root, origin: c.origin, checkpoint, verifier_key: verifierKey,
  };
}

function hash(text: string): Uint8Array {
  const b = fromBase64(text);
  if (b.length !== 32) throw new Error('not a hash');
  return b;
}

function checkpointOf(signed: string): { origin: string; size: number; root: string } {
  try {
    const c = parseCheckpoint(parseNote(signed).text);
    return { ...c, root: toHex(c.root) };
  } catch {
    return { origin: '', size: 0, root: '' };
  }
}

class Reader {
  #at = 0;
  constructor(readonly data: Uint8Array) {}
  done(): boolean {
    return this.#at >= this.data.length;
  }
  bytes(n: number): Uint8Array {
    if (this.#at + n > this.data.length) throw new Error('the extra data end early');
    this.#at += n;
    return this.data.slice(this.#at - n, this.#at);
  }
  /** A number below 2^31 in its shortest form. */
  short(): number {
    const from = this.#at;
    const value = this.uvarint();
    if (value >= 2 ** 31 || (this.#at - from > 1 && this.data[this.#at - 1] === 0)) throw new Error('a number out of range');
    return value;
  }
  uvarint(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const b = this.bytes(1)[0];
      value += (b & 0x7f) * shift;
      if (b < 0x80) return value;
    }
  }
}
