import type { Kazashi } from "kazashi";

const PREFIX = "kazashi-gate-served:1:";
/** How many stays are remembered: more than a workstation has readers and tabs. */
const MOST = 20;

/**
 * The stays of cards on which the gate of an event has decided, by the names that the bridge gives them
 * (`Reader.insertion`). A card that stays on the reader is not judged a second time by a page that is loaded anew,
 * nor by another tab.
 */
export class Served {
  readonly #storage: Storage;
  readonly #key: string;
  /** Those of this lane, in which `cards()` sees to it. */
  readonly #own = new Set<string>();

  constructor(storage: Storage, event: string) {
    this.#storage = storage;
    this.#key = PREFIX + event;
  }

  /** Whether all these stays were judged elsewhere, if there are any. */
  has(stays: readonly string[]): boolean {
    const elsewhere = this.#all().filter((stay) => !this.#own.has(stay));
    return stays.length > 0 && stays.every((stay) => elsewhere.includes(stay));
  }

  /** Remembers them. A browser without room for that has them judged again. */
  add(stays: readonly string[]): void {
    for (const stay of stays) this.#own.add(stay);
    try {
      const all = [...new Set([...stays, ...this.#all()])].slice(0, MOST);
      this.#storage.setItem(this.#key, JSON.stringify(all));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }

  #all(): string[] {
    return JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
  }
}

/** The stays of the cards that are there. */
export function staysIn(readers: Kazashi["readers"]): string[] {
  return readers.flatMap(({ cardPresent, insertion }) => (cardPresent && insertion) || []);
}
