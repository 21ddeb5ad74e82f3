/// <reference lib="esnext.disposable" preserve="true" />
import { abortError, unlessAborted } from "./abort.js";
import { Certificate } from "./certificate.js";
import {
  argument,
  bytes,
  callable,
  list,
  maybe,
  only,
  parts,
  type Reader,
  signal,
  take,
  text,
} from "./check.js";
import { KazashiError, withCode } from "./error.js";
import type {
  BasicAttributes,
  BirthDate,
  BirthDateSource,
  CardFaceReading,
  CertificateKind,
  Channel,
  Hash,
  PinStatus,
  PresenceProof,
  Reader as ReaderOfCard,
  Terminal,
  Token,
} from "./host.js";
import { Flows } from "./wasm/page.js";

/** What every call of a card takes. */
export interface CallOptions {
  /**
   * Ends the call when it aborts, with `timeout` or `aborted`. A call that is under way is ended by
   * releasing the card, so that no dialog stays open for it.
   */
  readonly signal?: AbortSignal | undefined;
}

type Progress = (read: number, total: number) => void;

const CALL = { signal: maybe(signal) };
const WITH_PIN = { pin: maybe(text), ...CALL };
const LONG_READ = { onProgress: maybe(callable<Progress>) };
const channelIn = parts({ version: text, signal, ask: callable, release: callable });
const terminal = parts<Terminal>({ certificates: list(text), sign: callable });
/** What is no date either is told so by the flow. */
const day: Reader<BirthDate> = (it) =>
  typeof it === "object"
    ? (parts({ date: text, calendar: maybe(text) })(it) as BirthDate)
    : (it as string);
const birthDate: Reader<BirthDateSource> = (it, whole) =>
  typeof it === "function" ? callable(it, whole) : day(it);

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
 * `card-malformed`, `communication-error` for what the card answers; `invalid-request` for an argument
 * that is missing or of another type. Calls made while another is
 * under way wait for their turn; so a function that is given to one must not wait for another.
 */
export class Card {
  /** The reader that it is on, as it was when this page got the card: whose `insertion` names the stay. */
  readonly reader: ReaderOfCard;
  /** Aborts when the card is removed or the lease lost otherwise. Its reason is the error. */
  readonly signal: AbortSignal;
  readonly #channel: Channel;
  /** The same, for as long as this page has the card. */
  readonly #usable: Channel;
  readonly #flows: Flows;
  /** Aborts when this page is through with the card, or the lease lost; its reason is the error. */
  readonly #over = new AbortController();
  #released: Promise<void> | undefined;
  /** The call before, when it is over; never rejects. */
  #previous: Promise<unknown> = Promise.resolve();

