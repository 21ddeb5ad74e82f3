import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProject } from "../harness/paths.ts";
import { CERTIFICATES } from "../harness/sign-in.ts";
import { Stack } from "../harness/stack.ts";

// Terminal authentication (特定機関認証) with the institution's key in an HSM: SoftHSM, as Debian has
// it.

const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const PIN = "482913";

let stack: Stack;

beforeAll(async () => {
  const scopes = ["events", "authenticate-pinless"];
  stack = await Stack.start({ name: "pkcs11", cardIn: "pcscd", scopes });
  const configuration = await newToken(stack.folder);
  const token = ["--pkcs11-module", MODULE, "--pkcs11-token=kazashi", "--pkcs11-key=terminal"];
  const env = { SOFTHSM2_CONF: configuration, KAZASHI_PKCS11_PIN: PIN };
  await stack.startServer([...CERTIFICATES, ...token], env);
});

afterAll(() => stack?.stop());

test("the HSM signs for the institution, and the card for the visitor", async () => {
  const desk = await stack.openPage();
  await desk.openDesk();
  await desk.pressWithoutPin();
  expect(await desk.subject()).toMatch(/^[\w-]{43}$/);
  expect(await desk.page.textContent("#method")).toContain("the card accepted this institution");
});

/** Makes a token that holds the terminal's key. Returns the configuration by which it is found. */
async function newToken(folder: string): Promise<string> {
  const configuration = join(folder, "softhsm2.conf");
  mkdirSync(join(folder, "tokens"));
  writeFileSync(configuration, `directories.tokendir = ${join(folder, "tokens")}\n`);
  const env = { ...process.env, SOFTHSM2_CONF: configuration };
  const key = inProject("vectors/keys/terminal.pem");
  for (const args of [
    ["--init-token", "--free", "--label=kazashi", "--so-pin=12345678", `--pin=${PIN}`],
    ["--import", key, "--token=kazashi", "--label=terminal", "--id=01", `--pin=${PIN}`],
  ]) {
    await promisify(execFile)("softhsm2-util", args, { env });
  }
  return configuration;
}
