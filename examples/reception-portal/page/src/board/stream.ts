/** How soon a stream that the browser gave up is opened again, in milliseconds. */
const REOPEN = 5_000;

/** What the server tells of, by the names of its events. */
export type BoardEvent = "visit" | "check" | "entry" | "deleted";

const EVENTS: readonly BoardEvent[] = ["visit", "check", "entry", "deleted"];

/** Whoever listens to the board. */
export interface Listener {
  /** It is connected, for the first time or again. Between, something may have been missed. */
  connected(): void;
  disconnected(): void;
  happened(event: BoardEvent, data: unknown): void;
}

/**
 * Listens to what happens until the signal aborts. The browser connects again by itself and says
 * where it was; a stream that it gives up, because the server refused it once, is opened anew.
 */
export function listen(listener: Listener, signal: AbortSignal): void {
  const stream = new EventSource("/api/board/stream");
  let reopening: ReturnType<typeof setTimeout> | undefined;
  stream.addEventListener("open", () => listener.connected(), { signal });
  stream.addEventListener(
    "error",
    () => {
      listener.disconnected();
      if (stream.readyState !== EventSource.CLOSED) return;
      reopening = setTimeout(() => {
        signal.removeEventListener("abort", close);
        listen(listener, signal);
      }, REOPEN);
    },
    { signal },
  );
  for (const name of EVENTS) {
    const happen = (event: MessageEvent<string>) => {
      listener.happened(name, JSON.parse(event.data));
    };
    stream.addEventListener(name, happen, { signal });
  }
  const close = () => {
    stream.close();
    clearTimeout(reopening);
  };
  signal.addEventListener("abort", close);
}
