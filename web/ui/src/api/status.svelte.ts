/** Live status of the process: one call at start, then server-sent events. */
import { api, call, Problem } from './client';
import type { Status } from './types';

class Live {
  status = $state.raw<Status | undefined>();
  problem = $state.raw<Problem | undefined>();
  /** The stream is up. False shows the offline bar; the last answer stays with its age. */
  online = $state(true);
  /** When the last status arrived, ms since the epoch. */
  at = $state(0);
  /** The server's clock, advanced between messages. */
  now = $state(Date.now());

  #skew = 0;
  #source: EventSource | undefined;

  /** Starts the stream and the clock; returns what stops both. */
  start(): () => void {
    void this.refresh();
    this.#connect();
    const tick = setInterval(() => (this.now = Date.now() + this.#skew), 1000);
    return () => {
      clearInterval(tick);
      this.#source?.close();
    };
  }

  async refresh(): Promise<void> {
    try {
      this.#take(await call(api.GET('/api/v1/status'), 'status'));
    } catch (err) {
      if (err instanceof Problem) this.problem = err;
      if (err instanceof Problem && err.offline) this.online = false;
    }
  }

  #connect(): void {
    const source = new EventSource('/api/v1/stream');
    this.#source = source;
    source.addEventListener('status', (e) => this.#take(JSON.parse((e as MessageEvent<string>).data) as Status));
    source.addEventListener('error', () => {
      this.online = false;
      // The browser reconnects by itself, except after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => {
          void this.refresh();
          this.#connect();
        }, 3000);
      }
    });
    source.addEventListener('open', () => (this.online = true));
  }

  #take(status: Status): void {
    this.status = status;
    this.problem = undefined;
    this.online = true;
    this.at = Date.now();
    const server = Date.parse(status.now);
    if (Number.isFinite(server)) this.#skew = server - Date.now();
    this.now = Date.now() + this.#skew;
  }
}

export const live = new Live();
