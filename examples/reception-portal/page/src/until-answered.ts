import { isSilence } from "./portal-error.ts";

/** How long to wait before something is sent again, in milliseconds: first, and at most. */
const PAUSE = { first: 500, most: 8_000 };

/**
 * Sends something idempotent until the server answers, whatever it answers. `onSilence` is told each
 * time that no answer came. Ends with the signal, of which it throws the reason.
 */
export async function untilAnswered<T>(
  send: () => Promise<T>,
  signal: AbortSignal,
  onSilence: () => void,
): Promise<T> {
  for (let pause = PAUSE.first; ; pause = Math.min(2 * pause, PAUSE.most)) {
    try {
      return await send();
    } catch (error) {
      signal.throwIfAborted();
      if (!isSilence(error)) throw error;
      onSilence();
      await sleep((error.retryAfter ?? 0) * 1000 || pause, signal);
    }
  }
}

/** Waits; rejects with the signal's reason if it aborts before. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", aborted);
    function done(): void {
      signal.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      reject(signal.reason);
    }
  });
}
