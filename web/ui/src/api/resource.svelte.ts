/*
 * A value that is fetched: keeps the last answer while a new one is on its way, aborts what nobody waits
 * for any more, and shows "loading" only after 300 ms, so that fast answers do not flicker.
 */
import { Problem } from './client';

const patience = 300;

export class Resource<T> {
  data = $state.raw<T | undefined>();
  problem = $state.raw<Problem | undefined>();
  /** A call has been on its way for 300 ms. */
  slow = $state(false);
  pending = $state(false);
  /** When data arrived, ms since the epoch. */
  at = $state(0);

  #abort: AbortController | undefined;
  #last: ((signal: AbortSignal) => Promise<T>) | undefined;

  /** Starts a call; an earlier one is aborted and its answer dropped. */
  async load(run: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#last = run;
    this.pending = true;
    const timer = setTimeout(() => {
      if (!abort.signal.aborted) this.slow = true;
    }, patience);
    try {
      const data = await run(abort.signal);
      if (abort.signal.aborted) return;
      this.data = data;
      this.problem = undefined;
      this.at = Date.now();
    } catch (err) {
      if (abort.signal.aborted) return;
      this.problem = err instanceof Problem ? err : unexpected(err);
    } finally {
      clearTimeout(timer);
      if (this.#abort === abort) {
        this.pending = false;
        this.slow = false;
      }
    }
  }

  /** Runs the last call again. */
  retry = (): void => {
    if (this.#last) void this.load(this.#last);
  };

  /** Stops waiting; the last answer stays. */
  cancel = (): void => {
    this.#abort?.abort();
    this.pending = false;
    this.slow = false;
  };

  clear(): void {
    this.cancel();
    this.data = undefined;
    this.problem = undefined;
  }
}

function unexpected(err: unknown): Problem {
  const title = err instanceof Error ? err.message : String(err);
  return new Problem({ type: 'about:blank', title, status: 0, code: 'page', next: 'Reload the page.' }, 'page');
}
