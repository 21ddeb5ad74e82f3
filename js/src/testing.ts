/**
 * A virtual My Number Card, for tests and demonstrations without hardware: in the page or in Node,
 * with the readers, events, leases and errors that the bridge gives.
 *
 * @module
 */

import { unlessAborted } from "./abort.js";
import { argument, callable, list, maybe, only, parts, signal, text } from "./check.js";
import { loader } from "./configure.js";
import type { CvKey } from "./cv-key.js";
import { KazashiError, withCode } from "./error.js";
import type { ErrorCode } from "./generated/codes.js";
import { scopes as everyScope } from "./generated/types.js";
import type {
  CardAnswer,
  CardRequest,
  Channel,
  Hash,
  Host,
  HostEvent,
  PinReference,
  Reader,
  Scope,
  Terminal,
} from "./host.js";
import init, * as wasm from "./wasm/testing.js";

export { type Configuration, configure, type ModuleSource, type Modules } from "./configure.js";
export type { CvKey };
export { KazashiError };

/**
 * What kind of card it is. All have the PIN `1234` and the password `ABC123`, where these are set,
 * and all but `another-person`, born on 1995-02-17, belong to one person, born on 1980-02-17.
 *
 * - `normal`: both certificates, both PINs.
 * - `without-pins`: 顔認証マイナンバーカード, of which the PINs were never set.
 * - `blocked`: no tries are left for either PIN, nor for the birth date.
 * - `without-signature-certificate`: as for a child.
 * - `expired`: its certificates are no longer valid.
 * - `foreign-root`: its certificates come from authorities of the right names with other keys, and
 *   it trusts institutions of another such authority.
 * - `short`: it knows neither extended length fields nor short EF identifiers.
 * - `unsupported`: no My Number Card.
 */
export type CardKind =
  | "normal"
  | "another-person"
  | "without-pins"
  | "blocked"
  | "without-signature-certificate"
  | "expired"
  | "foreign-root"
  | "short"
  | "unsupported";

/** Every kind, for a page that lets people choose. */
export const cardKinds: readonly CardKind[] = [
  "normal",
  "another-person",
  "without-pins",
  "blocked",
  "without-signature-certificate",
  "expired",
  "foreign-root",
  "short",
  "unsupported",
];

/** What a virtual host is like. */
export interface VirtualHostOptions {
  /** The page's origin; `https://virtual.example` where there is no page. */
  readonly origin?: string | undefined;
  /** What the origin may do; everything if left out. */
  readonly scopes?: readonly Scope[] | undefined;
  /**
   * Types PINs in place of the person; `undefined` closes the dialog. What it throws, the page's call
   * throws. If left out, the right PIN is typed.
   */
  readonly askPin?:
    | ((prompt: PinPrompt) => string | undefined | Promise<string | undefined>)
    | undefined;
  /**
   * Says in place of the person whether one of few tries may be spent on what the page knows of the
   * card. If left out, it may.
   */
  readonly confirmTry?: ((prompt: TryPrompt) => boolean | Promise<boolean>) | undefined;
}

/** What the person is shown who is asked for a PIN. */
export interface PinPrompt {
  /** Who asks. */
  readonly origin: string;
  /** What for. The bridge has words for each. */
  readonly purpose: "sign-in" | "read-certificate" | "read-attributes" | "sign";
  readonly reference: PinReference;
  /** How many tries the card still gives. The bridge warns of the last one. */
  readonly retriesLeft: number;
  /** What was typed before cannot be a PIN. After the third time it is `pin-malformed`. */
  readonly malformed: boolean;
  /** What is to be signed; the digest in hexadecimal. */
  readonly document?: { readonly title: string; readonly hash: Hash; readonly digest: string };
  /** Aborts when nobody waits for the PIN any more: the card is gone, or was released. */
  readonly signal: AbortSignal;
}

