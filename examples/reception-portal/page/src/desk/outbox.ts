import { type Api, type NewVisit, PortalError, type RecordedVisit, untilAnswered } from "../api.ts";
import { withResolvers } from "./stage.ts";

/** A visit on its way to the server. */
export interface Sending {
  /** What the server says in the end; rejects with its refusal. */
  readonly answer: Promise<RecordedVisit>;
  /** Resolves when the server was silent once: it may take long. */
  readonly silence: Promise<void>;
}

/** What became of a visit whose visitor could not wait for it. */
export interface Late {
  /** When the visit was made. */
  readonly at: Date;
  readonly outcome: { readonly recorded: RecordedVisit } | { readonly refused: unknown };
}

/**
 * Visits that the server has not answered yet. Each is sent under its own `id` until it does, so that
 * it is recorded once, whichever answer was lost. They hold tokens, which are personal data: kept in
 * this page's memory only, and so gone with the page, of which the browser warns.
 *
 * Dispatches `change`.
 */
export class Outbox extends EventTarget {
  readonly #api: Api;
  readonly #waiting = new Set<string>();
  #late: Late[] = [];

  constructor(api: Api) {
    super();
    this.#api = api;
    window.addEventListener("beforeunload", (event) => {
      if (this.#waiting.size > 0) event.preventDefault();
    });
  }

  /** How many visits were met with silence and wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What became of those that nobody waited for, until {@link Outbox.forget}. */
  get late(): readonly Late[] {
    return this.#late;
  }

  forget(): void {
    this.#late = [];
    this.#changed();
  }

  send(visit: NewVisit): Sending {
    const silence = withResolvers<void>();
    const onSilence = () => {
      this.#waiting.add(visit.id);
      this.#changed();
      silence.resolve();
    };
    // Whoever leaves the desk, or has to sign in anew, loses no visit: only the page's end ends this.
    const answer = untilAnswered(
      () => this.#record(visit),
      new AbortController().signal,
      onSilence,
    ).finally(() => {
      this.#waiting.delete(visit.id);
      this.#changed();
    });
    return { answer, silence: silence.promise };
  }

  /** Nobody waits for this answer any more: it is kept until somebody reads it. */
  async leave(sending: Sending, at: Date): Promise<void> {
    const outcome = await sending.answer.then(
      (recorded) => ({ recorded }),
      (refused: unknown) => ({ refused }),
    );
    this.#late = [...this.#late, { at, outcome }];
    this.#changed();
  }

  /** A server that wants the staff to sign in again will answer once they did. */
  async #record(visit: NewVisit): Promise<RecordedVisit> {
    try {
      return await this.#api.recordVisit(visit);
    } catch (error) {
      if (!(error instanceof PortalError && error.code === "signed-out")) throw error;
      throw new PortalError("unavailable", { cause: error });
    }
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
