/**
 * The words for whoever sits at the desk.
 *
 * @module
 */

import { type ErrorCode, messages } from "./error-codes.js";

/** Says what went wrong: to the person, in a language of theirs. Codes it does not know get a general answer. */
export function message(
  error: { readonly code: string; readonly retriesLeft?: number | undefined },
  language: "ja" | "en",
): string {
  const words = Object.hasOwn(messages, error.code) ? messages[error.code as ErrorCode] : UNKNOWN;
  return words[language].replace("{retriesLeft}", String(error.retriesLeft ?? "?"));
}

const UNKNOWN = { ja: "エラーが発生しました。", en: "Something went wrong." };
