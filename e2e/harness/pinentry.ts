import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { inProject } from "./paths.ts";

/** The person at the scripted dialog. */
export class ScriptedPinentry {
  readonly program = inProject("e2e/harness/pinentry-scripted.mjs");
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, "pinentry");
    mkdirSync(this.#folder);
  }

  get env(): Record<string, string> {
    return { KAZASHI_E2E_PINENTRY: this.#folder };
  }

  /** Types this into the dialog that is open, or into the next one. */
  type(pin: string): void {
    appendFileSync(join(this.#folder, "answers"), `${pin}\n`);
  }

  /** Presses Cancel in the dialog that is open, or in the next one. */
  cancel(): void {
    this.type("cancel");
  }

  /** Lets the time run out of the dialog that is open, or of the next one. */
  timeOut(): void {
    this.type("time out");
  }

  /** What the dialogs have shown so far: their commands, with their escapes undone. */
  get shown(): string {
    const file = join(this.#folder, "dialogs");
    return existsSync(file) ? decodeURIComponent(readFileSync(file, "utf8")) : "";
  }

  /** How many dialogs have asked for a PIN since the start. */
  get dialogs(): number {
    return this.shown.split("\n").filter((line) => line === "GETPIN").length;
  }

  /** Resolves when so many dialogs have asked for a PIN since the start. */
  async asked(times: number): Promise<void> {
    while (this.dialogs < times) await setTimeout(20);
  }
}
