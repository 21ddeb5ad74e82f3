import { verify, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { withCard } from "../package.ts";
import { setUp } from "../set-up.ts";
import { SignInSite } from "./site/site.ts";

const TITLE = "賃貸借契約書";
const DOCUMENT = "The tenant may keep a cat.";

const site = setUp(new SignInSite({ cardIn: "bridge", scopes: ["events", "sign"] }));
const { workstation } = site;

interface Signed {
  signature: number[];
  certificate: number[];
}

/** Has the page digest the document and the card sign it. `code` is what goes wrong. */
async function sign(hash: string): Promise<Signed | { code: string }> {
  const { page } = await site.openPage();
  const given = { title: TITLE, hash, document: DOCUMENT };
  return await withCard(page, SIGN, given);
}

const SIGN = `
  const { title, hash, document } = given;
  const bytes = new TextEncoder().encode(document);
  const digest = new Uint8Array(await crypto.subtle.digest(hash, bytes));
  const { signature, certificate } = await card.sign({ title, hash, digest });
  return { signature: [...signature], certificate: [...certificate.der] };`;

test.each(["SHA-256", "SHA-384", "SHA-512"])("a person signs a document by %s", async (hash) => {
  workstation.dialog.type("ABC123");
  const signed = (await sign(hash)) as Signed;
  const { publicKey } = new X509Certificate(Buffer.from(signed.certificate));
  const signature = Buffer.from(signed.signature);
  expect(verify(hash.replace("-", ""), Buffer.from(DOCUMENT), publicKey, signature)).toBe(true);
});

test("the dialog shows who wants what to be signed", () => {
  expect(workstation.dialog.shown).toContain(site.origin);
  expect(workstation.dialog.shown).toContain(TITLE);
});

test("a person who does not want to sign presses Cancel", async () => {
  workstation.dialog.cancel();
  expect(await sign("SHA-256")).toEqual({ code: "pin-cancelled" });
});
