import type { ErrorCode } from "./generated/codes.js";
import type { Scope } from "./generated/types.js";

export type { Scope };

/**
 * Whoever has the readers and guards the cards on them. The bridge is one; a virtual card in a test
 * is another. What its methods reject with is a `KazashiError` or has the same fields.
 */
export interface Host {
  /** What this origin may do. */
  readonly scopes: readonly Scope[];
  /** Which readers are there? */
  readers(): Promise<Reader[]>;
  /**
   * Tells from now on, until the signal aborts, of its own connection, of readers that were asked for
   * in vain and, with the scope `events`, of readers and cards.
   */
  watch(listener: (event: HostEvent) => void, signal: AbortSignal): Promise<void>;
  /** Takes the lease on a reader with a card on it. */
  acquire(reader: string): Promise<Channel>;
}

/** A lease on a reader, and the way to the card on it. */
export interface Channel {
  /** Who guards the card, by name and version. It becomes part of tokens. */
  readonly version: string;
  /** Aborts when the lease is lost; its reason is a `KazashiError`. */
  readonly signal: AbortSignal;
  /** Whether the card is no My Number Card: all that is asked of it fails with `unsupported-card`. */
  readonly unsupported?: boolean;
  /** Makes a guarded request, which the host judges by what this origin was granted. */
  ask(request: CardRequest): Promise<CardAnswer>;
  /** Gives the lease back; the card is left clean. */
  release(): Promise<void>;
}

/**
 * A guarded request, as the bridge takes it: its `type`, and what that type needs. Bytes are text, in
 * hexadecimal; `CardRequest` of `core/src/wire.rs` lists them.
 */
export interface CardRequest {
  readonly type: string;
  readonly [part: string]: unknown;
}

/** The answer to a guarded request, as the bridge gives it: its `type`, and what that type has. */
export interface CardAnswer {
  readonly type: string;
  readonly [part: string]: unknown;
}

/** What happens at a host. */
export type HostEvent =
  | { readonly type: "reader-added" | "card-inserted"; readonly reader: Reader }
  | { readonly type: "reader-removed" | "card-removed"; readonly reader: string }
  /** A reader for which a lease was asked in vain can be had now. Told whatever the scopes. */
  | { readonly type: "reader-free"; readonly reader: string }
  | { readonly type: "connected" | "disconnected" };

/** A card reader, as far as the origin may know it. */
export interface Reader {
  /**
   * The same whenever this workstation's bridge serves this origin with this reader; other origins know
   * it by another. Means nothing else.
   */
  readonly id: string;
  /** Whether a card is on it. Needs the scope `events`. */
  readonly cardPresent?: boolean;
  /**
   * Name of this stay of the card that is on it: random, the same for all pages until the card is taken
   * off, and never used again. There is none without a card. Needs the scope `events`.
   */
  readonly insertion?: string;
  /** What PC/SC calls it. Needs the scope `reader`. */
  readonly name?: string;
  /** The card's answer to reset, in hexadecimal. Needs the scope `reader`. */
  readonly atr?: string;
}

/** The four certificates on a card: of the two keys, and of the authorities that certified them. */
export type CertificateKind =
  | "user-authentication"
  | "user-authentication-ca"
  | "digital-signature"
  | "digital-signature-ca";

/** A hash function for documents, as Web Crypto calls it. */
export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

/** What comes of signing a document. */
export interface Signed {
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly certificate: Uint8Array<ArrayBuffer>;
}

/** A PIN, by the key that it unlocks. */
export type PinReference = "user-authentication" | "digital-signature" | "card-information";

/** How many tries the card's PINs have left. */
export interface PinStatus {
  /** The PIN (利用者証明用暗証番号), of three tries. */
  readonly userAuthentication: Retries;
  /** The password (署名用パスワード), of five tries. */
  readonly digitalSignature: Retries;
}

/** The tries that one PIN has left. */
export interface Retries {
  readonly retriesLeft: number;
  /** It was set, and no tries are left: the municipal office can reset it. */
  readonly blocked: boolean;
  /**
   * Whether it was ever set. How a card without PINs (顔認証マイナンバーカード) tells is not public. Taken
   * for never set are the password where there is no digital signature certificate, and the PIN where
   * besides neither has tries left.
   */
  readonly set: boolean;
}

