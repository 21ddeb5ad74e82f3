import type { ErrorCode } from "./error-codes.js";

/** Anything that went wrong and has a code. `kazashi/messages` has the words for the person. */
export class KazashiError extends Error {
  override readonly name: string = "KazashiError";
  /** What went wrong: a row of `docs/errors.md`. */
  readonly code: ErrorCode;
  /** The tries that the PIN or birth date has left, where one was the matter. */
  readonly retriesLeft: number | undefined;
  /** The card's status word (ISO/IEC 7816-4, 5.6), where it refused a command. */
  readonly statusWord: number | undefined;

  constructor(code: ErrorCode, options: ErrorOptions & Details = {}) {
    super(options.message ?? code, options);
    this.code = code;
    this.retriesLeft = options.retriesLeft;
    this.statusWord = options.statusWord;
  }

  /**
   * Makes an error of what a module or a host threw: `{ code, retriesLeft?, statusWord? }`. What has
   * no code is left as it is.
   */
  static from(thrown: unknown): unknown {
    if (thrown instanceof Error || typeof (thrown as Failure | null)?.code !== "string") {
      return thrown;
    }
    const failure = thrown as Failure;
    return new KazashiError(failure.code, failure);
  }
}

interface Details {
  message?: string;
  retriesLeft?: number;
  statusWord?: number;
}

interface Failure extends Details {
  code: ErrorCode;
}

/** Waits for a promise, and makes an error of what it rejects with. */
export async function withCode<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    throw KazashiError.from(thrown);
  }
}
