import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startBridge } from "../harness/bridge.ts";
import { InsertedCard, newCard } from "../harness/card.ts";
import { documentedWords } from "../harness/caught.ts";
import { built, workFolder } from "../harness/paths.ts";
import { startPcscd } from "../harness/pcscd.ts";
import { ScriptedPinentry } from "../harness/pinentry.ts";
import { Program } from "../harness/program.ts";

// What `kazashi-bridge doctor` finds on a workstation with a smart card service.

const folder = workFolder("doctor");
const origin = "https://portal.example";
let running: Program[] = [];

beforeEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pinentry = new ScriptedPinentry(folder).program;
  running.push(await startBridge({ folder, origin, scopes: ["events"], pinentry }));
});

afterEach(async () => {
  for (const program of running.reverse()) await program.stop();
  running = [];
});

test("nothing is in the way of a My Number Card, and it is sent SELECT only", async () => {
  const card = await insert(await newCard(folder));
  expect(await doctor()).toEqual({ said: "ok: Cards can be used.\n", exit: 0 });
  expect(await doctor("--language", "ja")).toEqual({ said: "ok: カードを使えます。\n", exit: 0 });
  const commands = card.output.split("\n").filter((line) => line.includes(" -> "));
  expect(commands.filter((line) => !line.startsWith("00 A4 04 0C "))).toEqual([]);
  const selectsJpki = (line: string) => line.startsWith("00 A4 04 0C Nc=10 ");
  expect(commands.filter(selectsJpki)).toHaveLength(2);
  expect(selectsJpki(commands.at(-1) ?? "")).toBe(false);
});

test("without a reader", async () => {
  const config = join(folder, "no-readers.conf");
  writeFileSync(config, "");
  running.push(await startPcscd({ folder }, config));
  expect(await doctor()).toEqual(await only("no-reader"));
});

test("without a card", async () => {
  running.push(await startPcscd({ folder }));
  expect(await doctor()).toEqual(await only("no-smartcard"));
});

test("with a card that is no My Number Card", async () => {
  const card = await newCard(folder);
  await rm(join(card, "jpki"), { recursive: true });
  await writeFile(join(card, "card.toml"), "");
  await insert(card);
  expect(await doctor()).toEqual(await only("unsupported-card"));
});

test("with a card that another program keeps to itself", async () => {
  await insert(await newCard(folder));
  const command = [built("other-program"), "exclusive", "--keep=20000"];
  const other = Program.start("other-program", command, { folder });
  running.push(other);
  await expect.poll(() => doctor(), { timeout: 20_000 }).toEqual(await only("sharing-violation"));
});

/** Starts the smart card service, with this card in its first reader. */
async function insert(card: string): Promise<Program> {
  const pcscd = await startPcscd({ folder });
  running.push(pcscd);
  const { program } = await InsertedCard.insert(card, { folder });
  running.push(program);
  await pcscd.says("Card inserted");
  return program;
}

/** What the doctor says of the bridge that runs, and how it exits. */
function doctor(...args: string[]): Promise<{ said: string; exit: number }> {
  const files = ["--config", join(folder, "bridge.toml"), "--state", folder];
  const command = ["doctor", "--origin", origin, ...files, ...args];
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  return new Promise((resolve) => {
    const program = execFile(built("kazashi-bridge"), command, { env }, (_, said) =>
      resolve({ said, exit: program.exitCode ?? -1 }),
    );
  });
}

/** That this and nothing else is in the way. */
async function only(code: string): Promise<{ said: string; exit: number }> {
  const words = (await documentedWords()).get(code);
  return { said: `${code}: ${words?.en}\n`, exit: 1 };
}
