/** The state of the set and of the comparison, asked for again and again; and what may be done about both. */
import { api, call, Problem } from '../api/client';
import type { Reload, RejectedRule, RuleSet, Shadow } from '../api/types';

/** How often to ask, ms: often while something goes on. */
const calm = 10_000;
const busy = 2_000;

export class Standing {
  set = $state.raw<RuleSet | undefined>();
  rejected = $state.raw<RejectedRule[]>([]);
  shadow = $state.raw<Shadow | undefined>();
  problem = $state.raw<Problem | undefined>();
  /** What the last order came to, until the next. */
  outcome = $state.raw<Reload | undefined>();
  acting = $state('');

  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;

  /** Asks until it is stopped. */
  start(): () => void {
    this.#stopped = false;
    void this.#tick();
    return () => {
      this.#stopped = true;
      clearTimeout(this.#timer);
    };
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer);
    if (!document.hidden) await this.ask();
    if (this.#stopped) return;
    const on = this.shadow?.state === 'history' || (this.shadow?.state === 'live' && this.shadow.behind_entries > 0);
    this.#timer = setTimeout(() => void this.#tick(), on ? busy : calm);
  }

  async ask(): Promise<void> {
    try {
      const [list, shadow] = await Promise.all([
        call(api.GET('/api/v1/rules', { params: { query: { limit: 1 } } }), 'rules'),
        call(api.GET('/api/v1/rules/shadow'), 'comparison'),
      ]);
      this.set = list.set;
      this.rejected = list.rejected;
      this.shadow = shadow;
    } catch (err) {
      if (err instanceof Problem && !err.offline) this.problem = err;
    }
  }

  reload = (force = false): Promise<void> =>
    this.#act('reload', async () => void (this.outcome = await call(api.POST('/api/v1/rules/reload', { body: { force } }), 'reload')));
  compare = (hours: number, live: boolean): Promise<void> =>
    this.#act('compare', async () => void (this.shadow = await call(api.POST('/api/v1/rules/shadow', { body: { hours, live } }), 'comparison')));
  accept = (force = false): Promise<void> =>
    this.#act('accept', async () => void (this.outcome = await call(api.POST('/api/v1/rules/shadow/accept', { body: { force } }), 'comparison')));
  discard = (): Promise<void> =>
    this.#act('discard', async () => void (this.shadow = await call(api.POST('/api/v1/rules/shadow/discard'), 'comparison')));

  async #act(name: string, run: () => Promise<void>): Promise<void> {
    if (this.acting !== '') return;
    this.acting = name;
    this.problem = undefined;
    this.outcome = undefined;
    try {
      await run();
    } catch (err) {
      if (err instanceof Problem) this.problem = err;
    } finally {
      this.acting = '';
      if (!this.#stopped) void this.#tick();
    }
  }
}
