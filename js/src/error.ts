import type { ErrorCode } from "./generated/codes.js";

/** Marks the errors of every copy of this package. */
const BRAND = Symbol.for("kazashi.error");

/** Anything that went wrong and has a code. `kazashi/messages` has the words for the person. */
export class KazashiError extends Error {
  override readonly name: string = "KazashiError";
  /** What went wrong: a row of `docs/errors.md`. */
  readonly code: ErrorCode;
  /** The tries that the PIN or birth date has left, where one was the matter. */
  readonly retriesLeft: number | undefined;
  /** The card's status word (ISO/IEC 7816-4, 5.6), where it refused a command. */
  readonly statusWord: number | undefined;

  static {
    Object.defineProperty(KazashiError.prototype, BRAND, { value: true });
  }

  constructor(code: ErrorCode, options: ErrorOptions & Details = {}) {
    super(options.message ?? code, options);
    this.code = code;
    this.retriesLeft = options.retriesLeft;
    this.statusWord = options.statusWord;
  }

  /** An application may hold two copies of this package: each knows the errors of the other. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a class derived from this one asks for itself.
    if (this !== KazashiError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && BRAND in value;
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

/**
 * Makes an error of what a module or a host threw: `{ code, retriesLeft?, statusWord? }`. What has no
 * code is left as it is, but a module that broke down says so.
 */
export function asError(thrown: unknown): unknown {
  if (thrown instanceof WebAssembly.RuntimeError) {
    return new KazashiError("module-unavailable", { cause: thrown });
  }
  if (thrown instanceof Error || typeof (thrown as Failure | null)?.code !== "string") {
    return thrown;
  }
  const failure = thrown as Failure;
  return new KazashiError(failure.code, failure);
}

/** Waits for a promise, and makes an error of what it rejects with. */
export async function withCode<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    throw asError(thrown);
  }
}
