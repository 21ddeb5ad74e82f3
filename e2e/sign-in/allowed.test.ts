// A page that nobody lists says what it wants; the person at the machine reads it, and allows it.

import { join } from "node:path";
import { expect, test } from "vitest";
import { caught } from "../errors/caught.ts";
import { BRIDGE_PORT } from "../ports.ts";
import { run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { HERE } from "../workstation/system.ts";
import { IDLE_PAGE } from "./site/server.ts";
import { SignInSite } from "./site/site.ts";

const HEALTH = `http://127.0.0.1:${BRIDGE_PORT}/health`;
const CONNECT = `connect({ scopes: ["events", "authenticate"] })`;

const site = setUp(new SignInSite({ cardIn: "bridge" }));
const { workstation } = site;

test("who reads what a page wants allows that, and it connects", async () => {
  // The same server by another name is another origin, which nobody lists.
  const origin = site.origin.replace("127.0.0.1", "localhost");
  const page = await workstation.openPage(origin + IDLE_PAGE);
  expect((await caught(page, `await ${CONNECT};`)).code).toBe("bridge-unreachable");
  await expect.poll(() => origins("pending")).toContain("wants events, authenticate");

  await origins("review");
  expect(workstation.dialog.shown).toContain(
    `SETDESC ${origin}\nasked to use My Number Cards here`,
  );
  expect(workstation.dialog.shown).toContain("It says that it wants to:\n- be told when a card");

  // Chromium holds back who tries in vain again and again: the page tries once the bridge knows.
  await expect.poll(async () => (await fetch(HEALTH, { headers: { origin } })).status).toBe(200);
  const connected = `import("/kazashi/index.js").then(async ({ connect }) => (await ${CONNECT}).scopes)`;
  expect(await page.evaluate(connected)).toEqual(["events", "authenticate"]);
});

/** Runs `kazashi-bridge origins` on the files of the workstation's bridge. */
async function origins(command: string): Promise<string> {
  const { folder, dialog } = workstation;
  const files = ["--dev", "--config", join(folder, "bridge.toml"), "--state", folder];
  const env = { ...process.env, ...HERE.env, ...dialog.env };
  return await run([...HERE.bridge, "origins", command, ...files], { env });
}
