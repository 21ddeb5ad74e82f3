import type { ErrorCode } from "./error-codes.js";

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
   * Tells from now on, until the signal aborts, of its own connection and, with the scope `events`,
   * of readers and cards.
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
  /** Carries one command APDU to the card and brings back the response APDU. */
  transmit(command: Uint8Array): Promise<Uint8Array>;
  /** Presents a PIN: this one, or one that the host asks the person for. */
  verifyPin(reference: PinReference, value?: string): Promise<void>;
  /**
   * Presents the holder's birth date, as `YYYY-MM-DD`, to the card surface application. A wrong one
   * costs a try; it is presented only while that would leave two.
   */
  verifyBirthDate(birthDate: string): Promise<void>;
  /**
   * Presents verification number B (照合番号B) to the card surface application: birth date
   * (`YYYY-MM-DD`), year of expiry and security code, four digits each. A wrong one costs a try; it is
   * presented only while that would leave two.
   */
  verifyNumberB(birthDate: string, expiryYear: string, securityCode: string): Promise<void>;
  /** Has the card sign the statement over the page's origin and a nonce; `pin` is for this signature only. */
  signChallenge(key: Key, nonce: string, pin?: PinEntry): Promise<Uint8Array>;
  /**
   * Has the card give a challenge for an institution to sign, and vouches for it, the page's origin
   * and the nonce. The institution's certificates were brought to the card before.
   */
  terminalRequest(nonce: string): Promise<TerminalRequest>;
  /** Carries the institution's signature to the card, which then signs the statement for that nonce. */
  terminalSign(nonce: string, signature: Uint8Array): Promise<Uint8Array>;
  /**
   * Signs a document with the digital signature key and brings back the signature and the
   * certificate (DER). The host always asks the person, and shows them origin, title and digest.
   */
  sign(title: string, hash: Hash, digest: Uint8Array): Promise<Signed>;
  /**
   * Reads the basic attributes with the PIN of the card information input support application
   * (券面事項入力補助用暗証番号), which is presented for this one thing. The host verifies them, and keeps
   * to itself by what it tells.
   */
  readAttributes(pin?: PinEntry): Promise<BasicAttributes>;
  /** Gives the lease back; the card is left clean. */
  release(): Promise<void>;
}

/** What happens at a host. */
export type HostEvent =
  | { readonly type: "reader-added" | "card-inserted"; readonly reader: Reader }
  | { readonly type: "reader-removed" | "card-removed"; readonly reader: string }
  | { readonly type: "connected" | "disconnected" };

/** A card reader, as far as the origin may know it. */
export interface Reader {
  /** The same for as long as the bridge runs and the reader stays connected. Means nothing else. */
  readonly id: string;
  /** Whether a card is on it. Needs the scope `events`. */
  readonly cardPresent?: boolean;
  /** What PC/SC calls it. Needs the scope `reader`. */
  readonly name?: string;
  /** The card's answer to reset, in hexadecimal. Needs the scope `reader`. */
  readonly atr?: string;
}

/** What an origin may be allowed to do. */
export type Scope =
  | "events"
  | "reader"
  | "user-certificate"
  | "authenticate"
  | "authenticate-pinless"
  | "card-presence"
  | "card-face"
  | "attributes"
  | "sign"
  | "page-pin"
  /** For developers, of a bridge in developer mode. */
  | "raw-apdu";

/** The four certificates on a card: of the two keys, and of the authorities that certified them. */
export type CertificateKind =
  | "user-authentication"
  | "user-authentication-ca"
  | "digital-signature"
  | "digital-signature-ca";

/** A key that signs challenges. */
export type Key = "user-authentication" | "card-surface";

/** A hash function for documents, as Web Crypto calls it. */
export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

/** What comes of signing a document. */
export interface Signed {
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly certificate: Uint8Array<ArrayBuffer>;
}

/** A PIN, by the key that it unlocks. */
export type PinReference = "user-authentication" | "digital-signature" | "card-information";

/** How a PIN is collected: with a `value` it is this one, otherwise the host asks the person. */
export interface PinEntry {
  readonly value?: string;
}

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
  /** Has the server sign, and brings back its signature in base64. The card waits for 4 seconds. */
  sign(request: TerminalRequest): string | Promise<string>;
}

/** What an institution's server is asked to sign for. All in base64. */
export interface TerminalRequest {
  /** The card's challenge. */
  readonly challenge: string;
  /** The public key (Ed25519) of the bridge, which the server knows. */
  readonly bridge: string;
  /** The bridge's word that a card gave the challenge, for this page's origin and nonce. */
  readonly signature: string;
}

/**
 * The holder's birth date as `YYYY-MM-DD`, or a function that asks the page's server for it. The
 * function is given what was read of the user authentication certificate (DER), unverified.
 */
export type BirthDateSource =
  | string
  | ((certificate: Uint8Array<ArrayBuffer>) => string | Promise<string>);

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
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly sex: "male" | "female" | "unknown" | "not-applicable";
  /**
   * Whether the municipality wrote them, as the bridge found: its word, and not proof for a server.
   * Otherwise why that cannot be said, for `kazashi/messages`.
   */
  readonly integrity: "genuine" | ErrorCode;
}

/** A key that issues card-verifiable certificates. */
export interface CvAuthority {
  /** What certificates call it: 16 bytes, in hexadecimal. */
  readonly identifier: string;
  /** Its public key (SubjectPublicKeyInfo, DER). */
  readonly publicKey: Uint8Array<ArrayBuffer>;
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
