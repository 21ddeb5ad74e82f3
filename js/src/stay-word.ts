import { KazashiError } from "./error.js";
import type { ErrorCode } from "./generated/codes.js";
import type { ExpectedStay } from "./stay.js";

const TAG = "kazashi-stay:1\0";
const SIGNATURE_LENGTH = 64;
const MOST_STATEMENTS = 16;

/** What `verifyStay` of `kazashi/verify` does. */
export async function tied(
  word: unknown,
  expected: ExpectedStay,
  bridges: readonly string[],
): Promise<string> {
  const { bridge, origin, stay, statements, signed, signature } = read(word);
  refuseUnless(bridges.includes(btoa(bridge)), "bridge-not-enrolled");
  const key = await crypto.subtle.importKey("raw", bytes(bridge), "Ed25519", false, ["verify"]);
  const isSigned = crypto.subtle.verify("Ed25519", key, bytes(signature), bytes(signed));
  refuseUnless(await isSigned, "stay-signature-mismatch");
  refuseUnless(origin === (await digest(utf8(expected.origin))), "stay-origin-mismatch");
  for (const { method, nonce, signature } of expected.signatures) {
    const stated = `${method}:${await digest(utf8(nonce))}`;
    const received = await digest(bytes(decoded(signature)));
    const made = statements.filter((statement) => statement.stated === stated);
    refuseUnless(made.length > 0, "stay-nonce-mismatch");
    refuseUnless(
      made.some((statement) => statement.signature === received),
      "stay-card-mismatch",
    );
  }
  return Array.from(bytes(stay), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads a word, as `core/src/value/stay_word.rs` writes it; of bytes a string has one character each. */
function read(word: unknown) {
  const text = decoded(word);
  let position = TAG.length;
  const take = (length: number) => {
    const taken = text.slice(position, position + length);
    refuseUnless(taken.length === length, "stay-malformed");
    position += length;
    return taken;
  };
  const takeLength = () => take(1).charCodeAt(0);
  refuseUnless(text.startsWith(TAG), "stay-malformed");
  const [bridge, origin, stay] = [take(32), take(32), take(16)];
  const count = takeLength();
  refuseUnless(count <= MOST_STATEMENTS, "stay-malformed");
  const statements = Array.from({ length: count }, () => {
    const method = take(takeLength());
    refuseUnless(["pin", "terminal", "presence"].includes(method), "stay-malformed");
    return { stated: `${method}:${take(32)}`, signature: take(32) };
  });
  const challenge = takeLength();
  if (challenge > 0) take(32 + challenge);
  const signed = text.slice(0, position);
  const signature = take(SIGNATURE_LENGTH);
  refuseUnless(position === text.length, "stay-malformed");
  return { bridge, origin, stay, statements, signed, signature };
}

function refuseUnless(condition: boolean, code: ErrorCode): void {
  if (!condition) throw new KazashiError(code);
}

function decoded(base64: unknown): string {
  try {
    return atob(String(base64));
  } catch (cause) {
    throw new KazashiError("stay-malformed", { cause });
  }
}

async function digest(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", content)));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
