import { X509Certificate } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { programs } from "../paths.ts";
import { run } from "../program.ts";

// Virtual cards as they lie in folders, each of which is the memory of one.

/** Writes a new card of some kind into a folder. */
export async function writeCard(card: string, kind: string): Promise<void> {
  await run([programs.emulator, "new", card, "--variant", kind]);
}

/** Writes a card without any application. */
export async function writeBlankCard(card: string): Promise<void> {
  mkdirSync(card, { recursive: true });
  await writeFile(memoryOf(card), "");
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
  await changeMemory(card, (memory) => {
    const [before, after = ""] = memory.split(`[${COUNTED[what]}]`);
    const left = after.replace(/^retries-left = \d+$/m, `retries-left = ${retries}`);
    return `${before}[${COUNTED[what]}]${left}`;
  });
}

/** Takes an application off a card that is not in use. */
export async function removeApplication(
  card: string,
  application: "jpki" | "card-surface",
): Promise<void> {
  await rm(join(card, application), { recursive: true });
  const tables = new RegExp(`^\\[${application}\\.[^[]*`, "gm");
  await changeMemory(card, (memory) => memory.replace(tables, ""));
}

/** Takes the keys of institutions off a card that is not in use, as if it were from before there were any. */
export async function removeInstitutions(card: string): Promise<void> {
  await changeMemory(card, (memory) => memory.replace(/^\[jpki\.public-keys\][^[]*/m, ""));
}

/** All that a card keeps besides its files, as text. */
export function readMemory(card: string): Promise<string> {
  return readFile(memoryOf(card), "utf8");
}

/** Changes what a card that is not in use keeps. */
export async function changeMemory(
  card: string,
  change: (memory: string) => string,
): Promise<void> {
  await writeFile(memoryOf(card), change(await readMemory(card)));
}

function memoryOf(card: string): string {
  return join(card, "card.toml");
}

/** The serial number of the card's user authentication certificate, as a server writes it. */
export async function serialNumber(card: string): Promise<string> {
  const certificate = new X509Certificate(await readFile(join(card, "jpki/000A.bin")));
  return certificate.serialNumber.toLowerCase();
}
