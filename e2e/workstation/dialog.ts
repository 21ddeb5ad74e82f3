import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** The log of what the dialogs were told, percent-encoded as they are. */
export const DIALOGS = "dialogs.log";

/** The dialog that asks for PINs, and the person at it. */
export class Dialog {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** By what the program finds the person. */
  get env(): Record<string, string> {
    return { KAZASHI_E2E_DIALOG: this.#folder };
  }

  /** Types these, one into each dialog that is open or will open. */
  type(...pins: string[]): void {
    appendFileSync(join(this.#folder, "answers"), pins.map((pin) => `${pin}\n`).join(""));
  }

  /** Presses Cancel in the dialog that is open, or in the next one. */
  cancel(): void {
    this.type("cancel");
  }

  /** Ends what a person does at it. */
  async leave(): Promise<void> {}

  /** Does not agree to what is to be confirmed, from now on. */
  decline(): void {
    appendFileSync(join(this.#folder, "declines"), "");
  }

  /** Lets the time run out of the dialog that is open, or of the next one. */
  timeOut(): void {
    this.type("time out");
  }

  /** What the dialogs were told so far, those too that were only tried: with its escapes undone. */
  get shown(): string {
    const file = join(this.#folder, DIALOGS);
    return existsSync(file) ? decodeURIComponent(readFileSync(file, "utf8")) : "";
  }

  /** How many times a PIN has been asked for since the start. */
  get times(): number {
    return this.#count("GETPIN");
  }

  /** How many windows there have been since the start. */
  get windows(): number {
    return this.#count("GETPIN", "CONFIRM", "MESSAGE");
  }

  /** Resolves when a PIN has been asked for so many times since the start. */
  async asked(times: number): Promise<void> {
    while (this.times < times) await setTimeout(20);
  }

  /** Resolves when some work is done and a PIN is asked for, once more than before. */
  async asksUpon(work: () => Promise<unknown>): Promise<void> {
    const { times } = this;
    await work();
    await this.asked(times + 1);
  }

  #count(...commands: string[]): number {
    return this.shown.split("\n").filter((line) => commands.includes(line)).length;
  }
}
