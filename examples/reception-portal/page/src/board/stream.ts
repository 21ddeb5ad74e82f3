/** How soon a stream that the browser gave up is opened again, in milliseconds. */
const REOPEN = 5_000;

/** By which the tabs of this browser know each other, and who of them has the stream. */
const NAME = "kazashi-portal-board";

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

/** What one tab says to the others. */
type Message =
  | { readonly say: "connected" | "disconnected" | "who-has-it" }
  | { readonly say: "is-connected"; readonly connected: boolean }
  | { readonly say: "happened"; readonly event: BoardEvent; readonly data: unknown };

/**
 * Listens to what happens until the signal aborts. One tab of the browser has the stream and tells
 * the others: HTTP/1.1 has six connections for all of them. When that tab is gone, another takes over.
 */
export function listen(listener: Listener, signal: AbortSignal): void {
  const channel = new BroadcastChannel(NAME);
  const send = (message: Message) => channel.postMessage(message);
  let isConnected = false;
  let hasStream = false;

  const tell = (message: Message): void => {
    switch (message.say) {
      case "connected":
        isConnected = true;
        listener.connected();
        break;
      case "disconnected":
        isConnected = false;
        listener.disconnected();
        break;
      case "happened":
        listener.happened(message.event, message.data);
        break;
      case "who-has-it":
        if (hasStream) send({ say: "is-connected", connected: isConnected });
        break;
      case "is-connected":
        // An answer to whoever came last; the others know.
        if (message.connected !== isConnected) {
          tell({ say: message.connected ? "connected" : "disconnected" });
        }
    }
  };
  channel.addEventListener("message", ({ data }: MessageEvent<Message>) => tell(data), { signal });
  signal.addEventListener("abort", () => channel.close());

  const lead = async () => {
    hasStream = true;
    openStream((message) => {
      send(message);
      tell(message);
    }, signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  navigator.locks.request(NAME, { signal }, lead).catch((error: unknown) => {
    // Whoever still waits when the signal aborts waits no more.
    if (!signal.aborted) throw error;
  });
  send({ say: "who-has-it" });
}

/**
 * Opens the stream. The browser connects again by itself and says where it was; a stream that it
 * gives up, because the server refused it once, is opened anew.
 */
function openStream(tell: (message: Message) => void, signal: AbortSignal): void {
  const stream = new EventSource("/api/board/stream");
  let reopening: ReturnType<typeof setTimeout> | undefined;
  stream.addEventListener("open", () => tell({ say: "connected" }));
  stream.addEventListener("error", () => {
    tell({ say: "disconnected" });
    if (stream.readyState !== EventSource.CLOSED) return;
    reopening = setTimeout(() => {
      signal.removeEventListener("abort", close);
      openStream(tell, signal);
    }, REOPEN);
  });
  for (const event of EVENTS) {
    const happen = ({ data }: MessageEvent<string>) => {
      tell({ say: "happened", event, data: JSON.parse(data) });
    };
    stream.addEventListener(event, happen);
  }
  const close = () => {
    stream.close();
    clearTimeout(reopening);
  };
  signal.addEventListener("abort", close);
}
