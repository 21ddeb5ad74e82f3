import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { withCard } from "../package.ts";
import { inProject } from "../paths.ts";
import { setUp } from "../set-up.ts";
import { INSTITUTION } from "../trust.ts";
import { expectInNoLog, logs } from "../workstation/logs.ts";
import type { SignInPage } from "./site/page.ts";
import { DESK_PASSWORD } from "./site/server.ts";
import { SignInSite } from "./site/site.ts";

// A whole run, with everything logged that can be: PINs and passwords, right and wrong ones, typed
// into the dialog and brought by the page; and everything that goes without a PIN. What the reception
// portal reads besides is looked for in `portal/secrets`.

const scopes = ["events", "authenticate", "sign", "page-pin"];
scopes.push("authenticate-pinless", "card-presence");
const site = setUp(new SignInSite({ cardIn: "reader", scopes, server: INSTITUTION }));
const { workstation } = site;
const nonces: { method: string; nonce: string }[] = [];

beforeAll(async () => {
  await signIn();
  await signInWithoutPin();
  await readTheSignatureCertificate();
});

async function signIn(): Promise<void> {
  const page = await openPage();
  await page.pressSignIn("9876");
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });
  workstation.dialog.type("1234");
  await page.pressSignIn();
  await page.subject();
  await page.close();

  const another = await openPage();
  await another.pressSignIn("1234");
  await another.subject();
  await another.close();

  const third = await openPage();
  workstation.dialog.type("9876");
  await third.pressSignIn();
  expect(await third.problem()).toMatchObject({ code: "pin-incorrect" });
  await third.close();
}

async function signInWithoutPin(): Promise<void> {
  const page = await openPage();
  await page.openDesk();
  workstation.dialog.type("1234");
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
  const page = await site.openPage("file");
  page.page.on("response", async (response) => {
    if (!response.url().endsWith("/nonce")) return;
    const { method } = response.request().postDataJSON();
    nonces.push({ method, nonce: (await response.json()).nonce });
  });
  return page;
}

/** Which holds name and address, and needs the password. */
async function readTheSignatureCertificate(): Promise<void> {
  workstation.dialog.type("XYZ789", "ABC123");
  const { page } = await site.openPage("file");
  const outcomes = await withCard(
    page,
    `const read = () => card.readCertificate("digital-signature");
    const wrong = await read().catch((error) => error.code);
    const { der } = await read();
    return { wrong, isRead: der.length > 1000 };`,
  );
  expect(outcomes).toEqual({ wrong: "pin-incorrect", isRead: true });
}

test("the run left the logs that are to be searched", () => {
  const sizes = Object.fromEntries(
    logs(workstation.folder).map(([name, content]) => [name, content.length]),
  );
  expect(Object.keys(sizes)).toEqual(
    expect.arrayContaining(["bridge.log", "emulator.log", "server.log"]),
  );
  expect(workstation.bridge.output).toContain("TRACE");
});

const PINS = ["1234", "9876", "ABC123", "XYZ789"];
const BIRTH_DATE = ["1980-02-17", "19800217", "550217"];

test.each([...PINS, ...BIRTH_DATE, DESK_PASSWORD])("%s is in no log, in any form", (secret) => {
  expectInNoLog(workstation.folder, secret);
});

test("what the card signs is in no log", () => {
  const methods = nonces.map(({ method }) => method);
  expect(methods.sort()).toEqual([...Array(5).fill("pin"), "presence", "presence", "terminal"]);
  const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest();
  for (const { method, nonce } of nonces) {
    const label = Buffer.from(method === "pin" ? "" : `kazashi-${method}:1\0`);
    const digest = sha256(Buffer.concat([label, sha256(site.origin), sha256(nonce)]));
    for (const [name, content] of logs(workstation.folder)) {
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
    for (const [name, content] of logs(workstation.folder)) {
      for (const text of [serialNumber, commonName, "架空", "清瀬"]) {
        expect(content, name).not.toContain(text);
      }
    }
  }
});
