/// <reference lib="esnext.disposable" preserve="true" />
import { abortError, unlessAborted } from "./abort.js";
import { Certificate } from "./certificate.js";
import { KazashiError, withCode } from "./error.js";
import type {
  BasicAttributes,
  BirthDateSource,
  CardFaceReading,
  CertificateKind,
  Channel,
  Hash,
  PinStatus,
  PresenceProof,
  Terminal,
  TerminalRequest,
  Token,
} from "./host.js";
import { Flows } from "./wasm/page.js";

/** A document that the digital signature key signed. */
export interface SignedDocument {
  /** RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) over the digest, big-endian. */
  readonly signature: Uint8Array<ArrayBuffer>;
  /** The digital signature certificate, which holds name and address. */
  readonly certificate: Certificate;
}

/**
 * A card on a reader, leased to this page until it is released or lost.
 *
 * Its methods throw a {@link KazashiError}: besides the codes that each names, `lease-lost` after
 * {@link Card.release}; `removed-card`, `lease-lost` or `disconnected` when the lease is lost;
 * `not-permitted` for what the origin was not granted; `unsupported-card`, `card-refused`,
 * `card-malformed`, `communication-error` for what the card answers. Calls made while another is
 * under way wait for their turn; so a function that is given to one must not wait for another.
 */