/** What the person is shown who is asked whether one of fewer than three tries may be spent. */
export interface TryPrompt {
  /** Who asks. */
  readonly origin: string;
  /** What is to be compared with the card. */
  readonly reference: "birth-date" | "verification-number-b";
  readonly retriesLeft: number;
  /** Aborts when nobody waits for the answer any more: the card is gone, or was released. */
  readonly signal: AbortSignal;
}

/** Readers on which virtual cards are put. A card keeps its retry counters for as long as its host lives. */
export interface VirtualHost extends Host {
  /** Puts a card on a reader: the one of this kind, or the one that was there last. Takes off another. */
  insert(kind?: CardKind, reader?: string): void;
  /** Takes the card off a reader. */
  remove(reader?: string): void;
  /** Connects another reader, on which there is no card. Returns its `id`. */
  addReader(): string;
  /** Disconnects a reader. Where none is named, here and above, it is the first that there is. */
  removeReader(reader?: string): void;
}

/**
 * A moment at which the certificates are valid, for a test that must not depend on today's date.
 * They are from April 2025 to February 2045; those of `expired` were until April 2025.
 */
export const now: Date = new Date("2026-04-01T00:00:00Z");

/**
 * The certificates (DER) of the authorities that issued the virtual cards, for `kazashi/verify`. It
 * needs `acceptTestHierarchy` too. Their keys are public: trust them in tests only.
 *
 * @throws KazashiError `module-unavailable`.
 */
export async function authorities(): Promise<Uint8Array[]> {
  await load();
  return wasm.authorities();
}

/**
 * The root of the certificates on the surfaces of the virtual cards, for a server that verifies
 * presence proofs. Its key is public: trust it in tests only.
 *
 * @throws KazashiError `module-unavailable`.
 */
export async function cardSurfaceAuthority(): Promise<CvKey> {
  await load();
  return wasm.cardSurfaceAuthority();
}

/**
 * The public key (Ed25519, 32 bytes in base64) by which every virtual host vouches for what its
 * cards did: what a test enrols at its own server. The private key is public.
 */
export const virtualBridgeKey: string = "ntyuD3FU2d5IpLEYjm/okXMng2zuV0tV9RUxnE785Bg=";

/**
 * An institution that the virtual cards trust (those of `foreign-root` do not), together with its
 * server, for `card.authenticatePinless`. It signs for this nonce, for pages of this origin; left out,
 * that is the one that {@link virtualHost} takes.
 *
 * @throws KazashiError `module-unavailable`; `invalid-request` for an argument that is none.
 */
export async function virtualTerminal(
  nonce: string,
  origin: string = defaultOrigin(),
): Promise<Terminal> {
  argument("nonce", text, nonce);
  argument("origin", text, origin);
  await load();
  return {
    certificates: wasm.terminalCertificates(),
    sign: async (word) => {
      argument("word", text, word);
      return await withCode((async () => wasm.signAsTerminal(word, origin, nonce))());
    },
  };
}

/**
 * A host with one reader, and a card of this kind on it.
 *
 * @throws KazashiError `invalid-request` for an argument that is none.
 */
export function virtualHost(
  kind: CardKind = "normal",
  options: VirtualHostOptions = {},
): VirtualHost {
  const host = new VirtualReaders(argument("options", optionsIn, options));
  host.addReader();
  host.insert(kind);
  return host;
}

/** What a page under test may do unless it is said otherwise: all but what is for developers. */
const EVERYTHING: readonly Scope[] = everyScope.filter((scope) => scope !== "raw-apdu");

function defaultOrigin(): string {
  const page = globalThis.location?.origin;
  // Files have the origin "null".
  return page && page !== "null" ? page : "https://virtual.example";
}

const optionsIn = parts<VirtualHostOptions>({
  origin: maybe(text),
  scopes: maybe(list(only<Scope>((it) => everyScope.includes(it)))),
  askPin: maybe(callable<Person["askPin"]>),
  confirmTry: maybe(callable<Person["confirmTry"]>),
});

/** Takes an object as JSON would write it. */
function plain<T>(value: unknown): T {
  return JSON.parse(text(JSON.stringify(value)));
}

