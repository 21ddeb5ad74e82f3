import { KazashiError } from "./error.js";

/** What a signal that has aborted makes a call fail with. */
export function abortError(signal: AbortSignal): KazashiError {
  const { reason } = signal;
  if (reason instanceof KazashiError) return reason;
  return new KazashiError(reason?.name === "TimeoutError" ? "timeout" : "aborted", {
    cause: reason,
  });
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

  /** Waits until it happens, at most for so many milliseconds, and not past an abort. */
  async next(signal: AbortSignal, atMost?: number): Promise<void> {
    let wake = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.add(wake);
    if (atMost !== undefined) timer = setTimeout(wake, atMost);
    try {
      await unlessAborted(woken, signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(wake);
    }
  }
}
