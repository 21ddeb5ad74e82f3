/**
 * Verifies, on a server, what a My Number Card signed for a web page.
 *
 * @module
 */

import { KazashiError } from "./error.js";
import type { ErrorCode } from "./error-codes.js";
import { moduleFile, once } from "./module-file.js";
import init, {
  readDigitalSignatureCertificate as readUnverified,
  verifyDigitalSignatureCertificate as readVerified,
  recognition as recognitionOf,
  certificateSerialNumber as serialNumberOf,
  subject as subjectOf,
  certificateSummary as summarise,
  verifyEnrolment as verifyBoth,
  verifyPresence as verifyProof,
  verify as verifyToken,
} from "./wasm/verify.js";

export { KazashiError };

/** How the holder let the card sign: with the PIN, or after an institution proved itself to the card. */
export type Method = "pin" | "terminal";

/** What the relying party expects of a token. */
export interface Expected {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /** The nonce of this session, removed from it before verifying. See {@link newNonce}. */
  readonly nonce: string;
  /** The method for which the nonce was given. */
  readonly method: Method;
  /** When the certificates must be valid: now, unless a test says otherwise. */
  readonly now?: Date;
}

/** The authorities whose certificates the relying party trusts, and whoever tells it of revocation. */
export interface Authorities {
  /** The CA certificates of JPKI, every generation in force: each PEM of one or several, or DER. */
  readonly authorities?: Iterable<string | Uint8Array>;
  /**
   * The CA certificate that was read from the card, in DER. It counts only if its fingerprint is one
   * of those that this package knows; so `authorities` is not needed for real cards.
   */
  readonly cardAuthority?: Uint8Array;
  /** Accepts JPKI-TEST: test cards and the virtual card. Never in production. */
  readonly acceptTestHierarchy?: boolean;
  /**
   * Asks whoever may tell whether a certificate (in DER) was revoked; JPKI itself answers accredited
   * verifiers only. What it throws, `verify` throws.
   */
  readonly revocation?: (certificate: Uint8Array) => Revocation | Promise<Revocation>;
}

/** Whom the relying party trusts, and its own secret. */
export interface Trust extends Authorities {
  /** At least 32 secret bytes, kept as long as the accounts: they make `subject` this service's own. */
  readonly pairwiseKey: Uint8Array;
}

/** What is known of a certificate's revocation. Not knowing is an answer of its own, with its reason. */
export type Revocation =
  | { readonly status: "good" }
  | { readonly status: "revoked" }
  | { readonly status: "not-checked"; readonly because: string };

type NotRevoked = Exclude<Revocation, { status: "revoked" }>;

/** A card signed for the expected origin and nonce. */
export interface Authentication {
  /** The holder, for this service only: 43 characters, the same until the certificate is renewed. */
  readonly subject: string;
  /** How the holder let the card sign, according to `methodSource`. */
  readonly method: Method;
  /** The bridge's word: other software with the card in hand could claim another method. */
  readonly methodSource: "bridge";
  /** A revoked certificate authenticates nobody: then there is an error instead of a result. */
  readonly revocation: NotRevoked;
  /** The certificate in DER. It tells people apart at every service: keep it out of logs. */
  certificate(): Uint8Array;
  /** The certificate's serial number (発行の番号) in hexadecimal, for those entitled to use it. */
  serialNumber(): string;
}

/** Whom the relying party trusts to say that a card is present. */
export interface PresenceTrust extends Trust {
  /**
   * Roots of the card surface besides the pinned ones: that of the virtual card, say. The pinned key
   * of real cards has not been checked against one by this project: try before you rely on it.
   */
  readonly cvKeys?: Iterable<CvKey>;
}

/** A root of the card-verifiable certificates on the card surface. */
export interface CvKey {
  /** 16 bytes in hexadecimal; 7 ASCII digits come first, a 5 in front for real cards. */
  readonly keyIdentifier: string;
  /** The RSA key as SubjectPublicKeyInfo: PEM, or DER. */
  readonly publicKey: string | Uint8Array;
}

