import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
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

/** What a card counts tries of, by the table in the file that is its memory. */
const COUNTED = {
  pin: "jpki.pins.0018",
  birthDate: "card-surface.pins.0011",
  verificationNumberB: "card-surface.pins.0012",
};

/** How many tries the card has left for something, by the file that is its memory. */
export async function retriesLeft(
  card: string,
  what: keyof typeof COUNTED = "pin",
): Promise<number> {
  const [, table = ""] = (await readMemory(card)).split(`[${COUNTED[what]}]`);
  return Number(/^retries-left = (\d+)$/m.exec(table)?.[1]);
}

/** Leaves a card that is not in use so many tries for something, as if others had been spent before. */
export async function leaveRetries(
  card: string,
  what: keyof typeof COUNTED,
  retries: number,
): Promise<void> {
  const [before, after = ""] = (await readMemory(card)).split(`[${COUNTED[what]}]`);
  const left = after.replace(/^retries-left = \d+$/m, `retries-left = ${retries}`);
  await writeFile(join(card, "card.toml"), `${before}[${COUNTED[what]}]${left}`);
}

/** Takes an application off a card that is not in use. */
export async function removeApplication(
  card: string,
  application: "jpki" | "card-surface",
): Promise<void> {
  await rm(join(card, application), { recursive: true });
  const tables = new RegExp(`^\\[${application}\\.[^[]*`, "gm");
  await writeFile(join(card, "card.toml"), (await readMemory(card)).replace(tables, ""));
}

function readMemory(card: string): Promise<string> {
  return readFile(join(card, "card.toml"), "utf8");
}

/** The serial number of the card's user authentication certificate, as a server writes it. */
export async function serialNumber(card: string): Promise<string> {
  const certificate = new X509Certificate(await readFile(join(card, "jpki/000A.bin")));
  return certificate.serialNumber.toLowerCase();
}
