/*
 * RFC 6962 Merkle trees with the browser's own SHA-256. The page recomputes every proof that it shows as
 * verified; nothing here trusts a hash that the server sent, except the ones a path consists of.
 */

/** A SHA-256 value, 32 bytes. */
export type Hash = Uint8Array;

/** SHA-256 over the parts joined. Needs a secure context: https, or http on this machine. */
export async function sha256(...parts: Uint8Array[]): Promise<Hash> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', join(parts)));
}

/** Leaf of one record: SHA-256(0x00 ‖ salt ‖ raw). */
export function recordLeaf(salt: Uint8Array, raw: Uint8Array): Promise<Hash> {
  return sha256(Uint8Array.of(0), salt, raw);
}

/** Leaf of a log entry: SHA-256(0x00 ‖ data). */
export function logLeaf(data: Uint8Array): Promise<Hash> {
  return sha256(Uint8Array.of(0), data);
}

/** Inner node: SHA-256(0x01 ‖ left ‖ right). */
export function node(left: Hash, right: Hash): Promise<Hash> {
  return sha256(Uint8Array.of(1), left, right);
}

/**
 * Root that an audit path leads to (RFC 9162, section 2.1.3.2). Throws where the path has not the
 * length that index and size ask for. Sizes up to 2^53.
 */
export async function rootFromPath(leaf: Hash, index: number, size: number, path: Hash[]): Promise<Hash> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new Error(`index ${index} is not inside a tree of ${size} leaves`);
  }
  let fn = index;
  let sn = size - 1;
  let r = leaf;
  for (const p of path) {
    if (sn === 0) throw new Error('the path is longer than the tree is high');
    if (fn % 2 === 1 || fn === sn) {
      r = await node(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      r = await node(r, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  if (sn !== 0) throw new Error('the path is shorter than the tree is high');
  return r;
}

/** Bytes of a hex text; throws where it is none. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) throw new Error('not a hex value');
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Lower-case hex. */
export function toHex(b: Uint8Array): string {
  return Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
}

/** Bytes of standard base64; throws where it is none, or not the one spelling of its bytes. */
export function fromBase64(s: string): Uint8Array<ArrayBuffer> {
  const bytes = fromLooseBase64(s);
  if (btoa(atob(s)) !== s) throw new Error('not a base64 value in its one spelling');
  return bytes;
}

/** Bytes of standard base64 whose unused bits may be set: of signatures by keys that nobody asks about. */
export function fromLooseBase64(s: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(s) || s.length % 4 !== 0) throw new Error('not a base64 value');
  return Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
}

/** Constant content comparison; the values are public. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

function join(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
