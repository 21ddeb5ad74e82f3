import { vi } from "vitest";
import type { Channel, Host, HostEvent, Reader, Scope } from "../src/index.js";
import { KazashiError } from "../src/index.js";

/** A channel of which a test sees and decides everything. */
export class FakeChannel implements Channel {
  readonly version = "fake 1.0";
  readonly unsupported: boolean;
  readonly lost = new AbortController();
  readonly signal: AbortSignal = this.lost.signal;
  readonly ask = vi.fn<Channel["ask"]>();
  readonly release = vi.fn<Channel["release"]>(async () => {});

  constructor(unsupported = false) {
    this.unsupported = unsupported;
  }
}

/** A host with readers that cards are put on and taken off. */
export class FakeHost implements Host {
  scopes: Scope[] = ["events", "authenticate"];
  /** Why readers cannot be leased, in turn; then they can. */
  readonly refusals: ConstructorParameters<typeof KazashiError>[0][] = [];
  readonly channels: FakeChannel[] = [];
  /** The readers on which lies what is no My Number Card. */
  readonly foreign = new Set<string>();
  readonly acquire = vi.fn<Host["acquire"]>(async (reader) => {
    const refusal = this.refusals.shift();
    if (refusal) throw new KazashiError(refusal);
    const channel = new FakeChannel(this.foreign.has(reader));
    this.channels.push(channel);
    return channel;
  });
  readonly watch = vi.fn<Host["watch"]>(async (listener) => {
    this.#listener = listener;
  });
  #readers: Reader[];
  #insertions = 0;
  #listener: (event: HostEvent) => void = () => {};

  constructor(...readers: Reader[]) {
    this.#readers = readers;
  }

  async readers(): Promise<Reader[]> {
    return this.#readers;
  }

  insert(id: string): void {
    this.#insertions += 1;
    const reader = { id, cardPresent: true, insertion: `insertion ${this.#insertions}` };
    this.#tell({ type: "card-inserted", reader: this.#set(reader) });
  }

  remove(reader: string): void {
    this.#set({ id: reader, cardPresent: false });
    this.#tell({ type: "card-removed", reader });
  }

  plug(id: string): void {
    this.#tell({ type: "reader-added", reader: this.#set({ id, cardPresent: false }) });
  }

  unplug(reader: string): void {
    this.#readers = this.#readers.filter(({ id }) => id !== reader);
    this.#tell({ type: "reader-removed", reader });
  }

  free(reader: string): void {
    this.#tell({ type: "reader-free", reader });
  }

  disconnect(): void {
    this.#tell({ type: "disconnected" });
  }

  connect(...readers: Reader[]): void {
    this.#readers = readers;
    this.#tell({ type: "connected" });
  }

  #set(reader: Reader): Reader {
    this.#readers = [...this.#readers.filter(({ id }) => id !== reader.id), reader];
    return reader;
  }

  #tell(event: HostEvent): void {
    this.#listener(event);
  }
}
