import { argument } from "./check.js";
import { type ConnectOptions, connect, connectOptions } from "./connect.js";
import { KazashiError } from "./error.js";
import type { ErrorCode } from "./generated/codes.js";
import { message } from "./messages.js";

/** What {@link diagnose} finds. */
export interface Diagnosis {
  /** `ok`, or what stands in the way: a row of `docs/errors.md`. */
  readonly code: "ok" | ErrorCode;
  /** What to do, in Japanese. */
  readonly ja: string;
  /** What to do, in English. */
  readonly en: string;
}

/**
 * Finds out whether a card can be used here and, if not, why and what to do. It goes the whole way
 * from the browser to the card, and leaves nothing connected. To be called where `connect` may be:
 * the first time in a user gesture.
 *
 * Whether a card is on the reader it can only tell with the scope `events`.
 */
export async function diagnose(options: ConnectOptions = {}): Promise<Diagnosis> {
  const code = await obstacle(argument("options", connectOptions, options));
  if (code) return { code, ja: message({ code }, "ja"), en: message({ code }, "en") };
  return { code: "ok", ja: "カードを使えます。", en: "Cards can be used." };
}

async function obstacle(options: ConnectOptions): Promise<ErrorCode | undefined> {
  try {
    const kazashi = await connect(options);
    const { readers } = kazashi;
    kazashi.close();
    if (readers.length === 0) return "no-reader";
    return readers.every(({ cardPresent }) => cardPresent === false) ? "no-smartcard" : undefined;
  } catch (error) {
    if (error instanceof KazashiError) return error.code;
    throw error;
  }
}
