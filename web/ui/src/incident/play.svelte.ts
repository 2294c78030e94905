/** Playback: the story step by step, at a pace that can be read; any other choice of a step stops it. */

/** How long a step stays, ms: longer for longer sentences, 1.2 to 6 s. */
export function pace(sentence: string): number {
  return Math.min(6000, Math.max(1200, 900 + sentence.length * 22));
}

export class Playback {
  on = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Goes on from where the reader is; `next` chooses the next step and returns its sentence, undefined at the end. */
  start(now: string, next: () => string | undefined): void {
    this.on = true;
    const wait = (sentence: string) => {
      this.#timer = setTimeout(() => {
        const following = next();
        if (following === undefined) this.stop();
        else wait(following);
      }, pace(sentence));
    };
    wait(now);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.on = false;
  }
}
