import type { Api, BoardVisit } from "../api.ts";

/** Which visits. */
export interface Query {
  readonly day: string;
  readonly search: string;
}

/** The visits of a day, newest first, as far as they were asked for. */
export class Visits {
  readonly #api: Api;
  #rows: readonly BoardVisit[] = [];
  #total = 0;
  /** Aborts when another query takes the place of this one. */
  #current = new AbortController();

  constructor(api: Api) {
    this.#api = api;
  }

  get rows(): readonly BoardVisit[] {
    return this.#rows;
  }

  /** How many there are, of which the rows are the newest. */
  get total(): number {
    return this.#total;
  }

  /** Asks for the first rows of a query, or again for as many as there are. Whether it was answered. */
  async load(query: Query, signal: AbortSignal, atLeast = 0): Promise<boolean> {
    return await this.#ask(signal, async (until) => {
      let { rows, total } = await this.#page(query, undefined, until);
      while (rows.length < Math.min(atLeast, total)) {
        const next = await this.#page(query, rows.at(-1), until);
        if (next.rows.length === 0) break;
        rows = [...rows, ...next.rows];
        total = next.total;
      }
      return { rows, total };
    });
  }

  /** Asks for the rows that come next. */
  async more(query: Query, signal: AbortSignal): Promise<boolean> {
    return await this.#ask(signal, async (until) => {
      const next = await this.#page(query, this.#rows.at(-1), until);
      const known = new Set(this.#rows.map(({ id }) => id));
      const rows = [...this.#rows, ...next.rows.filter(({ id }) => !known.has(id))];
      return { rows, total: next.total };
    });
  }

  async #ask(
    signal: AbortSignal,
    work: (until: AbortSignal) => Promise<{ rows: readonly BoardVisit[]; total: number }>,
  ): Promise<boolean> {
    this.#current.abort();
    this.#current = new AbortController();
    const until = AbortSignal.any([signal, this.#current.signal]);
    try {
      const { rows, total } = await work(until);
      if (until.aborted) return false;
      this.#rows = rows;
      this.#total = total;
      return true;
    } catch (error) {
      if (until.aborted) return false;
      throw error;
    }
  }

  async #page({ day, search }: Query, last: BoardVisit | undefined, signal: AbortSignal) {
    const query = { day, ...(last && { after: last.id }) };
    const { visits, total } = search
      ? await this.#api.findVisits({ ...query, name: search }, { signal })
      : await this.#api.visits(query, { signal });
    return { rows: visits, total };
  }
}