/**
 * An institution that proves itself to the card (特定機関認証): its certificates, and its server, which
 * keeps the key.
 */
export interface Terminal {
  /**
   * Card-verifiable certificates of 568 bytes (`7F21`), in base64: first the one that the card's own
   * key verifies, last the terminal's.
   */
  readonly certificates: readonly string[];
  /**
   * Has the server sign the card's challenge, and brings back its signature in base64. The challenge is
   * in the bridge's word for this stay: see {@link Card.vouch}. The card waits for 4 seconds.
   */
  sign(word: string): string | Promise<string>;
}

/**
 * The holder's birth date as `YYYY-MM-DD`, with zeros for what the register does not know
 * (`1945-00-00`). The card has its year in the Japanese era, unless another calendar is named with it.
 */
export type BirthDate = string | { readonly date: string; readonly calendar: Calendar };

/**
 * The calendar of the year of birth that is printed on the card.
 *
 * - `era`: that of the era in which the day lies.
 * - `meiji` to `reiwa`: of this era. 30 July 1912 and 25 December 1926 are the last day of one era and
 *   the first of the next, for which `era` takes them; of a year that is not known to the day it may
 *   not be clear either.
 * - `western`: 西暦, as some cards of foreign residents have it. That such a card compares the last two
 *   digits of the year was not verified on any; a card with another calendar counts a try.
 */
export type Calendar = "era" | "meiji" | "taisho" | "showa" | "heisei" | "reiwa" | "western";

/**
 * The holder's birth date, or a function that asks the page's server for it. The function is given what
 * was read of the user authentication certificate (DER), unverified.
 */
export type BirthDateSource =
  | BirthDate
  | ((certificate: Uint8Array<ArrayBuffer>) => BirthDate | Promise<BirthDate>);

/**
 * Proof that a card is there (かざし利用), for the server. It holds a certificate and a birth date: send
 * it in the body of one POST, and keep it out of URLs, logs and stores.
 */
export interface PresenceProof {
  readonly format: "kazashi-presence:1";
  /** The user authentication certificate, or instead its first 256 bytes. */
  readonly unverifiedCertificate?: string;
  readonly certificateHead?: string;
  readonly ageRecord: string;
  readonly cvCertificate: string;
  readonly signature: string;
  readonly appVersion: string;
}

/**
 * The card face (券面) as read from the card, nothing of it verified, for `kazashi/card-face`. It holds
 * name, address, birth date, sex and photo: keep it out of URLs, logs and stores.
 */
export interface CardFaceReading {
  /** EF 0002 of the card surface application. */
  readonly record: Uint8Array<ArrayBuffer>;
  /** EF 0004: the certificate of the key that signed the record. */
  readonly cvCertificate: Uint8Array<ArrayBuffer>;
  /** Of the card surface key, over the page's origin and the nonce. */
  readonly signature: Uint8Array<ArrayBuffer>;
  /** Who guarded the card, by name and version. */
  readonly appVersion: string;
}

/** The four basic attributes (基本4情報) on a card. Keep them out of URLs and logs. */
export interface BasicAttributes {
  /** Family name and given name, with an ideographic space (U+3000) between them. */
  readonly name: string;
  readonly address: string;
  /** `YYYY-MM-DD`, with zeros for what the register does not know: `1945-03-00`. */
  readonly birthDate: string;
  readonly sex: "male" | "female" | "unknown" | "not-applicable";
  /**
   * Whether the municipality wrote them, as the bridge found: its word, and not proof for a server.
   * Otherwise why that cannot be said, for `kazashi/messages`.
   */
  readonly integrity: "genuine" | ErrorCode;
}

/**
 * A Web eID authentication token, for `kazashi/verify` on the server. It holds the certificate, which
 * tells cards apart: send it in the body of one POST, and keep it out of URLs, logs and stores.
 */
export interface Token {
  readonly unverifiedCertificate: string;
  readonly algorithm: "RS256";
  readonly signature: string;
  readonly format: "web-eid:1.0";
  readonly appVersion: string;
}
