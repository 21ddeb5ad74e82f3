import { html, nothing, type TemplateResult } from "lit-html";
import { say, type Text } from "../language.ts";
import type { ScreenContext } from "../screen.ts";
import { wordsFor } from "../words/errors.ts";

/** A part of the settings. */
export interface Section {
  /** Asks the server for what is shown from the start. */
  load?(): Promise<void>;
  template(): TemplateResult;
}

/** Makes a section; `draw` has the screen drawn again. */
export type MakeSection = (context: ScreenContext, draw: () => void) => Section;

/** What became of the last thing that was done in a section. */
export class Outcome {
  readonly #draw: () => void;
  readonly #signal: AbortSignal;
  #text: Text | undefined;
  #kind: "success" | "problem" = "success";
  #isBusy = false;

  constructor({ signal }: ScreenContext, draw: () => void) {
    this.#signal = signal;
    this.#draw = draw;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Does something, and shows what came of it: what `work` returns, or why it failed, by the
   * section's own words for a code or else by the portal's. Whether it was done.
   */
  async of(
    work: () => Promise<Text | undefined>,
    own: Readonly<Record<string, Text>> = {},
  ): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    this.#draw();
    let isDone = false;
    try {
      this.#text = await work();
      this.#kind = "success";
      isDone = true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      this.#text = own[(error as { code?: string }).code ?? ""] ?? wordsFor(error);
      this.#kind = "problem";
    } finally {
      this.#isBusy = false;
    }
    this.#draw();
    return isDone;
  }

  template(): TemplateResult {
    return html`
      <div aria-live="polite">
        ${
          this.#text
            ? html`<p class="notice" data-kind=${this.#kind}>${say(this.#text)}</p>`
            : nothing
        }
      </div>
    `;
  }
}

/** A list of the server's, to which a form adds. */
export class List<Row> {
  rows: readonly Row[] = [];
  readonly outcome: Outcome;
  readonly #ask: () => Promise<readonly Row[]>;

  constructor(context: ScreenContext, draw: () => void, ask: () => Promise<readonly Row[]>) {
    this.outcome = new Outcome(context, draw);
    this.#ask = ask;
  }

  async load(): Promise<void> {
    await this.change(async () => undefined);
  }

  /** Does something, and shows what came of it as `Outcome.of` does, with the list as it is then. */
  async change(
    work: () => Promise<Text | undefined>,
    own?: Readonly<Record<string, Text>>,
  ): Promise<boolean> {
    return await this.outcome.of(async () => {
      const text = await work();
      this.rows = await this.#ask();
      return text;
    }, own);
  }

  /** The same with what was typed into a form, which is emptied once it is done. */
  async submit(
    event: SubmitEvent,
    work: (typed: FormData) => Promise<Text>,
    own?: Readonly<Record<string, Text>>,
  ): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = new FormData(form);
    if (await this.change(() => work(typed), own)) form.reset();
  }
}