/** What the relying party expects of a token and a presence proof that one card gave. */
export interface ExpectedEnrolment {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /** The nonce that this session was given for the PIN. */
  readonly pinNonce: string;
  /** The nonce that this session was given for the presence proof. */
  readonly presenceNonce: string;
  /** When the certificates must be valid: now, unless a test says otherwise. */
  readonly now?: Date;
  /**
   * Has the enrolment keep the certificate and its {@link recognition}, so that later proofs may
   * bring its head alone. In return, the relying party stores what tells the holder apart everywhere.
   */
  readonly keepCertificate?: boolean;
}

/** An authentication with the PIN, and what to store for later use without one. */
export interface Enrolled extends Authentication {
  readonly method: "pin";
  readonly enrolment: Enrolment;
}

/**
 * A card surface and the certificate that was on the same card when the holder gave the PIN. Store it
 * as JSON beside the account, and trust the store: whoever can write there can enrol. A renewed
 * certificate (every five years) is enrolled anew.
 */
export interface Enrolment {
  /** The holder, for this service only: see {@link Authentication}. */
  readonly subject: string;
  /** Keyed hash of the card surface key. */
  readonly cardSurfaceKey: string;
  /** `YYYYMMDD`, which the card confirmed: for the page that is about to present it. */
  readonly birthDate: string;
  /** DER in base64, if it was to be kept. */
  readonly certificate?: string;
  /** Keyed hash of issuer and serial number, if the certificate was to be kept. */
  readonly recognition?: string;
}

/** What the relying party expects of a presence proof. */
export interface ExpectedPresence {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /** The nonce of this session, removed from it before verifying. See {@link newNonce}. */
  readonly nonce: string;
  /** The enrolment of who is to be there: see {@link subject} and {@link recognition}. */
  readonly enrolment: Enrolment;
  /** When the certificates must be valid: now, unless a test says otherwise. */
  readonly now?: Date;
}

/** An enrolled card signed for the expected origin and nonce, without a PIN. */
export interface Presence {
  /** The holder, for this service only: the same as when the card was enrolled. */
  readonly subject: string;
  /** Enough for what a membership card does. */
  readonly assurance: "low";
  /** What it does not prove, for the relying party to weigh. */
  readonly knownLimits: readonly KnownLimit[];
  /** The law asks for a check at each use (公的個人認証法38条の4). */
  readonly revocation: NotRevoked;
  /** The certificate in DER. It tells people apart at every service: keep it out of logs. */
  certificate(): Uint8Array;
}

/** What a presence proof leaves open. */
export type KnownLimit =
  /** Whoever carries the card passes; not even the birth date need have been presented this time. */
  | "holder-unknown"
  /** Nothing cryptographic binds the certificate to the card surface, only the enrolment. */
  | "bound-by-enrolment"
  /** The card may have been far away, its commands relayed. */
  | "relay";

/** What a person may be shown of one of the card's certificates. Nothing in it is verified. */
export interface CertificateSummary {
  readonly kind:
    | "user-authentication"
    | "user-authentication-ca"
    | "digital-signature"
    | "digital-signature-ca";
  readonly hierarchy: "production" | "test";
  readonly notBefore: Date;
  /** For a holder's certificate, the end of a birthday in Japan. */
  readonly notAfter: Date;
  /** In dotted decimal. CA certificates have none. */
  readonly policy: string | undefined;
}

/** A digital signature certificate (署名用電子証明書). It names the holder to who asks for it only. */
export interface DigitalSignatureCertificate {
  /** The holder at the time of issue (基本4情報). Keep it out of logs. */
  attributes(): BasicAttributes;
  /** The certificate's serial number (発行の番号) in hexadecimal, for those entitled to use it. */
  serialNumber(): string;
}

/** A digital signature certificate that JPKI issued. */
export interface VerifiedDigitalSignatureCertificate extends DigitalSignatureCertificate {
  /** JPKI revokes the certificate when one of the attributes changes. */
  readonly revocation: NotRevoked;
}

