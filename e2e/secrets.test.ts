import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stack } from "./harness/stack.ts";

// A whole run, with everything logged that can be: the right PIN and a wrong one, typed into the
// dialog and brought by the page.

let stack: Stack;
const nonces: string[] = [];

beforeAll(async () => {
  const scopes = ["events", "authenticate", "page-pin"];
  stack = await Stack.start({ name: "secrets", cardIn: "pcscd", scopes });
  await signIn("9876", "1234");
});

afterAll(() => stack?.stop());

async function signIn(wrong: string, right: string): Promise<void> {
  const page = await stack.openPage();
  page.page.on("response", async (response) => {
    if (response.url().endsWith("/nonce")) nonces.push((await response.json()).nonce);
  });
  stack.pinentry.type(wrong);
  await page.pressSignIn();
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });
  await page.pressSignIn(right);
  await page.subject();

  const another = await stack.openPage();
  await another.pressSignIn(wrong);
  expect(await another.problem()).toMatchObject({ code: "pin-incorrect" });
  stack.pinentry.type(right);
  await another.pressSignIn();
  await another.subject();
}

/** Every log of the run, by name. */
function logs(): [name: string, content: string][] {
  const names = readdirSync(stack.folder).filter((name) => name.endsWith(".log"));
  return names.map((name) => [name, readFileSync(join(stack.folder, name), "utf8")]);
}

test("the run left the logs that are to be searched", () => {
  const sizes = Object.fromEntries(logs().map(([name, content]) => [name, content.length]));
  expect(Object.keys(sizes)).toEqual(expect.arrayContaining(["bridge.log", "emulator.log"]));
  expect(stack.bridge?.output).toContain("TRACE");
});

test.each(["1234", "9876"])("the PIN %s is in no log, as text or in hexadecimal", (pin) => {
  const hex = Buffer.from(pin).toString("hex");
  const spaced = hex.replace(/..(?=.)/g, "$& ");
  const bytes = [...Buffer.from(pin)].join(", ");
  for (const [name, content] of logs()) {
    expect(content, name).not.toMatch(new RegExp(`(?<![0-9.:])${pin}(?![0-9])`));
    for (const form of [hex, spaced, bytes]) expect(content, name).not.toContain(form);
  }
});

test("what the card signs is in no log", () => {
  expect(nonces).toHaveLength(4);
  const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();
  for (const nonce of nonces) {
    const digest = sha256(Buffer.concat([sha256(stack.origin), sha256(nonce)]));
    for (const [name, content] of logs()) {
      for (const secret of [nonce, digest.toString("hex"), [...digest].join(", ")]) {
        expect(content.toLowerCase(), name).not.toContain(secret.toLowerCase());
      }
    }
  }
});
