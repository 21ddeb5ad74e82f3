/**
 * The card face (券面): verified and made visible in the page.
 *
 * @module
 */

import { argument, bytes, flag, maybe, or, parts, text } from "./check.js";
import { loader } from "./configure.js";
import { type CvKey, cvKeys } from "./cv-key.js";
import { asError, KazashiError } from "./error.js";
import type { ErrorCode } from "./generated/codes.js";
import type { CardFaceReading } from "./host.js";
import init, {
  openCardFace as openFace,
  __wbg_reset_state as startAnew,
} from "./wasm/card-face.js";

export { type Configuration, configure, type ModuleSource, type Modules } from "./configure.js";
export type { CardFaceReading, CvKey };
export { KazashiError };

/** The page's expectations of a card face, and whom it trusts. */
export interface CardFaceOptions {
  /** The nonce that `card.readCardFace` was given. */
  readonly nonce: string;
  /** The page's origin, which the card signed; if left out, `location.origin`. */
  readonly origin?: string | undefined;
  /** Roots of the card surface besides the pinned ones. */
  readonly authorities?: readonly CvKey[] | undefined;
  /** Accepts test cards and the virtual card. Never in production. */
  readonly acceptTestHierarchy?: boolean | undefined;
}

/**
 * The face of a card, as printed on it, and whether it is genuine. Personal data: keep it out of
 * logs and stores.
 */
export interface CardFace {
  /**
   * Whether the card's issuer signed the record and the card is there; otherwise why not, in a code
   * for `kazashi/messages`. Show it beside the face: what is not genuine is shown too.
   */
  readonly authenticity: CardFaceAuthenticity;
  /** `YYYY-MM-DD`, with zeros for what the register does not know: `1945-03-00`. */
  readonly birthDate: string;
  readonly sex: "male" | "female" | "unknown" | "not-applicable";
  /** For `new ImageData(photo.data, photo.width, photo.height)`. */
  readonly photo: CardFacePhoto;
  /** PNG: for `new Blob([name], { type: "image/png" })`, and no other type. */
  readonly name: Uint8Array<ArrayBuffer>;
  /** PNG, as the name. */
  readonly address: Uint8Array<ArrayBuffer>;
  /** Outside the record's signature: shown on the card, but not vouched for. */
  readonly unsigned: {
    /** `YYYY-MM-DD`, with zeros for what cannot be read. */
    readonly expiry: string;
    /** PNG, as the name. */
    readonly securityCode: Uint8Array<ArrayBuffer>;
  };
  /** For the server: digests of the images instead of the images. */
  readonly proof: CardFaceProof;
}

/** Whether a card face is genuine and its card there. */
export type CardFaceAuthenticity =
  | { readonly genuine: true }
  | { readonly genuine: false; readonly code: ErrorCode };

/** The photograph, in pixels. */
export interface CardFacePhoto {
  readonly width: number;
  readonly height: number;
  /** Four bytes for each pixel, row by row from the top: red, green, blue, and 255. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/**
 * Proof of a genuine card face and of its card's presence, for `verify_card_face` on the server. It
 * holds a birth date and a sex, but no name, address or photo. All in base64 but `format` and
 * `appVersion`.
 */
export interface CardFaceProof {
  readonly format: "kazashi-card-face:1";
  readonly attributes: string;
  readonly imagesDigest: string;
  readonly photoDigest: string;
  readonly recordSignature: string;
  readonly cvCertificate: string;
  readonly signature: string;
  readonly appVersion: string;
}

/**
 * Verifies what `card.readCardFace` brought, and makes it visible. Loads a module of its own.
 *
 * @throws KazashiError `card-malformed` if the record or an image in it cannot be read;
 * `nonce-malformed`, `origin-malformed`, `authority-malformed`, `invalid-request` for the arguments;
 * `module-unavailable`.
 */
export async function openCardFace(
  reading: CardFaceReading,
  options: CardFaceOptions,
): Promise<CardFace> {
  const given = argument("reading", readingIn, reading);
  const { origin = globalThis.location?.origin ?? "", ...expected } = argument(
    "options",
    optionsIn,
    options,
  );
  await load();
  const { failure, photo, ...face } = opened(() => openFace(given, { origin, ...expected }));
  return {
    ...face,
    authenticity: failure ? { genuine: false, code: failure } : { genuine: true },
    photo: { ...photo, data: new Uint8ClampedArray(photo.data.buffer) },
  };
}

const readingIn = parts<CardFaceReading>({
  record: bytes,
  cvCertificate: bytes,
  signature: bytes,
  appVersion: text,
});
const optionsIn = parts({
  nonce: text,
  origin: maybe(text),
  authorities: or([], cvKeys),
  acceptTestHierarchy: or(false, flag),
});

/** Turns what the module throws into errors of our own. */
function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof WebAssembly.RuntimeError) {
      // An image that the decoder did not foresee. What it left behind in the module is not used again.
      startAnew();
      throw new KazashiError("card-malformed", { cause });
    }
    throw asError(cause);
  }
}

/** Loads the module. */
const load = loader("cardFace", () => new URL("./wasm/card-face_bg.wasm", import.meta.url), init);
