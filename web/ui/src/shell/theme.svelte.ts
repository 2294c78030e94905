/** Dark by default, light by choice, kept in this browser. */

class Theme {
  name = $state<'dark' | 'light'>(document.documentElement.dataset.theme === 'light' ? 'light' : 'dark');

  toggle = (): void => {
    this.name = this.name === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = this.name;
    try {
      localStorage.setItem('evident.theme', this.name);
    } catch {
      // Storage may be refused: the choice lasts until the page closes.
    }
  };

  /** Paper is light: switches for the time of printing; returns what stops it. */
  start(): () => void {
    const light = () => (document.documentElement.dataset.theme = 'light');
    const back = () => (document.documentElement.dataset.theme = this.name);
    addEventListener('beforeprint', light);
    addEventListener('afterprint', back);
    return () => {
      removeEventListener('beforeprint', light);
      removeEventListener('afterprint', back);
    };
  }

  /** A token's value as the browser resolved it: for canvases, which know no custom properties. */
  token(name: string): string {
    void this.name;
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
}

export const theme = new Theme();
