/** How many stays are remembered: more than a workstation has readers and tabs. */
const MOST = 20;

/**
 * Stays of cards that are dealt with, by the names that the bridge gives them (`Reader.insertion`), which mean
 * nothing else. All tabs of this browser know them, also after a reload.
 */
export class KnownStays {
  readonly #storage: Storage;
  readonly #key: string;

  constructor(storage: Storage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  get all(): readonly string[] {
    return JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
  }

  has(stay: string | undefined): boolean {
    return stay !== undefined && this.all.includes(stay);
  }

  /** Remembers them. A browser without room for that has their cards dealt with again. */
  add(stays: readonly string[]): void {
    try {
      const all = [...new Set([...stays, ...this.all])].slice(0, MOST);
      this.#storage.setItem(this.#key, JSON.stringify(all));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
}
