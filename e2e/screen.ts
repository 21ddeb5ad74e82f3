import { Program, run } from "./program.ts";
import type { Startable } from "./set-up.ts";

/** A screen that nobody sees, for browsers that ask a person something, and the keys in front of it. */
export class Screen implements Startable {
  readonly #folder: string;
  #server: Program | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const server = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
    this.#server = Program.start("screen", server, { folder: this.#folder });
    await this.#server.says(/^\d+$/m);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** What programs call it. */
  get display(): string {
    return `:${/^\d+$/m.exec(this.#server?.output ?? "")?.[0]}`;
  }

  /** Presses a key in the window with this in its title. */
  async press(key: string, title: string): Promise<void> {
    const window = ["search", "--onlyvisible", "--name", title, "windowfocus", "--sync"];
    await run(["xdotool", ...window, "key", key], {
      env: { ...process.env, DISPLAY: this.display },
    });
  }
}
