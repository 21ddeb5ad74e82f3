/**
 * Verifies, on a server, what a My Number Card signed for a web page.
 *
 * @module
 */

import { argument, bytes } from "./check.js";
import { loader } from "./configure.js";
import type { CvKey } from "./cv-key.js";
import { json, seconds } from "./encoding.js";
import { asError, KazashiError } from "./error.js";
import { askRevocation, type NotRevoked, type Revocation } from "./revocation.js";
import { verifyStay } from "./stay.js";
import {
  authoritiesIn,
  bridgesIn,
  expectedOfEnrolment,
  expectedOfPresence,
  expectedOfToken,
  trustIn,
} from "./verify-arguments.js";
import init, {
  readDigitalSignatureCertificate as readUnverified,
  verifyDigitalSignatureCertificate as readVerified,
  recognition as recognitionOf,
  certificateSerialNumber as serialNumberOf,
  __wbg_reset_state as startAnew,
  subject as subjectOf,
  certificateSummary as summarise,
  verifyEnrolment as verifyBoth,
  verifyPresence as verifyProof,
  verify as verifyToken,
} from "./wasm/verify.js";

export { type Configuration, configure, type ModuleSource, type Modules } from "./configure.js";
export type { ExpectedStay } from "./stay.js";
export { type CvKey, KazashiError, type Revocation, verifyStay };

/**
 * The way in which the holder let the card sign: with the PIN, or after an institution proved
 * itself to the card.
 */
export type Method = "pin" | "terminal";

/** The relying party's expectations of a token. */
export interface Expected {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /** The nonce of this session, removed from it before verifying. See {@link newNonce}. */
  readonly nonce: string;
  /** The method for which the nonce was given. */
  readonly method: Method;
  /** The time at which the certificates must be valid: now, unless a test says otherwise. */
  readonly now?: Date;
}

/** The authorities whose certificates the relying party trusts, and whoever tells it of revocation. */
export interface Authorities {
  /** The CA certificates of JPKI, every generation in force: PEM of one or several or DER, or a list. */
  readonly authorities?: string | Uint8Array | Iterable<string | Uint8Array>;
  /**
   * The CA certificate that was read from the card, in DER. It counts only if its fingerprint is one
   * of those that this package knows; so `authorities` is not needed for real cards.
   */
  readonly cardAuthority?: Uint8Array;
  /** Accepts JPKI-TEST: test cards and the virtual card. Never in production. */
  readonly acceptTestHierarchy?: boolean;
  /**
   * Asks whoever may tell whether a certificate (in DER) was revoked; JPKI itself answers accredited
   * verifiers only. What it throws, `verify` throws; another answer than the three is an
   * `invalid-request`.
   */
  readonly revocation?: (certificate: Uint8Array) => Revocation | Promise<Revocation>;
}

/** The relying party's trust, and its own secret. */
export interface Trust extends Authorities {
  /** At least 32 secret bytes, kept as long as the accounts: they make `subject` this service's own. */
  readonly pairwiseKey: Uint8Array;
}

