import type { Kazashi } from "kazashi";
import { KnownStays } from "../known-stays.ts";

/**
 * The stays of cards on which the gate of an event has decided. A card that stays on the reader is not judged a
 * second time by a page that is loaded anew, nor by another tab.
 */
export class Served {
  readonly #known: KnownStays;
  /** Those of this lane, in which `cards()` sees to it. */
  readonly #own = new Set<string>();

  constructor(storage: Storage, event: string) {
    this.#known = new KnownStays(storage, `kazashi-gate-served:1:${event}`);
  }

  /** Whether all these stays were judged elsewhere, if there are any. */
  has(stays: readonly string[]): boolean {
    return stays.length > 0 && stays.every((it) => !this.#own.has(it) && this.#known.has(it));
  }

  add(stays: readonly string[]): void {
    for (const stay of stays) this.#own.add(stay);
    this.#known.add(stays);
  }
}

/** The stays of the cards that are there. */
export function staysIn(readers: Kazashi["readers"]): string[] {
  return readers.flatMap(({ cardPresent, insertion }) => (cardPresent && insertion) || []);
}
