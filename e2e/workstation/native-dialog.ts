import { setTimeout } from "node:timers/promises";
import { run } from "../program.ts";
import { Dialog } from "./dialog.ts";
import type { Screen } from "./system.ts";

/** What is shown in a window of its own. */
const QUESTION = /^(?:GETPIN|CONFIRM|MESSAGE)$/gm;
/** A dialog is there for so long before a person answers it. */
const A_LOOK = 1_600;
/** And goes away within so much of an answer that it took. */
const ANSWER = 1_500;

/** A dialog with a window of its own on a screen, and the person at the keyboard. */
export class NativeDialog extends Dialog {
  readonly #screen: Screen;
  readonly #answers: string[] = [];
  /** How many questions there had been when one was answered last. */
  #answered = 0;
  #typing: Promise<void> | undefined;
  #isOver = false;

  constructor(folder: string, screen: Screen) {
    super(folder);
    this.#screen = screen;
  }

  override type(...pins: string[]): void {
    this.#answers.push(...pins);
    this.#typing ??= this.#typeAll().finally(() => {
      this.#typing = undefined;
    });
  }

  override async leave(): Promise<void> {
    this.#isOver = true;
    await this.#typing;
  }

  async #typeAll(): Promise<void> {
    for (;;) {
      const [answer] = this.#answers;
      if (answer === undefined || this.#isOver) return;
      const questions = this.shown.match(QUESTION) ?? [];
      const isForPin = questions.at(-1) === "GETPIN";
      // What is no question for a PIN is agreed to.
      if (await this.#givesAnswer(questions.length, isForPin ? answer : "")) {
        this.#answered = questions.length;
        if (isForPin) this.#answers.shift();
      }
    }
  }

  /**
   * Answers the last of so many questions, if its dialog is open; returns whether that took the
   * answer. It takes none before it has the keyboard and was there for a moment: then the person has
   * to do it again.
   */
  async #givesAnswer(question: number, answer: string): Promise<boolean> {
    const isOpen = async () =>
      question > this.#answered && question === this.windows && (await this.#hasWindow());
    if (!(await isOpen())) {
      await setTimeout(50);
      return false;
    }
    await setTimeout(A_LOOK);
    if (!(await isOpen())) return false;
    if (answer === "cancel") {
      await this.#xdotool("key", "Escape");
    } else {
      await this.#xdotool("key", "ctrl+a", "BackSpace");
      if (answer) await this.#xdotool("type", "--delay", "30", answer);
      await this.#xdotool("key", "Return");
    }
    const late = Date.now() + ANSWER;
    while (Date.now() < late) {
      if (!(await isOpen())) return true;
      await setTimeout(50);
    }
    return false;
  }

  /** Whether there is a window of a dialog on the screen. */
  async #hasWindow(): Promise<boolean> {
    // It fails where it finds none.
    const found = this.#xdotool("search", "--onlyvisible", "--name", "^Kazashi$");
    return await found.then(Boolean, () => false);
  }

  #xdotool(...args: string[]): Promise<string> {
    return run([...this.#screen.xdotool, ...args]);
  }
}
