import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { inProject } from "../paths.ts";
import { run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { CERTIFICATES } from "../trust.ts";
import { SignInSite } from "./site/site.ts";

// Terminal authentication (特定機関認証) with the institution's key in an HSM: SoftHSM, as Debian has
// it.

const MODULE = "/usr/lib/softhsm/libsofthsm2.so";
const PIN = "482913";

const scopes = ["events", "authenticate-pinless"];
const site = setUp(new SignInSite({ cardIn: "reader", scopes }));

beforeAll(async () => {
  const configuration = await newToken(site.workstation.folder);
  const token = ["--pkcs11-module", MODULE, "--pkcs11-token=kazashi", "--pkcs11-key=terminal"];
  const env = { SOFTHSM2_CONF: configuration, KAZASHI_PKCS11_PIN: PIN };
  await site.startServer([...CERTIFICATES, ...token], env);
});

test("the HSM signs for the institution, and the card for the visitor", async () => {
  const desk = await site.openPage();
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
    await run(["softhsm2-util", ...args], { env });
  }
  return configuration;
}