  /** Cards come from `kazashi.card()` and `kazashi.cards()`. */
  constructor(channel: Channel, reader: ReaderOfCard, closing: AbortSignal) {
    argument("the host's channel", channelIn, channel);
    this.#channel = channel;
    this.reader = reader;
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
  async pinStatus(options: CallOptions = {}): Promise<PinStatus> {
    const { signal } = take(CALL, options);
    return await this.#run(signal, async () => this.#flows.pinStatus());
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
    options: CallOptions & {
      readonly pin?: string | undefined;
      readonly onProgress?: Progress | undefined;
    } = {},
  ): Promise<Certificate> {
    argument("kind", text, kind);
    const { pin, onProgress, signal } = take({ ...WITH_PIN, ...LONG_READ }, options);
    const read = async () => this.#flows.readCertificate(kind, pin, onProgress);
    return new Certificate(await this.#run(signal, read));
  }

  /**
   * Signs in with the PIN: the card signs this page's origin and the server's nonce, and
   * `kazashi/verify` on the server checks the token. The bridge asks the person for the PIN; `pin`
   * supplies it instead, where the origin may do so.
   *
   * @throws KazashiError `pin-incorrect`, `pin-blocked`, `pin-malformed`, `pin-cancelled`,
   * `pin-timeout`, `too-few-retries`, `pin-entry-unavailable`; `invalid-request` if the nonce is none.
   */
  async authenticate(
    options: CallOptions & { readonly nonce: string; readonly pin?: string | undefined },
  ): Promise<Token> {
    const { nonce, pin, signal } = take({ nonce: text, ...WITH_PIN }, options);
    return await this.#run(signal, async () => this.#flows.authenticate(nonce, pin));
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
  async authenticatePinless(
    options: CallOptions & { readonly nonce: string; readonly terminal: Terminal },
  ): Promise<Token> {
    const { nonce, signal, ...given } = take({ nonce: text, terminal, ...CALL }, options);
    const certificates = [...given.terminal.certificates];
    const sign = this.#asking(async (word: string) => {
      try {
        return await given.terminal.sign(word);
      } catch (cause) {
        if (cause instanceof KazashiError) throw cause;
        throw new KazashiError("terminal-not-signed", { cause });
      }
    });
    const run = async () => this.#flows.authenticatePinless(nonce, certificates, sign);
    return await this.#run(signal, run);
  }

  /**
   * Signs in with the PIN or, where the card has none set and the page is an institution's, without
   * it: see {@link Card.authenticate} and {@link Card.authenticatePinless}. `nonce` is asked for one
   * nonce of that method.
   */
  async signIn(
    options: CallOptions & {
      readonly nonce: (method: "pin" | "terminal") => string | Promise<string>;
      readonly terminal?: Terminal | undefined;
      readonly pin?: string | undefined;
    },
  ): Promise<{ readonly method: "pin" | "terminal"; readonly token: Token }> {
    const taken = { nonce: callable<typeof options.nonce>, terminal: maybe(terminal), ...WITH_PIN };
    const { nonce, pin, signal, ...given } = take(taken, options);
    if (given.terminal && !(await this.pinStatus({ signal })).userAuthentication.set) {
      const method = "terminal";
      const answer = { nonce: await nonce(method), terminal: given.terminal, signal };
      return { method, token: await this.authenticatePinless(answer) };
    }
    const method = "pin";
    return { method, token: await this.authenticate({ nonce: await nonce(method), pin, signal }) };
  }

  /**
   * Proves that the card is there, without a PIN (かざし利用): for a holder who was enrolled before, and
   * of low assurance. The card surface application is shown the birth date and signs this page's
   * origin and the server's nonce. With `certificate: "head"` only the first 256 bytes of the
   * certificate are read, for a server that kept it.
   *
   * @throws KazashiError `birth-date-incorrect` (`retriesLeft`), `birth-date-blocked`,
   * `birth-date-malformed`; with fewer than three tries left, which the bridge asks the person about,
   * `too-few-retries` without consent and `pin-entry-unavailable`; `application-absent`;
   * `invalid-request` if the nonce is none; what the function `birthDate` throws.
   */
  async provePresence(
    options: CallOptions & {
      readonly nonce: string;
      readonly birthDate: BirthDateSource;
      readonly certificate?: "whole" | "head" | undefined;
    },
  ): Promise<PresenceProof> {
    const certificate = maybe(only((it) => it === "whole" || it === "head"));
    const given = take({ nonce: text, birthDate, certificate, ...CALL }, options);
    const headOnly = given.certificate === "head";
    const prove = async () => this.#prove(given.nonce, given.birthDate, headOnly);
    return await this.#run(given.signal, prove);
  }

  /**
   * The bridge's word, in base64, that this card made certain signatures in this stay on the reader, for
   * this page and under this lease: all tokens and proofs that came of this `Card` so far. A server that
   * has enrolled the bridge knows by it that they are of one card: `verifyStay` of `kazashi/verify`.
   *
   * @throws KazashiError `too-many-statements` after more than 16.
   */
  async vouch(options: CallOptions = {}): Promise<string> {
    const { signal } = take(CALL, options);
    return await this.#run(signal, () => this.#vouch());
  }

  /**
   * Enrols the card for {@link Card.provePresence}: PIN and presence from one insertion, with the bridge's
   * {@link Card.vouch word} that it is one. Throws what {@link Card.authenticate} throws, and then what
   * those do.
   */
  async enrol(
    options: CallOptions & {
      readonly nonces: { readonly pin: string; readonly presence: string };
      readonly birthDate: BirthDateSource;
      readonly pin?: string | undefined;
    },
  ): Promise<{ readonly token: Token; readonly proof: PresenceProof; readonly word: string }> {
    const nonces = parts({ pin: text, presence: text });
    const given = take({ nonces, birthDate, ...WITH_PIN }, options);
    return await this.#run(given.signal, async () => ({
      token: await this.#flows.authenticate(given.nonces.pin, given.pin),
      proof: await this.#prove(given.nonces.presence, given.birthDate, false),
      word: await this.#vouch(),
    }));
  }

  /**
   * Reads the card face (券面) without a PIN, for somebody who has the card before their eyes: birth
   * date, year of expiry and security code are printed on it. Has the card sign this page's origin and
   * the server's nonce too, which proves that it is there. `kazashi/card-face` verifies and shows what
   * this brings back. `onProgress` is told how many bytes of a file are read, and of how many.
   *
   * @throws KazashiError `verification-number-incorrect` (`retriesLeft`), `verification-number-blocked`,
   * `verification-number-malformed`, `birth-date-malformed`; with fewer than three tries left, which
   * the bridge asks the person about, `too-few-retries` without consent and `pin-entry-unavailable`;
   * `application-absent`; `invalid-request` if the nonce is none.
   */
  async readCardFace(
    options: CallOptions & {
      readonly nonce: string;
      readonly birthDate: BirthDate;
      readonly expiryYear: string;
      readonly securityCode: string;
      readonly onProgress?: Progress | undefined;
    },
  ): Promise<CardFaceReading> {
    const printed = { birthDate: day, expiryYear: text, securityCode: text };
    const given = take({ nonce: text, ...printed, ...LONG_READ, ...CALL }, options);
    const { nonce, birthDate, expiryYear, securityCode, onProgress } = given;
    return await this.#run(given.signal, async () =>
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
    options: CallOptions & { readonly pin?: string | undefined } = {},
  ): Promise<BasicAttributes> {
    const { pin: value, signal } = take(WITH_PIN, options);
    const pin = value === undefined ? {} : { value };
    const answer = await this.#run(signal, () =>
      this.#usable.ask({ type: "read-attributes", pin }),
    );
    // The host's to answer for, as for all of a card's bytes.
    const { name, address, birthDate, sex, integrity } = answer as unknown as BasicAttributes;
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
  async sign(
    document: CallOptions & {
      readonly title: string;
      readonly hash: Hash;
      readonly digest: Uint8Array;
    },
  ): Promise<SignedDocument> {
    const wanted = { title: text, hash: text as Reader<Hash>, digest: bytes, ...CALL };
    const { title, hash, digest, signal } = take(wanted, document);
    const signed = await this.#run(signal, async () => this.#flows.sign(title, hash, digest));
    return { signature: signed.signature, certificate: new Certificate(signed.certificate) };
  }

  /**
   * Gives the lease back; the bridge leaves the card clean. A call that is under way fails with
   * `lease-lost`. Never rejects: a lost lease is gone too.
   */
  async release(): Promise<void> {
    await this.#end(new KazashiError("lease-lost"));
  }

  /** For `await using`. (A platform that does not know it calls this method `undefined`.) */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
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

  async #vouch(): Promise<string> {
    return (await this.#usable.ask({ type: "vouch" }))["word"] as string;
  }

  /** The same function of the page, for as long as this page has the card. */
  #asking<A, R>(ask: (argument: A) => R | Promise<R>): (argument: A) => Promise<R> {
    return async (argument) =>
      await unlessAborted(Promise.resolve(ask(argument)), this.#over.signal);
  }

  async #run<T>(signal: AbortSignal | undefined, flow: () => Promise<T>): Promise<T> {
    const result = this.#previous.then(async () => {
      for (const ended of [this.#over.signal, signal]) if (ended?.aborted) throw abortError(ended);
      const end = () => void this.release();
      signal?.addEventListener("abort", end);
      try {
        return await withCode(flow());
      } finally {
        signal?.removeEventListener("abort", end);
      }
    });
    this.#previous = result.catch(() => {});
    return await (signal ? unlessAborted(result, signal) : result);
  }
}

/** The same way to the card, for as long as the signal lets. What waits then fails: its flow ends. */
function until(signal: AbortSignal, channel: Channel): Channel {
  return {
    version: channel.version,
    signal,
    ask: (request) => unlessAborted(channel.ask(request), signal),
    release: () => channel.release(),
  };
}
