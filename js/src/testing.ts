/**
 * A virtual My Number Card, for tests and demonstrations without hardware: in the page or in Node,
 * with the readers, events, leases and errors that the bridge gives.
 *
 * @module
 */

import { unlessAborted } from "./abort.js";
import { KazashiError, withCode } from "./error.js";
import type { ErrorCode } from "./error-codes.js";
import type {
  BasicAttributes,
  Channel,
  CvAuthority,
  Hash,
  Host,
  HostEvent,
  Key,
  PinEntry,
  PinReference,
  Reader,
  Scope,
  Signed,
  Terminal,
  TerminalRequest,
} from "./host.js";
import { moduleFile, once } from "./module-file.js";
import init, * as wasm from "./wasm/testing.js";

export type { CvAuthority };
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
}

/** What the person is shown who is asked for a PIN. */
export interface PinPrompt {
  /** Who asks. */
  readonly origin: string;
  /** What for: to sign in, to read what the PIN opens, or to sign the document. */
  readonly purpose: "sign-in" | "read" | "sign";
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
export async function cardSurfaceAuthority(): Promise<CvAuthority> {
  await load();
  return wasm.cardSurfaceAuthority();
}

/**
 * The public key (Ed25519, 32 bytes in base64) by which every virtual host vouches for the challenges
 * of its cards: what a test enrols at the signer of its own server. The private key is public.
 */
export const virtualBridgeKey: string = "ntyuD3FU2d5IpLEYjm/okXMng2zuV0tV9RUxnE785Bg=";

/**
 * An institution that the virtual cards trust (those of `foreign-root` do not), together with its
 * server, for `card.authenticatePinless`. It signs for this nonce, for pages of this origin; left out,
 * that is the one that {@link virtualHost} takes.
 *
 * @throws KazashiError `module-unavailable`.
 */
export async function virtualTerminal(
  nonce: string,
  origin: string = defaultOrigin(),
): Promise<Terminal> {
  await load();
  const sign = (request: TerminalRequest) => wasm.signAsTerminal(request, origin, nonce);
  return {
    certificates: wasm.terminalCertificates(),
    sign: (request) => withCode(Promise.resolve(request).then(sign)),
  };
}

/** A host with one reader, and a card of this kind on it. */
export function virtualHost(
  kind: CardKind = "normal",
  options: VirtualHostOptions = {},
): VirtualHost {
  const host = new VirtualReaders(options);
  host.addReader();
  host.insert(kind);
  return host;
}

const EVERYTHING: readonly Scope[] = [
  "events",
  "reader",
  "user-certificate",
  "authenticate",
  "authenticate-pinless",
  "card-presence",
  "card-face",
  "attributes",
  "sign",
  "page-pin",
];

function defaultOrigin(): string {
  const page = globalThis.location?.origin;
  // Files have the origin "null".
  return page && page !== "null" ? page : "https://virtual.example";
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
  readonly #askPin: VirtualHostOptions["askPin"];
  readonly #readers = new Map<string, VirtualReader>();
  readonly #listeners = new Set<(event: HostEvent) => void>();
  #added = 0;

  constructor({ origin = defaultOrigin(), scopes = EVERYTHING, askPin }: VirtualHostOptions) {
    this.#origin = origin;
    this.scopes = scopes;
    this.#askPin = askPin;
  }

  insert(kind?: CardKind, id?: string): void {
    const reader = this.#reader(id);
    const inserted = kind ?? reader.kind;
    if (!cardKinds.includes(inserted)) {
      throw new KazashiError("invalid-request", { message: "there is no card of this kind" });
    }
    this.#takeOff(reader);
    reader.kind = inserted;
    reader.hasCard = true;
    this.#tell(() => ({ type: "card-inserted", reader: this.#shown(reader) }));
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

  async watch(listener: (event: HostEvent) => void, signal: AbortSignal): Promise<void> {
    await load();
    if (signal.aborted || !this.scopes.includes("events")) return;
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }

  async acquire(id: string): Promise<Channel> {
    await load();
    const reader = this.#reader(id);
    if (!reader.hasCard) throw new KazashiError("no-smartcard");
    if (reader.lease?.isHeld) throw new KazashiError("reader-busy");
    reader.lease?.lose("lease-lost");
    const card = this.#card(reader);
    const askPin = this.#askPin ?? (({ reference }) => card.pin(reference));
    reader.lease = new Lease(card.lease(this.#origin, this.scopes), askPin);
    return reader.lease;
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
      ...(this.scopes.includes("events") && { cardPresent: hasCard }),
      ...(this.scopes.includes("reader") && {
        name: "Kazashi virtual card",
        ...(hasCard && { atr: this.#card(reader).atr }),
      }),
    };
  }

  /** Whoever listens has the module loaded, which describes the card. */
  #tell(event: () => HostEvent): void {
    for (const listener of this.#listeners) listener(event());
  }
}

/** A lease on a reader, of which the card stays there as long. */
class Lease implements Channel {
  readonly version: string;
  readonly signal: AbortSignal;
  readonly #channel: wasm.VirtualChannel;
  readonly #ask: (prompt: wasm.Prompt) => Promise<string | undefined>;
  readonly #lost = new AbortController();
  /** Aborts also when the lease is given back. */
  readonly #over = new AbortController();
  #inUse = 0;
  #lastUsed = performance.now();

  constructor(channel: wasm.VirtualChannel, askPin: NonNullable<VirtualHostOptions["askPin"]>) {
    this.version = channel.version;
    this.signal = this.#lost.signal;
    this.#channel = channel;
    this.#ask = async (prompt) => {
      const { signal } = this.#over;
      return await unlessAborted(Promise.resolve(askPin({ ...prompt, signal })), signal);
    };
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

  async transmit(command: Uint8Array): Promise<Uint8Array> {
    return await this.#use(async (channel) => channel.transmit(command));
  }

  async verifyPin(reference: PinReference, value?: string): Promise<void> {
    await this.#use((channel) => channel.verifyPin(reference, value, this.#ask));
  }

  async verifyBirthDate(birthDate: string): Promise<void> {
    await this.#use(async (channel) => channel.verifyBirthDate(birthDate));
  }

  async verifyNumberB(birthDate: string, expiryYear: string, securityCode: string): Promise<void> {
    await this.#use(async (channel) => channel.verifyNumberB(birthDate, expiryYear, securityCode));
  }

  async signChallenge(key: Key, nonce: string, pin?: PinEntry): Promise<Uint8Array> {
    return await this.#use((channel) => channel.signChallenge(key, nonce, pin, this.#ask));
  }

  async terminalRequest(nonce: string): Promise<TerminalRequest> {
    return await this.#use(async (channel) => channel.terminalRequest(nonce));
  }

  async terminalSign(nonce: string, signature: Uint8Array): Promise<Uint8Array> {
    return await this.#use(async (channel) => channel.terminalSign(nonce, signature));
  }

  async sign(title: string, hash: Hash, digest: Uint8Array): Promise<Signed> {
    return await this.#use((channel) => channel.sign(title, hash, digest, this.#ask));
  }

  async readAttributes(pin?: PinEntry): Promise<BasicAttributes> {
    return await this.#use((channel) => channel.readAttributes(pin, this.#ask));
  }

  async release(): Promise<void> {
    await this.#use(async () => this.#end(new KazashiError("lease-lost")));
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
const load = once(() => {
  const url = new URL("./wasm/testing_bg.wasm", import.meta.url);
  return init({ module_or_path: moduleFile(url) });
});
