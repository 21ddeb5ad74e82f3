import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InsertedCard, newCard } from "./harness/card.ts";
import { inProject, workFolder } from "./harness/paths.ts";
import { startPcscd } from "./harness/pcscd.ts";
import type { Program } from "./harness/program.ts";

// OpenSC knows the real card. What it accepts, we have not only agreed on with ourselves.

const execute = promisify(execFile);
const folder = workFolder("opensc");
let pcscd: Program;
let card: InsertedCard;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  pcscd = await startPcscd({ folder });
  card = await InsertedCard.insert(await newCard(folder), { folder });
  await openSc("opensc-tool", "--atr");
});

afterAll(async () => {
  await card?.program.stop();
  await pcscd?.stop();
});

/** Runs a tool of OpenSC, after waiting for the card. */
async function openSc(tool: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(tool, ["--wait", ...args]);
  return stdout;
}

const vector = (name: string) =>
  new X509Certificate(readFileSync(inProject(`vectors/certificates/${name}.der`)));

test("opensc-tool recognises the card", async () => {
  expect(await openSc("opensc-tool", "--name")).toContain("JPKI");
});