export class Card {
  /** Aborts when the card is removed or the lease lost otherwise. Its reason is the error. */
  readonly signal: AbortSignal;
  /** Does as {@link Card.release}, where the platform knows `await using`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #channel: Channel;
  /** The same, for as long as this page has the card. */
  readonly #usable: Channel;
  readonly #flows: Flows;
  /** Aborts when this page is through with the card, or the lease lost; its reason is the error. */
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
    const over = this.#over.signal;
    this.#usable = until(over, channel);
    this.#flows = new Flows(this.#usable);
    for (const signal of [closing, this.signal]) {
      const end = () => void this.#end(abortError(signal));
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { signal: over });
    }
  }

  /** How many tries the PINs have left. Spends none. */
  async pinStatus(): Promise<PinStatus> {
    return await this.#run(async () => this.#flows.pinStatus());
  }

  /**
   * Reads a certificate. For `digital-signature`, which holds name and address, the bridge asks for
   * the password first; `pin` supplies it instead, where the origin may do so. `onProgress` is told
   * how many bytes are read, and of how many.
   *
   * @throws KazashiError `pin-incorrect`, `pin-blocked`, `pin-malformed`, `pin-cancelled`,
   * `pin-timeout`, `too-few-retries`, `pin-entry-unavailable`.
   */
  async readCertificate(
    kind: CertificateKind,
    options: {
      readonly pin?: string | undefined;
      readonly onProgress?: ((read: number, total: number) => void) | undefined;
    } = {},
  ): Promise<Certificate> {
    const { pin, onProgress } = options;
    const read = this.#run(async () => this.#flows.readCertificate(kind, pin, onProgress));
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
    return await this.#run(async () => this.#flows.authenticate(options.nonce, options.pin));
  }

  /**
   * Signs in without a PIN, as an institution that the card trusts: terminal authentication
   * (特定機関認証). The card verifies the terminal's certificates and a signature of its server over a
   * challenge, then signs this page's origin and the server's nonce. Only EF 0016 and the commands of
   * one certificate are public; the rest is this project's own extension, known to its virtual card.
   *
   * @throws KazashiError `terminal-refused` if the card does not trust the institution;
   * `terminal-unsupported`, `reader-no-extended-length` for card or reader; `terminal-not-signed` if
   * `terminal.sign` throws (`cause`) or brings no signature, though a KazashiError of its own is thrown
   * as it is; `timeout` if it took longer than 4 seconds; `invalid-request` for another nonce or what is
   * no certificate.
   */
  async authenticatePinless(options: {
    readonly nonce: string;
    readonly terminal: Terminal;
  }): Promise<Token> {
    const { nonce, terminal } = options;
    const sign = this.#asking(async (request: TerminalRequest) => {
      try {
        return await terminal.sign(request);
      } catch (cause) {
        if (cause instanceof KazashiError) throw cause;
        throw new KazashiError("terminal-not-signed", { cause });
      }
    });
    const certificates = [...terminal.certificates];
    return await this.#run(async () => this.#flows.authenticatePinless(nonce, certificates, sign));
  }

  /**
   * Signs in with the PIN or, where the card has none set and the page is an institution's, without
   * it: see {@link Card.authenticate} and {@link Card.authenticatePinless}. `nonce` is asked for one
   * nonce of that method.
   */
  async signIn(options: {
    readonly nonce: (method: "pin" | "terminal") => string | Promise<string>;
    readonly terminal?: Terminal | undefined;
    readonly pin?: string | undefined;
  }): Promise<{ readonly method: "pin" | "terminal"; readonly token: Token }> {
    const { nonce, terminal, pin } = options;
    if (terminal && !(await this.pinStatus()).userAuthentication.set) {
      const method = "terminal";
      const token = await this.authenticatePinless({ nonce: await nonce(method), terminal });
      return { method, token };
    }
    const method = "pin";
    return { method, token: await this.authenticate({ nonce: await nonce(method), pin }) };
  }

  /**
   * Proves that the card is there, without a PIN (かざし利用): for a holder who was enrolled before, and
   * of low assurance. The card surface application is shown the birth date and signs this page's
   * origin and the server's nonce. With `certificate: "head"` only the first 256 bytes of the
   * certificate are read, for a server that kept it.
   *
   * @throws KazashiError `birth-date-incorrect` (`retriesLeft`), `birth-date-blocked`,
   * `birth-date-malformed`; `too-few-retries` if a wrong one would leave fewer than two tries;
   * `application-absent`; `invalid-request` if the nonce is none; what the function `birthDate` throws.
   */
  async provePresence(options: {
    readonly nonce: string;
    readonly birthDate: BirthDateSource;
    readonly certificate?: "whole" | "head" | undefined;
  }): Promise<PresenceProof> {
    const { nonce, birthDate, certificate } = options;
    return await this.#run(async () => this.#prove(nonce, birthDate, certificate === "head"));
  }

  /**
   * Enrols the card for {@link Card.provePresence}: PIN and presence from one insertion, so that the
   * server may take the two for one card's. Throws what {@link Card.authenticate} throws, and then what
   * that does.
   */
  async enrol(options: {
    readonly nonces: { readonly pin: string; readonly presence: string };
    readonly birthDate: BirthDateSource;
    readonly pin?: string | undefined;
  }): Promise<{ readonly token: Token; readonly proof: PresenceProof }> {
    const { nonces, birthDate, pin } = options;
    return await this.#run(async () => ({
      token: await this.#flows.authenticate(nonces.pin, pin),
      proof: await this.#prove(nonces.presence, birthDate, false),
    }));
  }

  /**
   * Reads the card face (券面) without a PIN, for somebody who has the card before their eyes: birth
   * date, year of expiry and security code are printed on it. Has the card sign this page's origin and
   * the server's nonce too, which proves that it is there. `kazashi/card-face` verifies and shows what
   * this brings back. `onProgress` is told how many bytes of a file are read, and of how many.
   *
   * @throws KazashiError `verification-number-incorrect` (`retriesLeft`), `verification-number-blocked`,
   * `verification-number-malformed`, `birth-date-malformed`; `too-few-retries` if a wrong one would
   * leave fewer than two tries; `application-absent`; `invalid-request` if the nonce is none.
   */
  async readCardFace(options: {
    readonly nonce: string;
    readonly birthDate: string;
    readonly expiryYear: string;
    readonly securityCode: string;
    readonly onProgress?: ((read: number, total: number) => void) | undefined;
  }): Promise<CardFaceReading> {
    const { nonce, birthDate, expiryYear, securityCode, onProgress } = options;
    return await this.#run(async () =>
      this.#flows.readCardFace(nonce, birthDate, expiryYear, securityCode, onProgress),
    );
  }

  /**
   * Reads name, address, birth date and sex (基本4情報) as text, for a form. The bridge asks for the PIN
   * of the card information input support application (券面事項入力補助用暗証番号, four digits); `pin`
   * supplies it instead, where the origin may do so. The bridge verifies that the municipality wrote
   * them: see {@link BasicAttributes.integrity}.
   *
   * @throws KazashiError `pin-incorrect`, `pin-blocked`, `pin-malformed`, `pin-cancelled`,
   * `pin-timeout`, `too-few-retries`, `pin-entry-unavailable`; `application-absent`.
   */
  async readAttributes(
    options: { readonly pin?: string | undefined } = {},
  ): Promise<BasicAttributes> {
    const pin = options.pin === undefined ? {} : { value: options.pin };
    const read = this.#run(() => this.#usable.readAttributes(pin));
    const { name, address, birthDate, sex, integrity } = await read;
    return { name, address, birthDate, sex, integrity };
  }

  /**
   * Signs a document with the digital signature key (署名用電子証明書). The bridge shows the person this
   * page's origin, the title and the digest, and asks for the password. A title has 1 to 64 visible
   * characters; the digest is computed by the page, for instance with `crypto.subtle.digest`.
   *
   * @throws KazashiError `pin-incorrect`, `pin-blocked`, `pin-malformed`, `pin-cancelled`,
   * `pin-timeout`, `pin-entry-unavailable`; `invalid-request` for another title, hash or digest.
   */
  async sign(document: {
    readonly title: string;
    readonly hash: Hash;
    readonly digest: Uint8Array;
  }): Promise<SignedDocument> {
    const { title, hash, digest } = document;
    const signed = await this.#run(async () => this.#flows.sign(title, hash, digest));
    return { signature: signed.signature, certificate: new Certificate(signed.certificate) };
  }

  /**
   * Gives the lease back; the bridge leaves the card clean. A call that is under way fails with
   * `lease-lost`. Never rejects: a lost lease is gone too.
   */
  async release(): Promise<void> {
    await this.#end(new KazashiError("lease-lost"));
  }

  async #end(reason: KazashiError): Promise<void> {
    this.#over.abort(reason);
    this.#released ??= this.signal.aborted ? Promise.resolve() : this.#channel.release();
    await this.#released.catch(() => {});
  }

  #prove(nonce: string, birthDate: BirthDateSource, headOnly: boolean): Promise<PresenceProof> {
    const source = typeof birthDate === "function" ? this.#asking(birthDate) : birthDate;
    return this.#flows.provePresence(nonce, source, headOnly);
  }

  /** The same function of the page, for as long as this page has the card. */
  #asking<A>(ask: (argument: A) => string | Promise<string>): (argument: A) => Promise<string> {
    return async (argument) =>
      await unlessAborted(Promise.resolve(ask(argument)), this.#over.signal);
  }

  async #run<T>(flow: () => Promise<T>): Promise<T> {
    const result = this.#previous.then(() => {
      const over = this.#over.signal;
      if (over.aborted) throw abortError(over);
      return withCode(flow());
    });
    this.#previous = result.catch(() => {});
    return await result;
  }
}

/** The same way to the card, for as long as the signal lets. What waits then fails: its flow ends. */
function until(signal: AbortSignal, channel: Channel): Channel {
  return {
    version: channel.version,
    signal,
    transmit: (command) => unlessAborted(channel.transmit(command), signal),
    verifyPin: (reference, value) => unlessAborted(channel.verifyPin(reference, value), signal),
    verifyBirthDate: (birthDate) => unlessAborted(channel.verifyBirthDate(birthDate), signal),
    verifyNumberB: (birthDate, expiryYear, securityCode) =>
      unlessAborted(channel.verifyNumberB(birthDate, expiryYear, securityCode), signal),
    signChallenge: (key, nonce, pin) =>
      unlessAborted(channel.signChallenge(key, nonce, pin), signal),
    terminalRequest: (nonce) => unlessAborted(channel.terminalRequest(nonce), signal),
    terminalSign: (nonce, signature) =>
      unlessAborted(channel.terminalSign(nonce, signature), signal),
    sign: (title, hash, digest) => unlessAborted(channel.sign(title, hash, digest), signal),
    readAttributes: (pin) => unlessAborted(channel.readAttributes(pin), signal),
    release: () => channel.release(),
  };
}
