import { html, type TemplateResult } from "lit-html";
import { keyed } from "lit-html/directives/keyed.js";
import { keepDrawn } from "../screen.ts";

/** What is shown. It is called again when the language changes. */
export type View = () => TemplateResult;

/** Where the desk shows one thing at a time, and people answer. */
export class Stage {
  readonly #root: HTMLElement;
  readonly #draw: () => void;
  #view: View;

  constructor(root: HTMLElement, signal: AbortSignal, view: View) {
    this.#root = root;
    this.#view = view;
    // What is shown next is another heading, so that it is read out also where it is built like the last.
    this.#draw = keepDrawn(root, signal, () => html`${keyed(this.#view, this.#view())}`);
  }

  /** Shows something else, and takes keyboard and screen reader to its heading. */
  show(view: View): void {
    this.#view = view;
    this.#draw();
    window.scrollTo(0, 0);
    this.#root.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** Draws the same view again, of which something has changed. */
  redraw(): void {
    this.#draw();
  }

  /** Shows something that asks, until there is an answer. Throws the signal's reason if it aborts before. */
  async ask<A>(signal: AbortSignal, view: (answer: (answer: A) => void) => View): Promise<A> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = withResolvers<A>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    this.show(view(resolve));
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Shows something until somebody is done with it, or the signal aborts. */
  async tell(signal: AbortSignal, view: (done: () => void) => View): Promise<void> {
    try {
      await this.ask<void>(signal, view);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** A promise, and how to settle it. */
export function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((it, its) => {
    resolve = it;
    reject = its;
  });
  return { promise, resolve, reject };
}