/** A card signed for the expected origin and nonce. */
export interface Authentication {
  /** The holder, for this service only: 43 characters, the same until the certificate is renewed. */
  readonly subject: string;
  /** The way in which the holder let the card sign, according to `methodSource`. */
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

/** The relying party's trust in presence proofs. */
export interface PresenceTrust extends Trust {
  /**
   * Roots of the card surface besides the pinned ones: that of the virtual card, say. The pinned key
   * of real cards has not been checked against one by this project: try before you rely on it.
   */
  readonly cvKeys?: Iterable<CvKey>;
  /**
   * The public keys of the bridges on the workstations, in base64: `kazashi-bridge enrol` prints them.
   * Once there is one, an enrolment needs a bridge's word that it is of one card.
   */
  readonly bridges?: Iterable<string>;
}

/** The relying party's expectations of a token and a presence proof that one card gave. */
export interface ExpectedEnrolment {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /** The nonce that this session was given for the PIN. */
  readonly pinNonce: string;
  /** The nonce that this session was given for the presence proof. */
  readonly presenceNonce: string;
  /** The bridge's word, as `card.enrol` gave it to the page. */
  readonly word?: unknown;
  /** The time at which the certificates must be valid: now, unless a test says otherwise. */
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
  /**
   * Whose word it is that one card gave token and proof: that of an enrolled bridge, or, where no bridge
   * is enrolled, only the page's. One that was taken over can bring together what two cards signed.
   */
  readonly tie: "bridge" | "page-only";
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
  /**
   * `YYYYMMDD`, with zeros for what the register does not know, which the card confirmed: for the page
   * that is about to present it. If it did so by another calendar than the era's, keep that beside it.
   */
  readonly birthDate: string;
  /** DER in base64, if it was to be kept. */
  readonly certificate?: string;
  /** Keyed hash of issuer and serial number, if the certificate was to be kept. */
  readonly recognition?: string;
}

/** The relying party's expectations of a presence proof. */
export interface ExpectedPresence {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /** The nonce of this session, removed from it before verifying. See {@link newNonce}. */
  readonly nonce: string;
  /** The enrolment of who is to be there: see {@link subject} and {@link recognition}. */
  readonly enrolment: Enrolment;
  /** The time at which the certificates must be valid: now, unless a test says otherwise. */
  readonly now?: Date;
}

/** An enrolled card signed for the expected origin and nonce, without a PIN. */
export interface Presence {
  /** The holder, for this service only: the same as when the card was enrolled. */
  readonly subject: string;
  /** Enough for what a membership card does. */
  readonly assurance: "low";
  /** The limits of the proof, for the relying party to weigh. */
  readonly knownLimits: readonly KnownLimit[];
  /** The law asks for a check at each use (公的個人認証法38条の4). */
  readonly revocation: NotRevoked;
  /** The certificate in DER. It tells people apart at every service: keep it out of logs. */
  certificate(): Uint8Array;
}

/** Something that a presence proof leaves open. */
export type KnownLimit =
  /** Whoever carries the card passes; not even the birth date need have been presented this time. */
  | "holder-unknown"
  /** Nothing cryptographic binds the certificate to the card surface, only the enrolment. */
  | "bound-by-enrolment"
  /** The card may have been far away, its commands relayed. */
  | "relay";

/**
 * Summary of one of the card's certificates that a person may be shown. Nothing in it is verified.
 */
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
  attributes(): CertificateAttributes;
  /** The certificate's serial number (発行の番号) in hexadecimal, for those entitled to use it. */
  serialNumber(): string;
}

/** A digital signature certificate that JPKI issued. */
export interface VerifiedDigitalSignatureCertificate extends DigitalSignatureCertificate {
  /** JPKI revokes the certificate when one of the attributes changes. */
  readonly revocation: NotRevoked;
}

/** Name, address, date of birth and sex (基本4情報), as a certificate has them. */
export interface CertificateAttributes {
  /** Family name and given name, with an ideographic space (U+3000) between. */
  readonly name: string;
  /** For each character of the name, whether it stands for one that certificates cannot hold. */
  readonly nameSubstitutes: readonly boolean[] | undefined;
  readonly address: string;
  /** For each character of the address, whether it stands for one that certificates cannot hold. */
  readonly addressSubstitutes: readonly boolean[] | undefined;
  readonly birthDate: BirthDateParts;
  readonly sex: "male" | "female" | "unknown";
}

/**
 * A date of birth, part by part. Those that the residents' register does not know are `undefined`.
 */
export interface BirthDateParts {
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
  const given = argument("token", json, token);
  const { now, ...wanted } = argument("expected", expectedOfToken, expected);
  const trusted = argument("trust", trustIn, trust);
  const read = await inModule(() => verifyToken(given, wanted, now, trusted));
  return authentication(read, wanted.method, trusted.revocation);
}

/**
 * Verifies what `card.enrol` gave to the page: a token, signed with the PIN, and a presence proof,
 * each as the object or its JSON text; and, where `bridges` are enrolled, the bridge's word that one
 * card gave both.
 *
 * Throws a {@link KazashiError}, of the bridge's word those of {@link verifyStay}.
 */
