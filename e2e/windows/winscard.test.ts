// What the smart card service says on Windows, and Wine's does not: a library stands before Wine's, beside
// the bridge, and says it by a word.

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { caught } from "../errors/caught.ts";
import { withCard } from "../package.ts";
import { ofTheTests, ownFolder, windowsPrograms } from "../paths.ts";
import { run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { Client } from "../sign-in/site/client.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { retriesLeft } from "../workstation/card.ts";
import { inWine, WINDOWS } from "../workstation/wine.ts";

const folder = ownFolder("bridge");
const bridge = join(folder, "kazashi-bridge.exe");
const word = join(folder, "word");
const env = { ...WINDOWS.env, WINEDLLOVERRIDES: "winscard=n,b", KAZASHI_E2E_WINSCARD: word };

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(windowsPrograms.bridge, bridge);
  const compiler = ["x86_64-w64-mingw32-gcc", "-shared", "-Wall", "-Wextra", "-Werror"];
  const source = ofTheTests("windows/winscard/winscard.c");
  const library = join(folder, "winscard.dll");
  await run([...compiler, "-Wno-cast-function-type", source, "-o", library]);
});

const site = setUp(
  new SignInSite(
    {
      cardIn: "reader",
      scopes: ["events", "authenticate", "page-pin"],
      system: { ...WINDOWS, bridge: inWine(bridge), env },
    },
    ownFolder("workstation"),
  ),
);
const { workstation } = site;

afterEach(() => says(""));

test("a service that stops with the last reader is no trouble, and is found again", async () => {
  const page = await site.openIdlePage();
  await withCard(page, "return await card.pinStatus();");
  says("stopped");
  const now = async () =>
    (await caught(page, "throw new KazashiError((await diagnose()).code);")).code;
  await expect.poll(now).toBe("no-reader");
  // To whoever waited, and to whoever came.
  await workstation.bridge.says("The Smart card resource manager has shut down");
  await workstation.bridge.says("The Smart card resource manager is not running");
  says("");
  const status = await withCard(page, "return await card.pinStatus();");
  expect(status).toMatchObject({ userAuthentication: { retriesLeft: 3 } });
  expect(workstation.bridge.output).not.toContain("no-service");
});

test("a transaction that took too long is told as that, costs no try, and is begun anew", async () => {
  const client = await Client.connect(await site.openIdlePage());
  expect(await client.take()).toBe(undefined);
  says("reset");
  expect(await client.signIn("1234")).toEqual({ code: "sharing-violation" });
  expect(await client.signIn("1234")).toHaveProperty("subject");
  expect(await retriesLeft(workstation.card)).toBe(3);
  await client.release();
});

test("readers that a machine has not yet when it wakes up are no trouble, and cost no try", async () => {
  const client = await Client.connect(await site.openIdlePage());
  expect(await client.take()).toBe(undefined);
  says("away");
  // By whether the bridge, or the page, knows it already.
  const { code } = Object(await client.signIn("1234"));
  expect(["unknown-reader", "lease-lost"]).toContain(code);
  const page = await site.openIdlePage();
  const now = async () =>
    (await caught(page, "throw new KazashiError((await diagnose()).code);")).code;
  await expect.poll(now).toBe("no-reader");
  says("");
  expect(await withCard(page, "return await card.pinStatus();")).toMatchObject({
    userAuthentication: { retriesLeft: 3 },
  });
});

/** From now on the service says what goes by this word. */
function says(what: string): void {
  writeFileSync(word, what);
}
