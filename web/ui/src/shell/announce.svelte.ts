/** What screen readers are told: polite, at most one message in ten seconds; a failed proof at once. */

const gap = 10_000;

class Announcer {
  polite = $state('');
  urgent = $state('');
  #last = 0;

  say(text: string): void {
    const now = Date.now();
    if (now - this.#last < gap) return;
    this.#last = now;
    this.polite = text;
  }

  alarm(text: string): void {
    this.urgent = text;
  }
}

export const announcer = new Announcer();
