import type { Api, Deleted, Deletion, NewVisit, RecordedVisit } from "../api.ts";
import { PortalError } from "../portal-error.ts";
import { untilAnswered } from "../until-answered.ts";
import { withResolvers } from "./stage.ts";

/** What the server says of what was made at the desk. */
export type Answer = RecordedVisit | Deleted;

/** A visit or a deletion on its way to the server. */
export interface Sending<T extends Answer> {
  /** When it was made. */
  readonly at: Date;
  /** What the server says in the end; rejects with its refusal. */
  readonly answer: Promise<T>;
  /** Resolves when the server was silent once: it may take long. */
  readonly silence: Promise<void>;
}

/** What became of something for which nobody at the desk could wait. */
export interface Late {
  /** When it was made. */
  readonly at: Date;
  readonly outcome: { readonly answer: Answer } | { readonly refused: unknown };
}

/**
 * Visits and deletions that the server has not answered yet. Each is sent under its own `id` until it
 * does, so that it is done once, whichever answer was lost; the server takes it for some hours, from
 * the account in whose session it was made. They hold tokens, which are personal data: kept in this
 * page's memory only, and so gone with the page, of which the browser warns.
 *
 * Dispatches `change`.
 */
export class Outbox extends EventTarget {
  readonly #api: Api;
  /** Of those that wait, by whose account each was made. */
  readonly #waiting = new Map<string, string | undefined>();
  #late: Late[] = [];

  constructor(api: Api) {
    super();
    this.#api = api;
    window.addEventListener("beforeunload", (event) => {
      if (this.#waiting.size > 0) event.preventDefault();
    });
  }

  /** How many were met with silence and wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Who must sign in, besides whoever has, before all of them can be sent. */
  get missing(): readonly string[] {
    const accounts = new Set(this.#waiting.values());
    return [...accounts].filter(
      (account) => account !== undefined && account !== this.#api.account,
    ) as string[];
  }

  /** What became of those that nobody waited for, until {@link Outbox.forget}. */
  get late(): readonly Late[] {
    return this.#late;
  }

  forget(): void {
    this.#late = [];
    this.#changed();
  }

  /** Has a visit recorded. */
  send(visit: NewVisit): Sending<RecordedVisit> {
    return this.#send(visit.id, () => this.#api.recordVisit(visit));
  }

  /** Has somebody's data deleted. */
  delete(deletion: Deletion): Sending<Deleted> {
    return this.#send(deletion.id, () => this.#api.deleteOwnData(deletion));
  }

  /** Nobody waits for this answer any more: it is kept until somebody reads it. */
  async leave({ answer, at }: Sending<Answer>): Promise<void> {
    const outcome = await answer.then(
      (answer) => ({ answer }),
      (refused: unknown) => ({ refused }),
    );
    this.#late = [...this.#late, { at, outcome }];
    this.#changed();
  }

  #send<T extends Answer>(id: string, ask: () => Promise<T>): Sending<T> {
    const { account } = this.#api;
    const silence = withResolvers<void>();
    const onSilence = () => {
      this.#waiting.set(id, account);
      this.#changed();
      silence.resolve();
    };
    // Whoever leaves the desk, or has to sign in anew, loses nothing: only the page's end ends this.
    const answer = untilAnswered(
      () => this.#askAs(account, ask),
      new AbortController().signal,
      onSilence,
    ).finally(() => {
      this.#waiting.delete(id);
      this.#changed();
    });
    return { at: new Date(), answer, silence: silence.promise };
  }

  /** A server that wants the staff to sign in again will answer once they did. */
  async #askAs<T>(account: string | undefined, ask: () => Promise<T>): Promise<T> {
    if (this.#api.account !== account) throw new PortalError("unavailable");
    const { mark } = this.#api;
    try {
      return await ask();
    } catch (error) {
      if (!(await this.#isOfAnotherSession(error, mark))) throw error;
      throw new PortalError("unavailable", { cause: error });
    }
  }

  /** Whether it is only for the session that this was refused: another page may have signed in anew. */
  async #isOfAnotherSession(error: unknown, mark: string): Promise<boolean> {
    const { code } = error as { code?: unknown };
    if (code === "forbidden" && this.#api.mark === mark) await this.#api.session();
    return code === "signed-out" || (code === "forbidden" && this.#api.mark !== mark);
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
