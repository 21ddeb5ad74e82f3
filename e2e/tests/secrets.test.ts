import { createHash, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProject } from "../harness/paths.ts";
import type { SignInPage } from "../harness/sign-in.ts";
import { Stack } from "../harness/stack.ts";

// A whole run, with everything logged that can be: PINs and passwords, right and wrong ones, typed
// into the dialog and brought by the page.

let stack: Stack;
const nonces: string[] = [];

beforeAll(async () => {
  const scopes = ["events", "authenticate", "sign", "page-pin"];
  stack = await Stack.start({ name: "secrets", cardIn: "pcscd", scopes });
  await signIn();
  await readTheSignatureCertificate();
});

afterAll(() => stack?.stop());

async function signIn(): Promise<void> {
  const page = await openPage();
  await page.pressSignIn("9876");
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });
  stack.pinentry.type("1234");
  await page.pressSignIn();
  await page.subject();

  const another = await openPage();
  await another.pressSignIn("1234");
  await another.subject();

  const third = await openPage();
  stack.pinentry.type("9876");
  await third.pressSignIn();
  expect(await third.problem()).toMatchObject({ code: "pin-incorrect" });
}

async function openPage(): Promise<SignInPage> {
  const page = await stack.openPage();
  page.page.on("response", async (response) => {
    if (response.url().endsWith("/nonce")) nonces.push((await response.json()).nonce);
  });
  return page;
}

/** Which holds name and address, and needs the password. */
async function readTheSignatureCertificate(): Promise<void> {
  stack.pinentry.type("XYZ789");
  stack.pinentry.type("ABC123");
  const { page } = await stack.openPage();
  // As text: what vitest makes of an import is for Node.
  const outcomes = await page.evaluate(`(async () => {
    const { connect } = await import("/kazashi/index.js");
    const card = await (await connect()).card();
    const read = () => card.readCertificate("digital-signature");
    const wrong = await read().catch((error) => error.code);
    const { der } = await read();
    await card.release();
    return { wrong, isRead: der.length > 1000 };
  })()`);
  expect(outcomes).toEqual({ wrong: "pin-incorrect", isRead: true });
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

test.each(["1234", "9876", "ABC123", "XYZ789"])("%s is in no log, in any form", (pin) => {
  const hex = Buffer.from(pin).toString("hex");
  const spaced = hex.replace(/..(?=.)/g, "$& ");
  const bytes = [...Buffer.from(pin)].join(", ");
  for (const [name, content] of logs()) {
    // Digits may be part of a longer number, such as the time.
    expect(content, name).not.toMatch(new RegExp(`(?<![0-9.:])${pin}(?![0-9])`, "i"));
    for (const form of [hex, spaced, bytes])
      expect(content.toLowerCase(), name).not.toContain(form);
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

test("nothing that tells people apart is in any log", () => {
  for (const file of ["user-authentication", "digital-signature"]) {
    const der = readFileSync(inProject(`vectors/certificates/${file}.der`));
    const { serialNumber, subject } = new X509Certificate(der);
    const commonName = /^CN=(.*)$/m.exec(subject)?.[1] ?? "";
    expect(commonName).not.toBe("");
    for (const [name, content] of logs()) {
      for (const text of [serialNumber, commonName, "架空", "清瀬"]) {
        expect(content, name).not.toContain(text);
      }
    }
  }
});