/** Name, address, date of birth and sex (基本4情報). */
export interface BasicAttributes {
  /** Family name and given name, with an ideographic space (U+3000) between. */
  readonly name: string;
  /** For each character of the name, whether it stands for one that certificates cannot hold. */
  readonly nameSubstitutes: readonly boolean[] | undefined;
  readonly address: string;
  /** For each character of the address, whether it stands for one that certificates cannot hold. */
  readonly addressSubstitutes: readonly boolean[] | undefined;
  readonly dateOfBirth: DateOfBirth;
  readonly sex: "male" | "female" | "unknown";
}

/** A date of birth. Parts that the residents' register does not know are `undefined`. */
export interface DateOfBirth {
  /** Of the Gregorian calendar. */
  readonly year: number | undefined;
  readonly month: number | undefined;
  readonly day: number | undefined;
  readonly era: "meiji" | "taisho" | "showa" | "heisei" | "reiwa" | undefined;
  /** 55 for 昭和55年, which is 1980. `undefined` unless the date lies in the era. */
  readonly yearOfEra: number | undefined;
}

/** Gives out a nonce: the base64 text of 32 random bytes. Keep it in the session, for one use. */
export function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
}

/**
 * Verifies a token: the object that `card.authenticate` gave to the page, or its JSON text.
 *
 * Throws a {@link KazashiError} whose `code` says what is wrong with the token, or with the
 * expectation and trust that it was held to.
 */
export async function verify(
  token: unknown,
  expected: Expected,
  trust: Trust,
): Promise<Authentication> {
  await load();
  const { origin, nonce, method, now = new Date() } = expected;
  const read = withCodes(() =>
    verifyToken(text(token), { origin, nonce, method }, seconds(now), trustObject(trust)),
  );
  return authentication(read, method, trust);
}

/**
 * Verifies what `card.enrol` gave to the page: a token, signed with the PIN, and a presence proof,
 * each as the object or its JSON text. That one card gave both is the bridge's word.
 *
 * Throws a {@link KazashiError}.
 */
export async function verifyEnrolment(
  token: unknown,
  proof: unknown,
  expected: ExpectedEnrolment,
  trust: PresenceTrust,
): Promise<Enrolled> {
  await load();
  const { origin, pinNonce, presenceNonce, now = new Date(), keepCertificate = false } = expected;
  const read = withCodes(() =>
    verifyBoth(
      text(token),
      text(proof),
      { origin, nonce: pinNonce },
      presenceNonce,
      seconds(now),
      trustObject(trust),
    ),
  );
  const { certificate, recognition, ...enrolment } = read.enrolment;
  return {
    ...(await authentication(read.authentication, "pin", trust)),
    enrolment: keepCertificate ? read.enrolment : enrolment,
  };
}

/**
 * Verifies a presence proof: the object that `card.provePresence` gave to the page, or its JSON text.
 * It takes the enrolment that it belongs to: a first use without PIN there is not.
 *
 * Throws a {@link KazashiError}, with `enrolment-mismatch` for another card.
 */
export async function verifyPresence(
  proof: unknown,
  expected: ExpectedPresence,
  trust: PresenceTrust,
): Promise<Presence> {
  await load();
  const { origin, nonce, enrolment, now = new Date() } = expected;
  const { certificate, ...read } = withCodes(() =>
    verifyProof(text(proof), { origin, nonce }, text(enrolment), seconds(now), trustObject(trust)),
  );
  const revocation = await askRevocation(trust, certificate);
  return { ...read, revocation, certificate: () => certificate.slice() };
}

/**
 * The subject that an authentication with this user authentication certificate (DER) has, to look up
 * an enrolment. Whoever read the certificate off a card can send it: nothing is verified.
 */
export async function subject(certificate: Uint8Array, pairwiseKey: Uint8Array): Promise<string> {
  await load();
  return withCodes(() => subjectOf(certificate, pairwiseKey));
}

/**
 * What an enrolment that kept the certificate is found by: a keyed hash of issuer and serial number,
 * from the first 256 bytes of the certificate. Nothing is verified.
 */
