/** The list of rules: the first page at once, further pages as the table reaches them. */
import { api, call, Problem } from '../api/client';
import type { Rule, RuleList } from '../api/types';

const page = 500;

/** Parameters of the list as the API takes them. */
export type Asked = Record<string, string>;

export class Rules {
  rows = $state.raw<Rule[]>([]);
  answer = $state.raw<RuleList | undefined>();
  problem = $state.raw<Problem | undefined>();
  slow = $state(false);

  #asked: Asked = {};
  #abort: AbortController | undefined;
  #busy = false;

  /** Starts a list; the rows of the last one stay until its answer is here. */
  async start(asked: Asked): Promise<void> {
    this.#abort?.abort();
    this.#abort = new AbortController();
    this.#asked = asked;
    this.#busy = false;
    await this.#fetch(0);
  }

  retry = (): void => void this.start(this.#asked);

  /** Fetches the next page, where there is one. */
  more = (): void => {
    if (this.#busy || !this.answer || this.rows.length >= this.answer.total) return;
    void this.#fetch(this.rows.length);
  };

  async #fetch(offset: number): Promise<void> {
    const signal = this.#abort?.signal;
    if (!signal) return;
    this.#busy = true;
    const timer = setTimeout(() => !signal.aborted && (this.slow = true), 300);
    try {
      const query = { ...this.#asked, limit: page, offset };
      const answer = await call(api.GET('/api/v1/rules', { params: { query }, signal }), 'rules');
      if (signal.aborted) return;
      this.rows = offset > 0 ? [...this.rows, ...answer.rules] : answer.rules;
      this.answer = answer;
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
