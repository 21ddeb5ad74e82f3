/** Fetches the next nonce while nobody waits for it, so that no round trip stands in front of a card. */
export class NonceInHand {
  readonly #fetch: () => Promise<string>;
  #next: Promise<string> | undefined;

  constructor(fetch: () => Promise<string>) {
    this.#fetch = fetch;
  }

  /** The nonce in hand, or a new one. It is given out once. */
  async take(): Promise<string> {
    const nonce = this.#next ?? this.#fetch();
    this.#next = undefined;
    return await nonce;
  }

  /** Has a nonce in hand that is as young as can be: the server forgets old ones. */
  renew(): void {
    const next = this.#fetch();
    this.#next = next;
    // What could not be fetched ahead is fetched when it is needed.
    next.catch(() => {
      if (this.#next === next) this.#next = undefined;
    });
  }
}
