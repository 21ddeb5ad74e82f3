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
  certificateSerialNumber as serialNumberOf,
  certificateSummary as summarise,
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
  const { subject, methodSource, certificate, serialNumber } = withCodes(() =>
    verifyToken(
      typeof token === "string" ? token : (JSON.stringify(token) ?? ""),
      { origin, nonce, method },
      seconds(now),
      trustObject(trust),
      trust.pairwiseKey,
    ),
  );
  return {
    subject,
    method,
    methodSource,
    revocation: await askRevocation(trust, certificate),
    certificate: () => certificate.slice(),
    serialNumber: () => serialNumber,
  };
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
}: Authorities) {
  return { authorities: Array.from(authorities, bytes), cardAuthority, acceptTestHierarchy };
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

function bytes(certificate: string | Uint8Array): Uint8Array {
  return typeof certificate === "string" ? new TextEncoder().encode(certificate) : certificate;
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
