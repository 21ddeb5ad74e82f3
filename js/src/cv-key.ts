import { list, parts, type Reader, text } from "./check.js";
import { encoded } from "./encoding.js";

/** A root of the card-verifiable certificates on card surfaces. */
export interface CvKey {
  /**
   * Its name in certificates: 16 bytes in hexadecimal, of which a 5 as the first digit is for real
   * cards.
   */
  readonly identifier: string;
  /** The RSA key as SubjectPublicKeyInfo: PEM, or DER. */
  readonly publicKey: string | Uint8Array;
}

const cvKey = parts({ identifier: (it) => encoded(text(it)), publicKey: encoded });

/** Takes keys: in turn the name and the key of each, as the modules want them. */
export const cvKeys: Reader<Uint8Array<ArrayBuffer>[]> = (value) =>
  list(cvKey)(value).flatMap(({ identifier, publicKey }) => [identifier, publicKey]);
