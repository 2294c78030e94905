/** The dictionary of fields, fetched once: which attributes are persons, and their captions. */
import { api, call } from './client';
import type { Field } from './types';

class Dictionary {
  byPath = $state.raw(new Map<string, Field>());
  #asked = false;

  /** Fetches the dictionary at first use; a failure is asked again next time. */
  async load(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    try {
      const fields = await call(api.GET('/api/v1/fields'), 'fields');
      this.byPath = new Map((fields ?? []).map((f) => [f.path, f]));
    } catch {
      this.#asked = false;
    }
  }

  /** Tells whether the attribute identifies a person. */
  person(path: string): boolean {
    return this.byPath.get(path)?.person ?? /(^|\.)user\.(name|uid|email_addr)$/.test(path);
  }

  caption(path: string): string {
    return this.byPath.get(path)?.caption ?? '';
  }
}

export const fields = new Dictionary();
