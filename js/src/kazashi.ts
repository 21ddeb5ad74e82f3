import { abortError, Happening, unlessAborted } from "./abort.js";
import { Card } from "./card.js";
import { KazashiError, withCode } from "./error.js";
import type { ErrorCode } from "./error-codes.js";
import { KazashiEventTarget, ReaderEvent } from "./events.js";
import type { Host, HostEvent, Reader, Scope } from "./host.js";

/** How soon a reader that could not be leased is tried again, in milliseconds. */
const RETRY = 500;

/** What a waiting page waits out: time, the visitor or another page puts it right. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "communication-error",
  "disconnected",
  "lease-lost",
  "no-service",
  "no-smartcard",
  "reader-busy",
  "removed-card",
  "sharing-violation",
  "unknown-reader",
]);

/** Which card to wait for. */
export interface CardOptions {
  /** The `id` of a reader; any reader if left out. */
  readonly reader?: string | undefined;
  /** Ends the waiting: with `timeout` if it is an `AbortSignal.timeout()`, otherwise with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** A reader, and which insertion of all put the card there that is on it now. */
interface Place {
  readonly reader: Reader;
  readonly insertion: number;
}

/**
 * The readers of this workstation, and the cards on them.
 *
 * Dispatches `connected` and `disconnected`, and, with the scope `events`, `card-inserted`,
 * `card-removed`, `reader-added` and `reader-removed` as {@link ReaderEvent}.
 */
export class Kazashi extends KazashiEventTarget {
  readonly #host: Host;
  readonly #signal: AbortSignal;
  readonly #changed = new Happening();
  #places = new Map<string, Place>();
  #insertions = 0;
  #isConnected = true;

  /** Pages call `connect`. This watches a host until the signal aborts. */
  static async open(host: Host, signal: AbortSignal): Promise<Kazashi> {
    const kazashi = new Kazashi(host, signal);
    await withCode(host.watch((event) => void kazashi.#happened(event), signal));
    await withCode(kazashi.#look());
    return kazashi;
  }

  private constructor(host: Host, signal: AbortSignal) {
    super();
    this.#host = host;
    this.#signal = signal;
    // Outside of pages there is nothing that hides.
    globalThis.document?.addEventListener("visibilitychange", () => this.#changed.happen(), {
      signal,
    });
  }

  /** The readers as they are now; none while disconnected. */
  get readers(): readonly Reader[] {
    return this.#isConnected ? Array.from(this.#places.values(), ({ reader }) => reader) : [];
  }

  /** What this origin may do. */
  get scopes(): readonly Scope[] {
    return this.#host.scopes;
  }

  /**
   * Waits for a card and takes the lease on its reader. A card that is there already will do. While
   * the page is hidden, the bridge away, the reader empty or busy, it goes on waiting.
   *
   * @throws KazashiError `aborted` or `timeout`, by the signal here or the one given to `connect`;
   * `not-permitted`.
   */
  async card(options: CardOptions = {}): Promise<Card> {
    return await this.#next(options.reader, this.#until(options.signal), new Map());
  }

  /**
   * Hands out one card after another, each for one turn of the loop, after which it is released. A
   * card has one turn for each time that it is put on the reader (another one, should the bridge
   * start anew): to try again, its holder puts it there again. Ends when the signal here or the one given to `connect` aborts.
   *
   * @throws KazashiError `not-permitted`, also without the scope `events`.
   */
  async *cards(options: CardOptions = {}): AsyncGenerator<Card, void, void> {
    if (!this.#isTold) throw new KazashiError("not-permitted");
    const signal = this.#until(options.signal);
    const served = new Map<string, number>();
    while (!signal.aborted) {
      let card: Card;
      try {
        card = await this.#next(options.reader, signal, served);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      try {
        yield card;
      } finally {
        await card.release();
      }
    }
  }

  /** Whether the host tells of readers and cards. */
  get #isTold(): boolean {
    return this.#host.scopes.includes("events");
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([this.#signal, signal]) : this.#signal;
  }

  /** Waits for a card whose insertion is not among those `served`, and puts it there. */
  async #next(
    reader: string | undefined,
    signal: AbortSignal,
    served: Map<string, number>,
  ): Promise<Card> {
    for (;;) {
      if (signal.aborted) throw abortError(signal);
      if (!this.#isTold) await unlessPassing(this.#look());
      const places = this.#inReach().filter(
        (place) =>
          (reader ?? place.reader.id) === place.reader.id &&
          served.get(place.reader.id) !== place.insertion,
      );
      for (const place of places) {
        const card = await this.#acquire(place.reader.id, signal);
        if (!card) continue;
        served.set(place.reader.id, place.insertion);
        return card;
      }
      const isWorthTrying = places.length > 0 || !this.#isTold;
      await this.#changed.next(signal, isWorthTrying ? RETRY : undefined);
    }
  }

  /** Where a card is or, for all that is known, may be. Only a visible page reaches for cards. */
  #inReach(): Place[] {
    const isVisible = globalThis.document?.visibilityState !== "hidden";
    if (!isVisible || !this.#isConnected) return [];
    return [...this.#places.values()].filter(({ reader }) => reader.cardPresent !== false);
  }

  async #acquire(reader: string, signal: AbortSignal): Promise<Card | undefined> {
    const acquiring = this.#host.acquire(reader);
    try {
      const channel = await unlessPassing(unlessAborted(acquiring, signal));
      return channel && new Card(channel, this.#signal);
    } catch (error) {
      // A lease that comes too late is nobody's.
      if (signal.aborted) acquiring.then((channel) => channel.release()).catch(() => {});
      throw error;
    }
  }

  /** Sees which readers and cards there are. */
  async #look(): Promise<void> {
    const readers = await this.#host.readers();
    const places = new Map<string, Place>();
    for (const reader of readers) {
      const before = this.#places.get(reader.id);
      const hasStayed = before?.reader.cardPresent && reader.cardPresent;
      places.set(reader.id, hasStayed ? { ...before, reader } : this.#place(reader));
    }
    this.#places = places;
  }

  #place(reader: Reader): Place {
    this.#insertions += 1;
    return { reader, insertion: this.#insertions };
  }

  async #happened(event: HostEvent): Promise<void> {
    switch (event.type) {
      case "reader-added":
      case "card-inserted":
        this.#places.set(event.reader.id, this.#place(event.reader));
        this.dispatchEvent(new ReaderEvent(event.type, event.reader));
        break;
      case "reader-removed":
      case "card-removed": {
        const { atr: _, ...known } = this.#places.get(event.reader)?.reader ?? { id: event.reader };
        const reader = { ...known, cardPresent: false };
        if (event.type === "card-removed") this.#places.set(reader.id, this.#place(reader));
        else this.#places.delete(reader.id);
        this.dispatchEvent(new ReaderEvent(event.type, reader));
        break;
      }
      case "disconnected":
        this.#isConnected = false;
        this.dispatchEvent(new Event(event.type));
        break;
      case "connected":
        // If this fails, the connection is gone again, and the host will say so.
        await this.#look().catch(() => {});
        this.#isConnected = true;
        this.dispatchEvent(new Event(event.type));
        break;
    }
    this.#changed.happen();
  }
}

/** Waits for a promise. `undefined` if it fails in a way that passes. */
async function unlessPassing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await withCode(promise);
  } catch (error) {
    if (error instanceof KazashiError && PASSING.has(error.code)) return undefined;
    throw error;
  }
}
