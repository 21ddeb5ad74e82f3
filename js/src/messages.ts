/**
 * The words for whoever sits at the desk.
 *
 * @module
 */

import { argument, maybe, number, only, text } from "./check.js";
import { type ErrorCode, messages } from "./generated/codes.js";

/** Says what went wrong: to the person, in a language of theirs. Codes it does not know get a general answer. */
export function message(
  error: { readonly code: string; readonly retriesLeft?: number | undefined },
  language: "ja" | "en",
): string {
  const { code, retriesLeft } = argument(
    "error",
    (it) => ({ code: text(it.code), retriesLeft: tries(it.retriesLeft) }),
    error,
  );
  argument(
    "language",
    only((it) => it === "ja" || it === "en"),
    language,
  );
  const [ja, en] = Object.hasOwn(messages, code) ? messages[code as ErrorCode] : UNKNOWN;
  return (language === "ja" ? ja : en).replace("{retriesLeft}", String(retriesLeft ?? "?"));
}

const tries = maybe(number);

const UNKNOWN = ["エラーが発生しました。", "Something went wrong."] as const;