/** A lease that nobody used for so many milliseconds can be taken by another page. */
const IDLE = 30_000;

interface VirtualReader {
  readonly id: string;
  /** By their kinds, the cards that were on it and of which something was asked. */
  readonly cards: Map<CardKind, wasm.VirtualCard>;
  kind: CardKind;
  hasCard: boolean;
  lease?: Lease;
}

class VirtualReaders implements VirtualHost {
  readonly scopes: readonly Scope[];
  readonly #origin: string;
  readonly #options: VirtualHostOptions;
  readonly #readers = new Map<string, VirtualReader>();
  readonly #listeners = new Set<(event: HostEvent) => void>();
  /** Readers that were asked for in vain, of which nothing was told since. */
  readonly #awaited = new Set<string>();
  /** Pauses after what failed, whatever the card: made once the module is there. */
  #madeTries: wasm.Tries | undefined;
  #added = 0;

  constructor(options: VirtualHostOptions) {
    this.#origin = options.origin ?? defaultOrigin();
    this.scopes = options.scopes ?? EVERYTHING;
    this.#options = options;
  }

  insert(kind?: CardKind, id?: string): void {
    const reader = this.#reader(id);
    const inserted = kind === undefined ? reader.kind : kind;
    if (!cardKinds.includes(inserted)) {
      throw new KazashiError("invalid-request", { message: "there is no card of this kind" });
    }
    this.#takeOff(reader);
    reader.kind = inserted;
    reader.hasCard = true;
    this.#tell(() => ({ type: "card-inserted", reader: this.#shown(reader) }));
    if (!this.scopes.includes("events")) this.#isFree(reader);
  }

  remove(id?: string): void {
    this.#takeOff(this.#reader(id));
  }

  addReader(): string {
    this.#added += 1;
    const id = `virtual-${this.#added}`;
    const reader: VirtualReader = { id, cards: new Map(), kind: "normal", hasCard: false };
    this.#readers.set(id, reader);
    this.#tell(() => ({ type: "reader-added", reader: this.#shown(reader) }));
    return id;
  }

  removeReader(id?: string): void {
    const reader = this.#reader(id);
    this.#readers.delete(reader.id);
    reader.cards.get(reader.kind)?.remove();
    reader.lease?.lose("unknown-reader");
    this.#tell(() => ({ type: "reader-removed", reader: reader.id }));
  }

  async readers(): Promise<Reader[]> {
    await load();
    return Array.from(this.#readers.values(), (reader) => this.#shown(reader));
  }

  async watch(listener: (event: HostEvent) => void, until: AbortSignal): Promise<void> {
    argument("listener", callable, listener);
    argument("signal", signal, until);
    await load();
    if (until.aborted) return;
    this.#listeners.add(listener);
    until.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }

  async acquire(id: string): Promise<Channel> {
    await load();
    const reader = this.#reader(argument("reader", text, id));
    if (!reader.hasCard || reader.lease?.isHeld) {
      this.#awaited.add(reader.id);
      throw new KazashiError(reader.hasCard ? "reader-busy" : "no-smartcard");
    }
    reader.lease?.lose("lease-lost");
    const card = this.#card(reader);
    const { askPin = ({ reference }) => card.pin(reference), confirmTry = () => true } =
      this.#options;
    const channel = card.lease(this.#tries(), this.#origin, this.scopes);
    const person = { askPin, confirmTry };
    reader.lease = new Lease(channel, person, () => this.#isFree(reader));
    return reader.lease;
  }

  #tries(): wasm.Tries {
    this.#madeTries ??= new wasm.Tries();
    return this.#madeTries;
  }

  #takeOff(reader: VirtualReader): void {
    if (!reader.hasCard) return;
    reader.hasCard = false;
    reader.cards.get(reader.kind)?.remove();
    reader.lease?.lose("removed-card");
    this.#tell(() => ({ type: "card-removed", reader: reader.id }));
  }

  #reader(id: string | undefined): VirtualReader {
    const [first] = this.#readers.values();
    const reader = id === undefined ? first : this.#readers.get(id);
    if (!reader) throw new KazashiError("unknown-reader");
    return reader;
  }

