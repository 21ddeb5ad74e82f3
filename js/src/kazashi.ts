/// <reference lib="esnext.disposable" preserve="true" />
import { abortError, following, Happening, unlessAborted } from "./abort.js";
import { Card } from "./card.js";
import { argument, list, maybe, only, signal, take, text } from "./check.js";
import { KazashiError, withCode } from "./error.js";
import { KazashiEventTarget, ReaderEvent } from "./events.js";
import type { ErrorCode } from "./generated/codes.js";
import type { Channel, Host, HostEvent, Reader, Scope } from "./host.js";

/**
 * How soon a reader that could not be leased is tried again while the host tells nothing, in
 * milliseconds: the pause doubles each time. It tells when a page gives a reader back, not when another
 * program does.
 */
const RETRY = 500;
const LONGEST_RETRY = 8_000;

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

const readersIn = list(only<Reader>((it) => typeof it.id === "string"));
const CARD = { reader: maybe(text), signal: maybe(signal) };

/**
 * The readers of this workstation, and the cards on them.
 *
 * Dispatches `connected` and `disconnected`, and, with the scope `events`, `card-inserted`,
 * `card-removed`, `reader-added` and `reader-removed` as {@link ReaderEvent}.
 */
export class Kazashi extends KazashiEventTarget {
  readonly #host: Host;
  readonly #closing: AbortController;
  readonly #signal: AbortSignal;
  readonly #changed = new Happening();
  #readers = new Map<string, Reader>();
  #isConnected = true;
  /** How often the host said that the connection came or went. */
  #connections = 0;
  #shown: readonly Reader[] = [];