export async function recognition(head: Uint8Array, pairwiseKey: Uint8Array): Promise<string> {
  await load();
  return withCodes(() => recognitionOf(head, pairwiseKey));
}

/**
 * Verifies that JPKI issued a digital signature certificate (DER), which is valid now. Whoever sends
 * it need not be its holder: only a signature shows that.
 *
 * Throws a {@link KazashiError}.
 */
export async function verifyDigitalSignatureCertificate(
  der: Uint8Array,
  trust: Authorities,
  now: Date = new Date(),
): Promise<VerifiedDigitalSignatureCertificate> {
  await load();
  const read = withCodes(() => readVerified(der, seconds(now), trustObject(trust)));
  return { ...holder(read), revocation: await askRevocation(trust, der) };
}

/** Reads a digital signature certificate in DER, as a page does for its user. Nothing is verified. */
export async function readDigitalSignatureCertificate(
  der: Uint8Array,
): Promise<DigitalSignatureCertificate> {
  await load();
  return holder(withCodes(() => readUnverified(der)));
}

function holder(read: {
  attributes: BasicAttributes;
  serialNumber: string;
}): DigitalSignatureCertificate {
  const { attributes, serialNumber } = read;
  return { attributes: () => attributes, serialNumber: () => serialNumber };
}

async function authentication<M extends Method>(
  read: { subject: string; methodSource: "bridge"; serialNumber: string; certificate: Uint8Array },
  method: M,
  trust: Authorities,
): Promise<Authentication & { readonly method: M }> {
  const { subject, methodSource, certificate, serialNumber } = read;
  return {
    subject,
    method,
    methodSource,
    revocation: await askRevocation(trust, certificate),
    certificate: () => certificate.slice(),
    serialNumber: () => serialNumber,
  };
}

async function askRevocation(trust: Authorities, certificate: Uint8Array): Promise<NotRevoked> {
  const revocation = await trust.revocation?.(certificate.slice());
  if (revocation?.status === "revoked") {
    throw new KazashiError("certificate-revoked", { message: "the certificate was revoked" });
  }
  return revocation ?? { status: "not-checked", because: "no revocation check was made" };
}

function trustObject({
  authorities = [],
  cardAuthority,
  acceptTestHierarchy = false,
  cvKeys = [],
  pairwiseKey,
}: Authorities & Partial<PresenceTrust>) {
  return {
    authorities: Array.from(authorities, bytes),
    cardAuthority,
    acceptTestHierarchy,
    cvKeys: [...cvKeys].flatMap((key) => [bytes(key.keyIdentifier), bytes(key.publicKey)]),
    pairwiseKey,
  };
}

/** Reads what a person may be shown of a certificate in DER, without serial number and name. */
export async function certificateSummary(der: Uint8Array): Promise<CertificateSummary> {
  await load();
  const { kind, hierarchy, notBefore, notAfter, policy } = withCodes(() => summarise(der));
  const date = (seconds: number) => new Date(seconds * 1000);
  return { kind, hierarchy, notBefore: date(notBefore), notAfter: date(notAfter), policy };
}

/** Reads a certificate's serial number (発行の番号) in hexadecimal, for those entitled to use it. */
export async function certificateSerialNumber(der: Uint8Array): Promise<string> {
  await load();
  return withCodes(() => serialNumberOf(der));
}

/** Loads the module. */
const load = once(() => {
  const url = new URL("./wasm/verify_bg.wasm", import.meta.url);
  return init({ module_or_path: moduleFile(url) });
});

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Text is read as bytes: PEM, or hexadecimal. */
function bytes(encoded: string | Uint8Array): Uint8Array {
  return typeof encoded === "string" ? new TextEncoder().encode(encoded) : encoded;
}

/** What the module reads is JSON text. */
function text(json: unknown): string {
  return typeof json === "string" ? json : (JSON.stringify(json) ?? "");
}

/** Turns what the module throws into errors of our own. */
function withCodes<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error) throw error;
    const { code, message } = error as { code: ErrorCode; message: string };
    throw new KazashiError(code, { message });
  }
}
