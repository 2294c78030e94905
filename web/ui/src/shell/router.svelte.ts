/** History router: the address holds all view state; a link is a plain link. */
import { tick } from 'svelte';
import { match, patch, type Match } from './routes';

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  match: Match = $derived(match(this.path));
  params: URLSearchParams = $derived(new URLSearchParams(this.search));

  /** Listens to history and to clicks on links of this origin; returns what stops it. */
  start(): () => void {
    const pop = () => this.#read();
    const click = (e: MouseEvent) => this.#click(e);
    addEventListener('popstate', pop);
    document.addEventListener('click', click);
    return () => {
      removeEventListener('popstate', pop);
      document.removeEventListener('click', click);
    };
  }

  /** Goes to an address of this page. */
  go(to: string, replace = false): void {
    const url = new URL(to, location.href);
    if (url.origin !== location.origin) return;
    if (url.pathname + url.search === location.pathname + location.search) return;
    const turned = url.pathname !== this.path;
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.#read();
    if (turned) void tick().then(() => document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true }));
  }

  /** Changes parameters of this page's address. */
  set(changes: Record<string, string | number | null | undefined>, replace = false): void {
    this.go(this.path + patch(this.search, changes), replace);
  }

  /** A parameter, empty where absent. */
  param(name: string): string {
    return this.params.get(name) ?? '';
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #click(e: MouseEvent): void {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const link = (e.target as Element | null)?.closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || link.getAttribute('href')?.startsWith('#')) return;
    e.preventDefault();
    this.go(link.href);
  }
}

export const router = new Router();
