import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { built } from "./paths.ts";
import { READER_PORT } from "./pcscd.ts";
import { Program, type ProgramOptions } from "./program.ts";

const execute = promisify(execFile);

/** Writes a new card of some kind into a folder, and returns the folder's path. */
export async function newCard(folder: string, variant = "normal"): Promise<string> {
  const card = join(folder, "card");
  await execute(built("kazashi-emulator"), ["new", card, "--variant", variant]);
  return card;
}

/** A virtual card in the first reader of vpcd, and the hand that holds it. */
export class InsertedCard {
  readonly program: Program;

  private constructor(program: Program) {
    this.program = program;
  }

  static async insert(
    card: string,
    options: ProgramOptions,
    args: string[] = [],
  ): Promise<InsertedCard> {
    const command = [built("kazashi-emulator"), "run", "--trace", "--image", card];
    command.push("--vpcd", `127.0.0.1:${READER_PORT}`, ...args);
    const program = Program.start("emulator", command, options);
    try {
      await program.says("ready");
    } catch (error) {
      // It would go on waiting for a reader, and take that of the next test.
      await program.stop();
      throw error;
    }
    return new InsertedCard(program);
  }

  /** Takes the card out. */
  async remove(): Promise<void> {
    await this.#tell("remove", "removed");
  }

  /** Puts it back in. */
  async insert(): Promise<void> {
    await this.#tell("insert", "ready");
  }

  async #tell(command: string, answer: string): Promise<void> {
    const since = this.program.output.length;
    this.program.type(`${command}\n`);
    await this.program.says(answer, since);
  }
}

/** How many tries are left for the user authentication PIN, by the file that is the card's memory. */
export async function retriesLeft(card: string): Promise<number> {
  const toml = await readFile(join(card, "card.toml"), "utf8");
  const table = toml.split("[jpki.pins.0018]")[1];
  return Number(/^retries-left = (\d+)$/m.exec(table ?? "")?.[1]);
}
