import { argument, list, only, parts, type Reader, text } from "./check.js";

/** A signature, and what it was asked for. */
export interface Signed {
  readonly method: "pin" | "terminal" | "presence";
  readonly nonce: string;
  readonly signature: string;
}

/** The relying party's expectations of what ties several signatures to one card. */
export interface ExpectedStay {
  /** The origin of its own page, as browsers write it: `https://portal.example`. */
  readonly origin: string;
  /**
   * Everything that is said to come from the one card, each with the method and nonce that it was asked
   * for, and the `signature` of the token or proof: of an enrolment both halves, of a renewal the tokens
   * with the old certificate and with the new one.
   */
  readonly signatures: Iterable<Signed>;
}

/** Public keys in a list: what is none must not pass for one without a bridge, nor one key for many. */
export const bridgeKeys: Reader<string[]> = list(text);

const signed = parts<Signed>({
  method: text as Reader<Signed["method"]>,
  nonce: text,
  signature: text,
});
const expectedStay = parts<ExpectedStay>({
  origin: text,
  // Of none it would say that they are one card's.
  signatures: (it) => only<Signed[]>((all) => all.length > 0)(list(signed)(it)),
});

/**
 * Verifies a bridge's word (`card.vouch`, `card.enrol`) that one card made these signatures in one stay
 * on its reader, before anything is stored because of it. `bridges` are the public keys that
 * `kazashi-bridge enrol` prints on the workstations, in base64. Verifies no token and no proof.
 *
 * Gives the stay, as pages know it by `Reader.insertion`.
 *
 * Throws a {@link KazashiError}: `stay-malformed`, `bridge-not-enrolled`, `stay-signature-mismatch`,
 * `stay-origin-mismatch`; `stay-nonce-mismatch` if the card signed nothing for a nonce in this stay,
 * `stay-card-mismatch` if it made another signature; `invalid-request` for what is no such expectation.
 */
export async function verifyStay(
  word: unknown,
  expected: ExpectedStay,
  bridges: Iterable<string>,
): Promise<string> {
  const given = argument("expected", expectedStay, expected);
  const keys = argument("bridges", bridgeKeys, bridges);
  // A page that shows a certificate's summary need not download it.
  const { tied } = await import("./stay-word.js");
  return await tied(word, given, keys);
}
