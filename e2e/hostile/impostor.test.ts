import { createHash, createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { importHere, withCard } from "../package.ts";
import { inProject } from "../paths.ts";
import { PublicSite } from "../public-site.ts";
import { setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";
import { FalseBridge } from "./false-bridge.ts";

// A program that takes the bridge's port before the bridge does, knows the protocol, and has the
// certificate of a card: that it can have read from any card that ever lay here.

const PIN = "1234";

const server = await importHere("verify.js");
const workstation = setUp(new Workstation());
const site = setUp(new PublicSite());
let page: Page;
let impostor: FalseBridge;

beforeAll(() => workstation.startBrowser(site.chromiumArguments));
beforeEach(async () => {
  impostor = await FalseBridge.start(readFileSync(`${workstation.card}/jpki/000A.bin`));
  page = await workstation.openPage(site.page(), { permission: "granted" });
});
afterEach(async () => {
  await page.context().close();
  await impostor.stop();
});

test("it gets no PIN from a page that leaves it to the bridge, and nothing that verifies", async () => {
  const nonce = server.newNonce();
  const token = await authenticate({ nonce });
  const heard = impostor.heard.map((message) => JSON.parse(message));
  expect(heard).toContainEqual(expect.objectContaining({ type: "sign-challenge", nonce, pin: {} }));
  expect(heard.filter(({ value, pin }) => value !== undefined || pin?.value !== undefined)).toEqual(
    [],
  );
  expect(await verdict(token, nonce)).toBe("signature-mismatch");
});

test("what a card signed another time is worth nothing to it", async () => {
  const [before, now] = [server.newNonce(), server.newNonce()];
  impostor.signature = signedByTheCard(site.origin, before);
  const token = await authenticate({ nonce: now });
  expect(await verdict(token, now)).toBe("signature-mismatch");
  // Nor what it was signed for another site; it is a signature of this card all the same.
  expect(await verdict(token, before)).toBe("ok");
  impostor.signature = signedByTheCard("https://elsewhere.example", now);
  expect(await verdict(await authenticate({ nonce: now }), now)).toBe("signature-mismatch");
});

test("it passes for the bridge, so that a page built to bring the PIN brings it", async () => {
  const connected = await page.evaluate(`import("/kazashi/index.js").then(
    async ({ diagnose }) => (await diagnose()).code)`);
  expect(connected).toBe("ok");
  await authenticate({ nonce: server.newNonce(), pin: PIN });
  expect(impostor.heard.filter((message) => message.includes(PIN))).toHaveLength(1);
});

/** Signs in with the package, as a page does. */
function authenticate(options: { nonce: string; pin?: string }): Promise<object> {
  return withCard(page, "return await card.authenticate(given);", options);
}

/** What the server makes of a token: a code, or `ok`. */
async function verdict(token: object, nonce: string): Promise<string> {
  const trust = {
    authorities: [readFileSync(inProject("vectors/certificates/user-authentication-ca.der"))],
    acceptTestHierarchy: true,
    pairwiseKey: new Uint8Array(32).fill(1),
  };
  try {
    await server.verify(token, { origin: site.origin, nonce, method: "pin" }, trust);
    return "ok";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** The signature that the card itself gave for this origin and nonce. */
function signedByTheCard(origin: string, nonce: string): Buffer {
  const sha256 = (text: string) => createHash("sha256").update(text).digest();
  const statement = Buffer.concat([sha256(origin), sha256(nonce)]);
  const key = readFileSync(`${workstation.card}/keys/user-authentication.pem`);
  return createSign("RSA-SHA256").update(statement).sign(key);
}
