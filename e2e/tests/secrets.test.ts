import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectInNoLog, logs } from "../harness/logs.ts";
import { inProject } from "../harness/paths.ts";
import { DESK_PASSWORD, INSTITUTION, type SignInPage } from "../harness/sign-in.ts";
import { Stack } from "../harness/stack.ts";

// A whole run, with everything logged that can be: PINs and passwords, right and wrong ones, typed
// into the dialog and brought by the page; and everything that goes without a PIN. What the reception
// portal reads besides is looked for in `portal-secrets`.

let stack: Stack;
const nonces: { method: string; nonce: string }[] = [];

beforeAll(async () => {
  const scopes = ["events", "authenticate", "sign", "page-pin"];
  scopes.push("authenticate-pinless", "card-presence");
  stack = await Stack.start({ name: "secrets", cardIn: "pcscd", scopes, server: INSTITUTION });
  await signIn();
  await signInWithoutPin();
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
  await page.close();

  const another = await openPage();
  await another.pressSignIn("1234");
  await another.subject();
  await another.close();

  const third = await openPage();
  stack.pinentry.type("9876");
  await third.pressSignIn();
  expect(await third.problem()).toMatchObject({ code: "pin-incorrect" });
  await third.close();
}

async function signInWithoutPin(): Promise<void> {
  const page = await openPage();
  await page.openDesk();
  stack.pinentry.type("1234");
  await page.enrol("1980-02-17");
  for (const press of [() => page.pressWithoutPin(), () => page.pressCheckIn()]) {
    await page.subject();
    await page.next();
    await press();
  }
  await page.subject();
  await page.close();
}

async function openPage(): Promise<SignInPage> {
  const page = await stack.openPage("stack");
  page.page.on("response", async (response) => {
    if (!response.url().endsWith("/nonce")) return;
    const { method } = response.request().postDataJSON();
    nonces.push({ method, nonce: (await response.json()).nonce });
  });
  return page;
}

/** Which holds name and address, and needs the password. */
async function readTheSignatureCertificate(): Promise<void> {
  stack.pinentry.type("XYZ789");
  stack.pinentry.type("ABC123");
  const { page } = await stack.openPage("stack");
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

test("the run left the logs that are to be searched", () => {
  const sizes = Object.fromEntries(
    logs(stack.folder).map(([name, content]) => [name, content.length]),
  );
  expect(Object.keys(sizes)).toEqual(
    expect.arrayContaining(["bridge.log", "emulator.log", "server.log"]),
  );
  expect(stack.bridge?.output).toContain("TRACE");
});

const PINS = ["1234", "9876", "ABC123", "XYZ789"];
const BIRTH_DATE = ["1980-02-17", "19800217", "550217"];

test.each([...PINS, ...BIRTH_DATE, DESK_PASSWORD])("%s is in no log, in any form", (secret) => {
  expectInNoLog(stack.folder, secret);
});

test("what the card signs is in no log", () => {
  const methods = nonces.map(({ method }) => method);
  expect(methods.sort()).toEqual([...Array(5).fill("pin"), "presence", "presence", "terminal"]);
  const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();
  for (const { method, nonce } of nonces) {
    const label = Buffer.from(method === "pin" ? "" : `kazashi-${method}:1\0`);
    const digest = sha256(Buffer.concat([label, sha256(stack.origin), sha256(nonce)]));
    for (const [name, content] of logs(stack.folder)) {
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
    for (const [name, content] of logs(stack.folder)) {
      for (const text of [serialNumber, commonName, "架空", "清瀬"]) {
        expect(content, name).not.toContain(text);
      }
    }
  }
});
