/*
 * Single keys and two-key sequences. They are off while typing, with a modifier, and when the reader
 * switched them off (WCAG 2.1.4); Escape always works.
 */

export interface Binding {
  /** "j", "g s", "Shift+T", "Escape". */
  key: string;
  label: string;
  group: 'go' | 'move' | 'act';
  run: (e: KeyboardEvent) => void;
}

const patience = 1200;

class Keys {
  enabled = $state(read());
  bindings = $state.raw<Binding[]>([]);

  #prefix = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Adds bindings; the newest wins. Returns what removes them. */
  bind(add: Binding[]): () => void {
    this.bindings = [...this.bindings, ...add];
    return () => (this.bindings = this.bindings.filter((b) => !add.includes(b)));
  }

  toggle(on: boolean): void {
    this.enabled = on;
    try {
      localStorage.setItem('evident.keys', on ? 'on' : 'off');
    } catch {
      // Storage may be refused: the choice lasts until the page closes.
    }
  }

  start(): () => void {
    const handler = (e: KeyboardEvent) => this.#handle(e);
    addEventListener('keydown', handler);
    return () => removeEventListener('keydown', handler);
  }

  #handle(e: KeyboardEvent): void {
    if (e.defaultPrevented || e.isComposing || ['Shift', 'Control', 'Alt', 'Meta'].includes(e.key)) return;
    if (e.key !== 'Escape' && (!this.enabled || typing(e.target))) return;
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'Enter' && interactive(e.target)) return;
    const name = spell(e);
    const sequence = this.#prefix === '' ? name : `${this.#prefix} ${name}`;
    if (this.#run(sequence, e)) return;
    if (this.#prefix !== '' && this.#run(name, e)) return;
    this.#wait(this.bindings.some((b) => b.key.startsWith(`${name} `)) ? name : '');
  }

  #run(key: string, e: KeyboardEvent): boolean {
    const found = this.bindings.findLast((b) => b.key === key);
    if (!found) return false;
    // "t" alone must not fire while "t z" can still follow; no binding is both.
    this.#wait('');
    e.preventDefault();
    found.run(e);
    return true;
  }

  #wait(prefix: string): void {
    clearTimeout(this.#timer);
    this.#prefix = prefix;
    if (prefix !== '') this.#timer = setTimeout(() => (this.#prefix = ''), patience);
  }
}

function spell(e: KeyboardEvent): string {
  return e.shiftKey && /^[a-z]$/i.test(e.key) ? `Shift+${e.key.toUpperCase()}` : e.key;
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function interactive(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a[href],button,summary,[role="tab"],[data-own-enter]') !== null;
}

function read(): boolean {
  try {
    return localStorage.getItem('evident.keys') !== 'off';
  } catch {
    return true;
  }
}

export const keys = new Keys();
