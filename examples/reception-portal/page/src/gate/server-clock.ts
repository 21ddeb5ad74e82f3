/** How far this machine's clock may be from the server's before the staff are told, in milliseconds. */
const TOLERANCE = 120_000;

/**
 * The server's time, as it last said, and by what has passed since. What has passed is measured by the browser's
 * steady clock, which nobody sets: this machine's own may be wrong, or be put right meanwhile.
 */
export class ServerClock {
  #setTo = Number.NaN;
  #setAt = 0;
  #last = 0;

  /** Takes the server's word for what time it is. */
  set(at: string): void {
    this.#setTo = Date.parse(at);
    this.#setAt = performance.now();
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** The time of something that happens: later than that of all before it, so that they keep their order. */
  stamp(): string {
    this.#last = Math.max(Math.floor(this.#now), this.#last + 1);
    return new Date(this.#last).toISOString();
  }

  /** Whether this machine's own clock is wrong. */
  get isOwnWrong(): boolean {
    return Math.abs(this.#now - Date.now()) > TOLERANCE;
  }

  get #now(): number {
    return this.#setTo + performance.now() - this.#setAt;
  }
}