export async function verifyEnrolment(
  token: unknown,
  proof: unknown,
  expected: ExpectedEnrolment,
  trust: PresenceTrust,
): Promise<Enrolled> {
  const given = [argument("token", json, token), argument("proof", json, proof)] as const;
  const wanted = argument("expected", expectedOfEnrolment, expected);
  const { origin, pinNonce, presenceNonce, word, now, keepCertificate } = wanted;
  const trusted = argument("trust", trustIn, trust);
  const { bridges } = argument("trust", bridgesIn, trust);
  const read = await inModule(() =>
    verifyBoth(...given, { origin, nonce: pinNonce }, presenceNonce, now, trusted),
  );
  if (bridges.length > 0) {
    const signatureOf = (json: string) => (JSON.parse(json) as { signature: string }).signature;
    const signatures = [
      { method: "pin", nonce: pinNonce, signature: signatureOf(given[0]) },
      { method: "presence", nonce: presenceNonce, signature: signatureOf(given[1]) },
    ] as const;
    await verifyStay(word, { origin, signatures }, bridges);
  }
  const { certificate, recognition, ...enrolment } = read.enrolment;
  return {
    ...(await authentication(read.authentication, "pin", trusted.revocation)),
    enrolment: keepCertificate ? read.enrolment : enrolment,
    tie: bridges.length > 0 ? "bridge" : "page-only",
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
  const given = argument("proof", json, proof);
  const { now, enrolment, ...wanted } = argument("expected", expectedOfPresence, expected);
  const trusted = argument("trust", trustIn, trust);
  const { certificate, ...read } = await inModule(() =>
    verifyProof(given, wanted, enrolment, now, trusted),
  );
  const revocation = await askRevocation(trusted.revocation, certificate);
  return { ...read, revocation, certificate: () => certificate.slice() };
}

/**
 * The subject that an authentication with this user authentication certificate (DER) has, to look up
 * an enrolment. Whoever read the certificate off a card can send it: nothing is verified.
 */
export async function subject(certificate: Uint8Array, pairwiseKey: Uint8Array): Promise<string> {
  const given = argument("certificate", bytes, certificate);
  const key = argument("pairwiseKey", bytes, pairwiseKey);
  return await inModule(() => subjectOf(given, key));
}

/**
 * Keyed hash of issuer and serial number, from the first 256 bytes of a certificate: an enrolment
 * that kept the certificate is found by it. Nothing is verified.
 */
export async function recognition(head: Uint8Array, pairwiseKey: Uint8Array): Promise<string> {
  const given = argument("head", bytes, head);
  const key = argument("pairwiseKey", bytes, pairwiseKey);
  return await inModule(() => recognitionOf(given, key));
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
  const given = argument("der", bytes, der);
  const trusted = argument("trust", authoritiesIn, trust);
  const time = argument("now", seconds, now);
  const read = await inModule(() => readVerified(given, time, trusted));
  return { ...holder(read), revocation: await askRevocation(trusted.revocation, given) };
}

/** Reads a digital signature certificate in DER, as a page does for its user. Nothing is verified. */
export async function readDigitalSignatureCertificate(
  der: Uint8Array,
): Promise<DigitalSignatureCertificate> {
  const given = argument("der", bytes, der);
  return holder(await inModule(() => readUnverified(given)));
}

function holder(read: {
  attributes: CertificateAttributes;
  serialNumber: string;
}): DigitalSignatureCertificate {
  const { attributes, serialNumber } = read;
  return { attributes: () => attributes, serialNumber: () => serialNumber };
}

async function authentication<M extends Method>(
  read: { subject: string; methodSource: "bridge"; serialNumber: string; certificate: Uint8Array },
  method: M,
  ask: Authorities["revocation"],
): Promise<Authentication & { readonly method: M }> {
  const { subject, methodSource, certificate, serialNumber } = read;
  return {
    subject,
    method,
    methodSource,
    revocation: await askRevocation(ask, certificate),
    certificate: () => certificate.slice(),
    serialNumber: () => serialNumber,
  };
}

/** Reads what a person may be shown of a certificate in DER, without serial number and name. */
export async function certificateSummary(der: Uint8Array): Promise<CertificateSummary> {
  const given = argument("der", bytes, der);
  const { kind, hierarchy, notBefore, notAfter, policy } = await inModule(() => summarise(given));
  const date = (seconds: number) => new Date(seconds * 1000);
  return { kind, hierarchy, notBefore: date(notBefore), notAfter: date(notAfter), policy };
}

/** Reads a certificate's serial number (発行の番号) in hexadecimal, for those entitled to use it. */
export async function certificateSerialNumber(der: Uint8Array): Promise<string> {
  const given = argument("der", bytes, der);
  return await inModule(() => serialNumberOf(given));
}

/**
 * Calls the module, which is loaded for the first call. What it throws becomes an error of our own.
 */
async function inModule<T>(call: () => T): Promise<T> {
  await load();
  try {
    return call();
  } catch (thrown) {
    // What a call that broke down left behind is not used again.
    if (thrown instanceof WebAssembly.RuntimeError) startAnew();
    throw asError(thrown);
  }
}

/** Loads the module. */
const load = loader("verify", () => new URL("./wasm/verify_bg.wasm", import.meta.url), init);
