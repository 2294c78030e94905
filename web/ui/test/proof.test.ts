import { describe, expect, it } from 'vitest';
import type { Proof } from '../src/api/types';
import { fromBase64, fromHex, logLeaf, recordLeaf, rootFromPath, toHex } from '../src/proof/merkle';
import { parseCheckpoint, parseNote, parseVerifierKey, verifySignature } from '../src/proof/note';
import { parseManifest, verifyRecord, type Check } from '../src/proof/verify';
import { proofOf, shortProofOf, vectors } from './vectors';

interface LeafVectors {
  leaves: { salt_hex: string; raw_hex: string; leaf_hash: string }[];
  trees: { leaf_hashes: string[] | null; root: string; paths: (string[] | null)[] | null }[];
}
interface EntryVectors {
  entries: { seq: number; count: number; root: string; text: string; log_hash: string }[];
  invalid: { why: string; text: string }[];
}
interface CheckpointVectors {
  verifier_key: string;
  origin: string;
  size: number;
  root: string;
  signed: string;
  invalid: { why: string; text: string }[];
}
interface RecordVectors {
  verifier_key: string;
  proofs: { name: string; raw_hex: string; proof: string; result: string }[];
}

function throws(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

const b64 = (b: Uint8Array) => Buffer.from(b).toString('base64');

describe('leaf and tree, vectors of docs/formats/leaf.md', () => {
  const v = vectors<LeafVectors>('leaf');
  it.each(v.leaves)('hashes salt $salt_hex', async (l) => {
    expect(b64(await recordLeaf(fromHex(l.salt_hex), fromHex(l.raw_hex)))).toBe(l.leaf_hash);
  });
  it.each(v.trees.map((t, i) => [i, t] as const))('follows every path of tree %i', async (_, t) => {
    const leaves = t.leaf_hashes ?? [];
    for (const [i, path] of (t.paths ?? []).entries()) {
      const root = await rootFromPath(fromBase64(leaves[i]), i, leaves.length, (path ?? []).map(fromBase64));
      expect(b64(root)).toBe(t.root);
    }
  });
  it('refuses a path that is too long, too short, or out of the tree', async () => {
    const t = v.trees.find((x) => (x.leaf_hashes ?? []).length > 2);
    if (!t?.leaf_hashes || !t.paths) throw new Error('no tree of three leaves in the vectors');
    const leaf = fromBase64(t.leaf_hashes[0]);
    const path = (t.paths[0] ?? []).map(fromBase64);
    await expect(rootFromPath(leaf, 0, t.leaf_hashes.length, [...path, leaf])).rejects.toThrow('longer');
    await expect(rootFromPath(leaf, 0, t.leaf_hashes.length, path.slice(1))).rejects.toThrow('shorter');
    await expect(rootFromPath(leaf, 5, 3, path)).rejects.toThrow('not inside');
  });
});

describe('ledger entry, vectors of docs/formats/ledger-entry.md', () => {
  const v = vectors<EntryVectors>('ledger-entry');
  it.each(v.entries)('reads entry $seq', async (e) => {
    const m = parseManifest(e.text);
    expect([Number(m.seq), Number(m.count), b64(m.root)]).toEqual([e.seq, e.count, e.root]);
    expect(b64(await logLeaf(new TextEncoder().encode(e.text)))).toBe(e.log_hash);
  });
  it.each(v.invalid)('refuses: $why', (e) => {
    expect(() => parseManifest(e.text)).toThrow();
  });
});

describe('checkpoint, vectors of docs/formats/checkpoint.md', () => {
  const v = vectors<CheckpointVectors>('checkpoint');
  it('opens the signed one', async () => {
    const note = parseNote(v.signed);
    const c = parseCheckpoint(note.text);
    expect([c.origin, c.size, b64(c.root)]).toEqual([v.origin, v.size, v.root]);
    expect(await verifySignature(note, await parseVerifierKey(v.verifier_key))).toBe('good');
  });
  it.each(v.invalid)('refuses: $why', async (bad) => {
    const key = await parseVerifierKey(v.verifier_key);
    const accepted = async () => {
      const note = parseNote(bad.text);
      return parseCheckpoint(note.text).origin === key.name && (await verifySignature(note, key)) === 'good';
    };
    expect(await accepted().catch(() => false)).toBe(false);
  });
  it('refuses a key whose hash is not its own', async () => {
    const wrong = v.verifier_key.replace(/\+[0-9a-f]{8}\+/, '+00000000+');
    await expect(parseVerifierKey(wrong)).rejects.toThrow('belong together');
  });
});

describe('record proof, vectors of docs/formats/record-proof.md', () => {
  const v = vectors<RecordVectors>('record-proof-1');
  it.each(v.proofs)('$name: $result', async (p) => {
    // A text that no reader takes never becomes the API's object.
    const read = () => proofOf(p.proof, v.verifier_key);
    if (p.result === 'malformed' && throws(read)) return;
    const result = await verifyRecord(fromHex(p.raw_hex), read());
    expect(result.outcome).toBe(p.result === 'ok' ? 'verified' : 'failed');
  });
});

interface ShortVectors {
  policies: string[];
  bases: { name: string; policy: number; raw_hex: string; proof: string }[];
  vectors: {
    name: string; base: number; policy?: number; raw_hex?: string; sealed?: boolean;
    at?: number; delete?: number; insert?: string; result: string;
  }[];
}

describe('record proof, version 2, vectors of docs/formats/record-proof.md', () => {
  const file = vectors<ShortVectors>('record-proof-2');
  // The page has the record, one log's key and no policy of witnesses.
  const mine = file.vectors.filter((v) => !v.sealed && v.result !== 'witness quorum' && v.result !== 'sealed');
  const key = (policy: string) =>
    policy.split('\n').filter((l) => l.startsWith('log ')).map((l) => l.slice(4)).find((k, _, all) => all.length === 1 || k.includes('/test+'));
  it.each(mine)('$name: $result', async (v) => {
    const base = file.bases[v.base];
    const bytes = Buffer.from(base.proof);
    const at = v.at ?? 0;
    const edited = Buffer.concat([bytes.subarray(0, at), Buffer.from(v.insert ?? '', 'base64'), bytes.subarray(at + (v.delete ?? 0))]);
    const raw = fromHex(v.raw_hex ?? base.raw_hex);
    const verifierKey = key(file.policies[v.policy ?? base.policy]) ?? '';
    const check = async () => {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(edited);
      return (await verifyRecord(raw, await shortProofOf(text, raw, verifierKey))).outcome;
    };
    expect(await check().catch(() => 'failed')).toBe(v.result === 'ok' ? 'verified' : 'failed');
  });
  it('has more than 200 of them', () => expect(mine.length).toBeGreaterThan(200));
});

describe('a tampered proof fails where it was tampered', () => {
  const v = vectors<RecordVectors>('record-proof-1');
  const good = v.proofs.filter((p) => p.result === 'ok').find((p) => proofOf(p.proof, v.verifier_key).leaf_path?.length);
  if (!good) throw new Error('no good proof with a path in the vectors');
  const raw = fromHex(good.raw_hex);
  const proof = proofOf(good.proof, v.verifier_key);
  const flip = (hex: string) => (hex[0] === '0' ? '1' : '0') + hex.slice(1);
  const first = async (p: Proof, bytes: Uint8Array = raw) => {
    const r = await verifyRecord(bytes, p);
    expect(r.outcome).toBe('failed');
    return r.checks.find((c) => c.state === 'bad')?.id;
  };
  const cases: [string, Check['id'], Partial<Proof>][] = [
    ['salt', 'leaf', { salt: flip(proof.salt ?? '') }],
    ['short salt', 'leaf', { salt: 'abcd' }],
    ['leaf hash', 'leaf', { leaf_hash: flip(proof.leaf_hash ?? '') }],
    ['leaf path', 'entry', { leaf_path: [flip(proof.leaf_path?.[0] ?? ''), ...(proof.leaf_path ?? []).slice(1)] }],
    ['leaf number', 'entry', { leaf: 10_000 }],
    ['entry root', 'entry', { entry_root: flip(proof.entry_root ?? '') }],
    ['journal entry', 'manifest', { entry: proof.entry + 1 }],
    ['index', 'manifest', { index: (proof.index ?? 0) + 1 }],
    ['ledger entry', 'log', { manifest: proof.manifest?.replace(/bytes (\d+)/, 'bytes 9$1') }],
    ['log path', 'log', { log_path: (proof.log_path ?? []).map(flip) }],
    ['checkpoint size', 'log', { checkpoint: proof.checkpoint?.replace(/\n\d+\n/, '\n7\n') }],
    ['another key', 'signature', { verifier_key: 'nobody+00000000+AQ==' }],
    ['no checkpoint', 'log', { checkpoint: '' }],
  ];
  it('one byte of the record', async () => {
    expect(await first(proof, Uint8Array.of(...raw, 0))).toBe('leaf');
  });
  it.each(cases)('%s fails at %s', async (_, at, change) => {
    expect(await first({ ...proof, ...change })).toBe(at);
  });
  it('says in the sentence which step fails', async () => {
    const r = await verifyRecord(Uint8Array.of(1, 2, 3), proof);
    expect(r.sentence).toMatch(/^Proof failed: salted leaf from the original bytes\./);
  });
  it('a journaled record is neither verified nor failed', async () => {
    expect((await verifyRecord(raw, { state: 'journaled', entry: 1, leaf: 0 })).outcome).toBe('journaled');
  });
});

describe('hex', () => {
  it('round trips and refuses what is none', () => {
    expect(toHex(fromHex('00ff10'))).toBe('00ff10');
    expect(() => fromHex('0g')).toThrow();
    expect(() => fromHex('abc')).toThrow();
  });
});