  #card({ cards, kind }: VirtualReader): wasm.VirtualCard {
    const card = cards.get(kind) ?? new wasm.VirtualCard(kind);
    cards.set(kind, card);
    return card;
  }

  /** The reader, as far as the origin may know it. */
  #shown(reader: VirtualReader): Reader {
    const { id, hasCard } = reader;
    return {
      id,
      ...(this.scopes.includes("events") && {
        cardPresent: hasCard,
        ...(hasCard && { insertion: this.#card(reader).insertion }),
      }),
      ...(this.scopes.includes("reader") && {
        name: "Kazashi virtual card",
        ...(hasCard && { atr: this.#card(reader).atr }),
      }),
    };
  }

  /** Whoever listens has the module loaded, which describes the card. */
  #tell(event: () => HostEvent): void {
    if (!this.scopes.includes("events")) return;
    for (const listener of this.#listeners) listener(event());
  }

  /** Tells whoever asked for this reader in vain. */
  #isFree({ id }: VirtualReader): void {
    if (!this.#awaited.delete(id)) return;
    for (const listener of this.#listeners) listener({ type: "reader-free", reader: id });
  }
}

type Person = Required<{ [P in "askPin" | "confirmTry"]: NonNullable<VirtualHostOptions[P]> }>;

/** A lease on a reader, of which the card stays there as long. */
class Lease implements Channel {
  readonly version: string;
  readonly unsupported: boolean;
  readonly signal: AbortSignal;
  readonly #channel: wasm.VirtualChannel;
  readonly #person: Person;
  readonly #onRelease: () => void;
  readonly #lost = new AbortController();
  /** Aborts also when the lease is given back. */
  readonly #over = new AbortController();
  #inUse = 0;
  #lastUsed = performance.now();

  constructor(channel: wasm.VirtualChannel, person: Person, onRelease: () => void) {
    this.#onRelease = onRelease;
    this.version = channel.version;
    this.unsupported = channel.unsupported;
    this.signal = this.#lost.signal;
    this.#channel = channel;
    this.#person = person;
  }

  /** Whether no other page can have it. */
  get isHeld(): boolean {
    const isFresh = this.#inUse > 0 || performance.now() - this.#lastUsed < IDLE;
    return isFresh && !this.#over.signal.aborted;
  }

  lose(code: ErrorCode): void {
    const error = new KazashiError(code);
    this.#end(error);
    this.#lost.abort(error);
  }

  async ask(request: CardRequest): Promise<CardAnswer> {
    const given = argument("request", plain<CardRequest>, request);
    const { askPin, confirmTry } = this.#person;
    const [typed, agreed] = [this.#answered(askPin), this.#answered(confirmTry)];
    return await this.#use((channel) => channel.ask(given, typed, agreed));
  }

  /** The person's answer, for as long as somebody waits for it. */
  #answered<P, A>(ask: (prompt: P) => A | Promise<A>) {
    const { signal } = this.#over;
    return async (prompt: Omit<P, "signal">): Promise<A> =>
      await unlessAborted(Promise.resolve(ask({ ...prompt, signal } as P)), signal);
  }

  async release(): Promise<void> {
    await this.#use(async () => this.#end(new KazashiError("lease-lost")));
    this.#onRelease();
  }

  async #use<T>(work: (channel: wasm.VirtualChannel) => Promise<T>): Promise<T> {
    if (this.#over.signal.aborted) throw new KazashiError("lease-lost");
    this.#inUse += 1;
    try {
      return await withCode(work(this.#channel));
    } finally {
      this.#inUse -= 1;
      this.#lastUsed = performance.now();
    }
  }

  #end(reason: KazashiError): void {
    this.#channel.release();
    this.#over.abort(reason);
  }
}

/** Loads the module. */
const load = loader("testing", () => new URL("./wasm/testing_bg.wasm", import.meta.url), init);
