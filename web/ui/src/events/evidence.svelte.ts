/*
 * What a drawer needs of one event: its fields, its original bytes, its proof, and the verification that this
 * browser did. Kept for the last events looked at, so that going back is immediate.
 */
import { api, call, Problem } from '../api/client';
import type { EventDetail, Proof } from '../api/types';
import { announcer } from '../shell/announce.svelte';
import { verifyRecord, type Verification } from '../proof/verify';

const kept = 64;

export class Evidence {
  detail = $state.raw<EventDetail>();
  raw = $state.raw<Uint8Array<ArrayBuffer>>();
  proof = $state.raw<Proof>();
  verification = $state.raw<Verification>();
  problem = $state.raw<Problem>();
  proofProblem = $state.raw<Problem>();
  checking = $state(false);

  constructor(readonly uid: string) {}

  async load(): Promise<void> {
    await Promise.all([this.loadDetail(), this.verify()]);
  }

  /** Fetches the fields and findings, not the bytes. */
  async loadDetail(): Promise<void> {
    if (this.detail) return;
    try {
      const path = { params: { path: { uid: this.uid } } };
      this.detail = await call(api.GET('/api/v1/events/{uid}', path), 'event');
      this.problem = undefined;
    } catch (err) {
      if (err instanceof Problem) this.problem = err;
    }
  }

  /** Fetches bytes and proof and recomputes it here; a journaled record is asked again next time. */
  async verify(): Promise<void> {
    if (this.checking || (this.verification && this.verification.outcome !== 'journaled')) return;
    this.checking = true;
    try {
      const path = { params: { path: { uid: this.uid } } };
      const [bytes, proof] = await Promise.all([
        call(api.GET('/api/v1/events/{uid}/raw', { ...path, parseAs: 'arrayBuffer' }), 'original bytes'),
        call(api.GET('/api/v1/events/{uid}/proof', path), 'proof'),
      ]);
      this.raw = new Uint8Array(bytes as unknown as ArrayBuffer);
      this.proof = proof;
      this.verification = await verifyRecord(this.raw, proof);
      this.proofProblem = undefined;
      if (this.verification.outcome === 'failed') announcer.alarm(`${this.uid}: ${this.verification.sentence}`);
    } catch (err) {
      this.proofProblem = err instanceof Problem ? err : undefined;
    } finally {
      this.checking = false;
    }
  }
}

const cache = new Map<string, Evidence>();

/** The evidence of one event, from the cache or fetched now. */
export function evidence(uid: string): Evidence {
  let found = cache.get(uid);
  cache.delete(uid);
  found ??= new Evidence(uid);
  cache.set(uid, found);
  const oldest = cache.keys().next().value;
  if (cache.size > kept && oldest !== undefined) cache.delete(oldest);
  return found;
}
