/** From what was verified to the ring that is drawn. */
import type { Proof } from '../api/types';
import type { Verification } from '../proof/verify';

export function sealOf(v: Verification | undefined, p?: Proof): 'sealed' | 'verified' | 'journaled' | 'failed' | 'unchecked' {
  switch (v?.outcome) {
    case 'verified':
      return 'verified';
    case 'verified-unsigned':
      return 'sealed';
    case 'journaled':
      return 'journaled';
    case 'failed':
      return 'failed';
    default:
      return p?.state === 'sealed' ? 'sealed' : 'unchecked';
  }
}

/** The word beside the ring. */
export function sealWord(v: Verification | undefined): string {
  switch (v?.outcome) {
    case 'verified':
      return 'Proof verified';
    case 'verified-unsigned':
      return 'Verified, signature not checked';
    case 'journaled':
      return 'Journaled, sealing';
    case 'failed':
      return 'Proof failed';
    case 'unchecked':
      return 'Not checked';
    default:
      return 'Checking…';
  }
}
