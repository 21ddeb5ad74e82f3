import { KazashiError } from "./error.js";

/** What a signal that has aborted makes a call fail with. */
export function abortError(signal: AbortSignal): KazashiError {
  const { reason } = signal;
  if (reason instanceof KazashiError) return reason;
  return new KazashiError(reason?.name === "TimeoutError" ? "timeout" : "aborted", {
    cause: reason,
  });
}

/**
 * A signal of one's own that also aborts when one of these does. Aborting it lets go of them.
 * (`AbortSignal.any` is missing in browsers that know everything else.)
 */
export function following(...signals: (AbortSignal | undefined)[]): AbortController {
  const own = new AbortController();
  for (const signal of signals) {
    const follow = () => own.abort(signal?.reason);
    if (signal?.aborted) follow();
    signal?.addEventListener("abort", follow, { signal: own.signal });
  }
  return own;
}

/** Waits for a promise, but no longer than until the signal aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(abortError(signal));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { signal: settled.signal });
  });
  try {
    const value = await Promise.race([aborted, promise]);
    if (signal.aborted) throw abortError(signal);
    return value;
  } finally {
    settled.abort();
  }
}

/** Something that happens again and again, to be waited for. */
export class Happening {
  readonly #waiting = new Set<() => void>();

  /** Lets go of everybody who waits. */
  happen(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /**
   * Waits until it happens, at most for so many milliseconds, and not past an abort. Says whether it
   * happened.
   */
  async next(signal: AbortSignal, atMost?: number): Promise<boolean> {
    let wake = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const woken = new Promise<boolean>((resolve) => {
      wake = () => resolve(true);
      if (atMost !== undefined) timer = setTimeout(resolve, atMost, false);
    });
    this.#waiting.add(wake);
    try {
      return await unlessAborted(woken, signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(wake);
    }
  }
}