  /** Pages call `connect`. This watches a host until it is closed. */
  static async open(host: Host, closing: AbortController): Promise<Kazashi> {
    const kazashi = new Kazashi(host, closing);
    await withCode(host.watch((event) => void kazashi.#happened(event), closing.signal));
    await withCode(kazashi.#look());
    return kazashi;
  }

  private constructor(host: Host, closing: AbortController) {
    super();
    const { signal } = closing;
    this.#host = host;
    this.#closing = closing;
    this.#signal = signal;
    // Outside of pages there is nothing that hides.
    globalThis.document?.addEventListener("visibilitychange", () => this.#changed.happen(), {
      signal,
    });
  }

  /** Whether the bridge is there. A connection that was closed stays so; one that is lost comes back. */
  get state(): "connected" | "disconnected" | "closed" {
    if (this.#signal.aborted) return "closed";
    return this.#isConnected ? "connected" : "disconnected";
  }

  /** The readers as they are now; none unless connected. The same list until something changes. */
  get readers(): readonly Reader[] {
    const readers = this.state === "connected" ? [...this.#readers.values()] : [];
    if (JSON.stringify(readers) !== JSON.stringify(this.#shown)) this.#shown = readers;
    return this.#shown;
  }

  /** Closes the connection, and gives back what is leased. What waits for a card fails with `aborted`. */
  close(): void {
    this.#closing.abort();
  }

  /** For `using`. (A platform that does not know it calls this method `undefined`.) */
  [Symbol.dispose](): void {
    this.close();
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
    const { reader, signal } = take(CARD, options);
    const until = following(this.#signal, signal);
    try {
      return await this.#next(reader, until.signal, new Map());
    } finally {
      until.abort();
    }
  }

  /**
   * Hands out one card after another, each for one turn of the loop, after which it is released. A
   * card has one turn for each time that it is put on the reader, by its {@link Reader.insertion}, whether
   * the connection lasts or not: to try again, its holder puts it there again (or the bridge starts anew).
   * Ends when the connection is closed, the signal here aborts, or the loop is left.
   *
   * @throws KazashiError `not-permitted`, also without the scope `events`.
   */
  cards(options: CardOptions = {}): AsyncGenerator<Card, void, void> {
    const leaving = new AbortController();
    const turns = this.#turns(options, leaving.signal);
    const leave = turns.return.bind(turns);
    // By itself a generator that waits hears of it only once there is another card.
    turns.return = () => {
      leaving.abort();
      return leave();
    };
    return turns;
  }

  async *#turns(options: CardOptions, leaving: AbortSignal): AsyncGenerator<Card, void, void> {
    const { reader, signal } = take(CARD, options);
    if (!this.#isTold) throw new KazashiError("not-permitted");
    const until = following(this.#signal, signal, leaving);
    const served = new Map<string, unknown>();
    try {
      while (!until.signal.aborted) {
        let card: Card;
        try {
          card = await this.#next(reader, until.signal, served);
        } catch (error) {
          if (until.signal.aborted) return;
          throw error;
        }
        try {
          yield card;
        } finally {
          await card.release();
        }
      }
    } finally {
      until.abort();
    }
  }

  /** Whether the host tells of readers and cards. */
  get #isTold(): boolean {
    return this.#host.scopes.includes("events");
  }

  /** Waits for a card whose insertion is not among those `served`, and puts it there. */
  async #next(
    reader: string | undefined,
    signal: AbortSignal,
    served: Map<string, unknown>,
  ): Promise<Card> {
    let pause = RETRY;
    for (;;) {
      if (signal.aborted) throw abortError(signal);
      if (!this.#isTold) await unlessPassing(this.#look());
      const readers = this.#inReach().filter(
        (place) => (reader ?? place.id) === place.id && served.get(place.id) !== insertion(place),
      );
      const card = await this.#takeOne(readers, signal, served);
      if (card) return card;
      const isWorthTrying = readers.length > 0 || !this.#isTold;
      const isNew = await this.#changed.next(signal, isWorthTrying ? pause : undefined);
      pause = isNew ? RETRY : Math.min(2 * pause, LONGEST_RETRY);
    }
  }

  /** Where a card is or, for all that is known, may be. Only a visible page reaches for cards. */
  #inReach(): Reader[] {
    const isVisible = globalThis.document?.visibilityState !== "hidden";
    if (!isVisible || !this.#isConnected) return [];
    return [...this.#readers.values()].filter(({ cardPresent }) => cardPresent !== false);
  }

  /**
   * Takes a My Number Card. One of another kind, which may always lie beside, has its turn if nothing
   * else is there; otherwise it counts as served.
   */
  async #takeOne(
    readers: Reader[],
    signal: AbortSignal,
    served: Map<string, unknown>,
  ): Promise<Card | undefined> {
    const seen: Reader[] = [];
    let best: Card | undefined;
    let card: Card | undefined;
    try {
      for (const reader of readers) {
        const channel = await this.#acquire(reader.id, signal);
        if (!channel) continue;
        await best?.release();
        best = new Card(channel, reader, this.#signal);
        seen.push(reader);
        // A busy reader is waited for, rather than none that can be used.
        if (channel.unsupported && seen.length < readers.length) continue;
        for (const reader of seen) served.set(reader.id, insertion(reader));
        card = best;
        break;
      }
      return card;
    } finally {
      if (!card) await best?.release();
    }
  }

  async #acquire(reader: string, signal: AbortSignal): Promise<Channel | undefined> {
    const acquiring = this.#host.acquire(reader);
    try {
      return await unlessPassing(unlessAborted(acquiring, signal));
    } catch (error) {
      // A lease that comes too late is nobody's.
      if (signal.aborted) acquiring.then((channel) => channel.release()).catch(() => {});
      throw error;
    }
  }

  /** Sees which readers and cards there are. */
  async #look(): Promise<void> {
    const readers = argument("the host's list", readersIn, await this.#host.readers());
    this.#readers = new Map(readers.map((reader) => [reader.id, reader]));
  }

  async #happened(event: HostEvent): Promise<void> {
    switch (event.type) {
      case "reader-added":
      case "card-inserted":
        this.#readers.set(event.reader.id, event.reader);
        this.dispatchEvent(new ReaderEvent(event.type, event.reader));
        break;
      case "reader-removed":
      case "card-removed": {
        const before = this.#readers.get(event.reader) ?? { id: event.reader };
        const { atr: _, insertion: __, ...known } = before;
        const reader = { ...known, cardPresent: false };
        if (event.type === "card-removed") this.#readers.set(reader.id, reader);
        else this.#readers.delete(reader.id);
        this.dispatchEvent(new ReaderEvent(event.type, reader));
        break;
      }
      case "disconnected":
        this.#connections += 1;
        this.#isConnected = false;
        this.dispatchEvent(new Event(event.type));
        break;
      case "connected": {
        this.#connections += 1;
        const connection = this.#connections;
        const isGone = await this.#look().then(
          () => false,
          (error) => error?.code === "disconnected",
        );
        // In the meantime, of which the host tells by itself.
        if (isGone || connection !== this.#connections) return;
        this.#isConnected = true;
        this.dispatchEvent(new Event(event.type));
        break;
      }
    }
    this.#changed.happen();
  }
}

/** What tells one stay of a card from the next; where a host has no names for them, the report of it. */
function insertion(reader: Reader): unknown {
  return reader.insertion ?? reader;
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
