/**
 * The answer of a search: the first page as it is found, with how far the search is; further pages
 * as the table reaches them. A query with stages answers with a table instead of events.
 */
import { api, call, Problem } from '../api/client';
import { lines } from '../api/lines';
import type { EventRow, SearchLine, SearchResult, SearchTable } from '../api/types';

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
  table = $state.raw<SearchTable | undefined>();
  progress = $state.raw<SearchLine['progress']>();
  cancelled = $state(false);

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

  /** Starts a search; the answer of the last one stays until the first of its lines is here. */
  async start(asked: Asked): Promise<void> {
    this.#abort?.abort();
    this.#abort = new AbortController();
    this.#asked = asked;
    this.#busy = false;
    this.loaded = false;
    this.cancelled = false;
    this.progress = undefined;
    await this.#read(asked, this.#abort.signal);
  }

  retry = (): void => {
    if (this.#asked) void this.start(this.#asked);
  };

  cancel = (): void => {
    this.#abort?.abort();
    this.slow = false;
    this.progress = undefined;
    this.cancelled = true;
  };

  /** Fetches the next page, where there is one. */
  more = (): void => {
    const after = this.answer?.after;
    if (!after || this.#busy || !this.loaded || this.rows.length >= most) return;
    void this.#fetch(after);
  };

  /** Reads the first page line by line. */
  async #read(asked: Asked, signal: AbortSignal): Promise<void> {
    this.#busy = true;
    const timer = setTimeout(() => !signal.aborted && (this.slow = true), 300);
    let rows: EventRow[] = [];
    let table: SearchTable | undefined;
    try {
      for await (const line of lines('/api/v1/search/live', { ...asked, limit: String(page) }, signal)) {
        if (signal.aborted) return;
        if (line.progress) this.progress = line.progress;
        if (line.events) this.rows = rows = [...rows, ...line.events];
        if (line.table) this.table = table = line.table;
        if (line.events) this.table = undefined;
        if (line.table) this.rows = [];
        if (line.end) this.answer = { ...line.end, events: [] };
      }
      if (signal.aborted) return;
      this.rows = rows;
      this.table = table;
      this.problem = undefined;
      this.loaded = true;
    } catch (err) {
      if (signal.aborted) return;
      this.problem = err instanceof Problem ? err : undefined;
      this.rows = [];
      this.table = undefined;
      this.answer = undefined;
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) {
        this.slow = false;
        this.#busy = false;
        this.progress = undefined;
      }
    }
  }

  async #fetch(after: string): Promise<void> {
    const asked = this.#asked;
    const signal = this.#abort?.signal;
    if (!asked || !signal) return;
    this.#busy = true;
    const timer = setTimeout(() => !signal.aborted && (this.slow = true), 300);
    try {
      const query = { ...asked, limit: page, after };
      const answer = await call(api.GET('/api/v1/search', { params: { query }, signal }), 'search');
      if (signal.aborted) return;
      if (!('events' in answer)) return;
      this.rows = [...this.rows, ...answer.events];
      if (this.answer) this.answer = { ...this.answer, after: answer.after };
      this.problem = undefined;
    } catch (err) {
      if (signal.aborted) return;
      this.problem = err instanceof Problem ? err : undefined;
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) {
        this.slow = false;
        this.#busy = false;
      }
    }
  }
}
