/// <reference lib="esnext.disposable" preserve="true" />
import { abortError } from "./abort.js";
import { Certificate } from "./certificate.js";
import { KazashiError, withCode } from "./error.js";
import type { CertificateKind, Channel, PinStatus, Token } from "./host.js";
import * as flows from "./wasm/page.js";

/**
 * A card on a reader, leased to this page until it is released or lost.
 *
 * Its methods throw a {@link KazashiError}: besides the codes that each names, `lease-lost` after
 * {@link Card.release}; `removed-card`, `lease-lost` or `disconnected` when the lease is lost;
 * `not-permitted` for what the origin was not granted; `unsupported-card`, `card-refused`,
 * `card-malformed`, `communication-error` for what the card answers. Calls made while another is
 * under way wait for their turn.
 */
export class Card {
  /** Aborts when the card is removed or the lease lost otherwise. Its reason is the error. */
  readonly signal: AbortSignal;
  /** Does as {@link Card.release}, where the platform knows `await using`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #channel: Channel;
  /** Aborts when this page is through with the card, or the lease lost. */
  readonly #over = new AbortController();
  #released: Promise<void> | undefined;
  /** The call before, when it is over; never rejects. */
  #previous: Promise<unknown> = Promise.resolve();

  static {
    if (Symbol.asyncDispose) {
      const { release: value } = Card.prototype;
      Object.defineProperty(Card.prototype, Symbol.asyncDispose, { value });
    }
  }

  /** Cards come from `kazashi.card()` and `kazashi.cards()`. */
  constructor(channel: Channel, closing: AbortSignal) {
    this.#channel = channel;
    this.signal = channel.signal;
    for (const signal of [closing, this.signal]) {
      signal.addEventListener("abort", () => void this.release(), { signal: this.#over.signal });
    }
  }

  /** How many tries the PINs have left. Spends none. */
  async pinStatus(): Promise<PinStatus> {
    return await this.#run((channel) => flows.pinStatus(channel));
  }

  /**
   * Reads a certificate. For `digital-signature`, which holds name and address, the bridge asks for
   * the password first; `pin` supplies it instead, where the origin may do so.
   *
   * @throws KazashiError `pin-incorrect`, `pin-blocked`, `pin-malformed`, `pin-cancelled`,
   * `pin-timeout`, `too-few-retries`, `pin-entry-unavailable`.
   */
  async readCertificate(
    kind: CertificateKind,
    options: { readonly pin?: string | undefined } = {},
  ): Promise<Certificate> {
    const read = this.#run((channel) => flows.readCertificate(channel, kind, options.pin));
    return new Certificate(await read);
  }

  /**
   * Signs in with the PIN: the card signs this page's origin and the server's nonce, and
   * `kazashi/verify` on the server checks the token. The bridge asks the person for the PIN; `pin`
   * supplies it instead, where the origin may do so.
   *
   * @throws KazashiError `pin-incorrect`, `pin-blocked`, `pin-malformed`, `pin-cancelled`,
   * `pin-timeout`, `too-few-retries`, `pin-entry-unavailable`; `invalid-request` if the nonce is none.
   */
  async authenticate(options: {
    readonly nonce: string;
    readonly pin?: string | undefined;
  }): Promise<Token> {
    return await this.#run((channel) => flows.authenticate(channel, options.nonce, options.pin));
  }

  /** Gives the lease back; the bridge leaves the card clean. Never rejects: a lost lease is gone too. */
  async release(): Promise<void> {
    this.#over.abort();
    this.#released ??= this.signal.aborted ? Promise.resolve() : this.#channel.release();
    await this.#released.catch(() => {});
  }

  async #run<T>(flow: (channel: Channel) => Promise<T>): Promise<T> {
    const result = this.#previous.then(() => this.#start(flow));
    this.#previous = result.catch(() => {});
    return await result;
  }

  async #start<T>(flow: (channel: Channel) => Promise<T>): Promise<T> {
    if (this.signal.aborted) throw abortError(this.signal);
    if (this.#over.signal.aborted) throw new KazashiError("lease-lost");
    try {
      return await withCode(flow(this.#channel));
    } catch (error) {
      // That a lease is lost says less than why.
      const isLost = error instanceof KazashiError && error.code === "lease-lost";
      throw isLost && this.signal.aborted ? abortError(this.signal) : error;
    }
  }
}
