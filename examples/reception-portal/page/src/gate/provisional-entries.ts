import type { ProvisionalEntry, ProvisionalOutcome } from "../api.ts";

/** A visitor whom the gate let in by its list, and of whom the server is yet to be told. */
export interface KeptEntry extends Omit<ProvisionalEntry, "certificate"> {
  readonly event: string;
  /** Why the server would not have let the visitor in. It was told; the staff have yet to see it. */
  readonly refusal?: ProvisionalOutcome;
  /** It was a mistake: when the server knows of it, it is given back. */
  readonly isGivenBack?: true;
}

const PREFIX = "kazashi-gate:1:";

/**
 * The entries that the gate answers for until the server knows them.
 *
 * They are kept in `localStorage`, the simplest store that outlives a reload and a closed tab: it
 * writes before the gate turns green, with no transaction to wait for. Each entry has a key of its own, so that
 * two gates in one browser do not overwrite each other's. What is kept is the number of a ticket and a time,
 * and nothing of the card: the certificate, by which the server judges afterwards, is in the memory of the page only.
 */
export class ProvisionalEntries {
  readonly #storage: Storage;
  readonly #certificates = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Those of which the server does not know, oldest first. */
  get waiting(): KeptEntry[] {
    return this.#all().filter(({ refusal }) => !refusal);
  }

  /** Those that the server would have refused, oldest first, until the staff have seen them. */
  get refused(): KeptEntry[] {
    return this.#all().filter(({ refusal }) => refusal);
  }

  /** Keeps an entry. Throws if the browser has no room for it: then the visitor must not be let in. */
  keep(entry: KeptEntry, certificate?: Uint8Array<ArrayBuffer>): void {
    this.#storage.setItem(PREFIX + entry.id, JSON.stringify(entry));
    if (certificate) this.#certificates.set(entry.id, certificate);
    if (entry.refusal) this.#certificates.delete(entry.id);
  }

  /** The certificate of the card that was there; `undefined` if the page was loaded anew since. */
  certificate(id: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#certificates.get(id);
  }

  /** Lets go of an entry: the server agrees, or the staff have seen that it does not. */
  drop(id: string): void {
    this.#storage.removeItem(PREFIX + id);
    this.#certificates.delete(id);
  }

  #all(): KeptEntry[] {
    const entries: KeptEntry[] = [];
    for (let index = 0; index < this.#storage.length; index += 1) {
      const key = this.#storage.key(index);
      if (!key?.startsWith(PREFIX)) continue;
      entries.push(JSON.parse(this.#storage.getItem(key) ?? "null"));
    }
    return entries.sort((one, other) => compare(one.at, other.at) || compare(one.id, other.id));
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
