/** The rows of a search: the first page at once, further pages as the table reaches them. */
import { api, call, Problem } from '../api/client';
import type { EventRow, SearchResult } from '../api/types';

export interface Asked {
  q: string;
  from: string;
  to: string;
  order: 'asc' | 'desc';
}

const page = 500;
/** Rows kept in the page; beyond this a reader should narrow the range. */
const most = 200_000;

export class Results {
  rows = $state.raw<EventRow[]>([]);
  answer = $state.raw<SearchResult | undefined>();
  problem = $state.raw<Problem | undefined>();
  slow = $state(false);
  loaded = $state(false);

  #asked: Asked | undefined;
  #abort: AbortController | undefined;
  #busy = false;

  get total(): number {
    return this.answer?.total ?? 0;
  }
  get exact(): boolean {
    return this.answer?.total_exact ?? true;
  }
  /** The order the rows are in, whatever was asked. */
  get order(): 'asc' | 'desc' {
    const a = this.rows[0];
    const b = this.rows.at(-1);
    if (a && b && a.time !== b.time) return a.time < b.time ? 'asc' : 'desc';
    return this.#asked?.order ?? 'asc';
  }

  /** Starts a search; the rows of the last one stay until its answer is here. */
  async start(asked: Asked): Promise<void> {
    this.#abort?.abort();
    this.#abort = new AbortController();
    this.#asked = asked;
    this.#busy = false;
    this.loaded = false;
    await this.#fetch('');
  }

  retry = (): void => {
    if (this.#asked) void this.start(this.#asked);
  };

  cancel = (): void => {
    this.#abort?.abort();
    this.slow = false;
  };

  /** Fetches the next page, where there is one. */
  more = (): void => {
    const after = this.answer?.after;
    if (!after || this.#busy || !this.loaded || this.rows.length >= most) return;
    void this.#fetch(after);
  };

  async #fetch(after: string): Promise<void> {
    const asked = this.#asked;
    const signal = this.#abort?.signal;
    if (!asked || !signal) return;
    this.#busy = true;
    const timer = setTimeout(() => !signal.aborted && (this.slow = true), 300);
    try {
      const query = { ...asked, limit: page, after: after || undefined };
      const answer = await call(api.GET('/api/v1/search', { params: { query }, signal }), 'search');
      if (signal.aborted) return;
      const rows = answer.events ?? [];
      this.rows = after ? [...this.rows, ...rows] : rows;
      this.answer = after && this.answer ? { ...this.answer, after: answer.after } : answer;
      this.problem = undefined;
      this.loaded = true;
    } catch (err) {
      if (signal.aborted) return;
      this.problem = err instanceof Problem ? err : undefined;
      if (!after) {
        this.rows = [];
        this.answer = undefined;
      }
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) {
        this.slow = false;
        this.#busy = false;
      }
    }
  }
}
