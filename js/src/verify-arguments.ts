import { bytes, callable, flag, list, maybe, or, parts, type Reader, text } from "./check.js";
import { cvKeys } from "./cv-key.js";
import { encoded, json, seconds } from "./encoding.js";
import { bridgeKeys } from "./stay.js";
import type { Authorities, Method } from "./verify.js";

type Bytes = Uint8Array<ArrayBuffer>;

interface GivenAuthorities {
  authorities: Bytes[];
  cardAuthority: Bytes | undefined;
  acceptTestHierarchy: boolean;
  revocation: Authorities["revocation"];
}

interface GivenTrust extends GivenAuthorities {
  pairwiseKey: Bytes;
  cvKeys: Bytes[];
}

interface Wanted {
  origin: string;
  /** In seconds since 1970. */
  now: number;
}

/** As the module takes them: all there, and bytes for text. */
const AUTHORITIES = {
  authorities: or([], (it) => (isOne(it) ? [encoded(it)] : list(encoded)(it))),
  cardAuthority: maybe(bytes),
  acceptTestHierarchy: or(false, flag),
  revocation: maybe(callable<NonNullable<Authorities["revocation"]>>),
};
export const authoritiesIn: Reader<GivenAuthorities> = parts(AUTHORITIES);
export const trustIn: Reader<GivenTrust> = parts({
  ...AUTHORITIES,
  pairwiseKey: bytes,
  cvKeys: or([], cvKeys),
});

export const bridgesIn: Reader<{ bridges: string[] }> = parts({ bridges: or([], bridgeKeys) });

/** Text and bytes can be walked through too, but are not a list. */
function isOne(authorities: unknown): boolean {
  return typeof authorities === "string" || ArrayBuffer.isView(authorities);
}

const EXPECTED = {
  origin: text,
  now: (it: unknown) => seconds(it === undefined ? new Date() : it),
};
export const expectedOfToken: Reader<Wanted & { nonce: string; method: Method }> = parts({
  ...EXPECTED,
  nonce: text,
  method: text as Reader<Method>,
});
export const expectedOfEnrolment: Reader<
  Wanted & { pinNonce: string; presenceNonce: string; word: unknown; keepCertificate: boolean }
> = parts({
  ...EXPECTED,
  pinNonce: text,
  presenceNonce: text,
  word: (it: unknown) => it,
  keepCertificate: or(false, flag),
});
export const expectedOfPresence: Reader<Wanted & { nonce: string; enrolment: string }> = parts({
  ...EXPECTED,
  nonce: text,
  enrolment: json,
});
