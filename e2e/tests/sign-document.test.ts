import { verify, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stack } from "../harness/stack.ts";

const TITLE = "賃貸借契約書";
const DOCUMENT = "The tenant may keep a cat.";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({
    name: "sign-document",
    cardIn: "bridge",
    scopes: ["events", "sign"],
  });
});

afterAll(() => stack?.stop());

interface Signed {
  signature: number[];
  certificate: number[];
}

/** Has the page digest the document and the card sign it. `code` is what goes wrong. */
async function sign(hash: string): Promise<Signed | { code: string }> {
  const { page } = await stack.openPage();
  return await page.evaluate(`(async () => {
    const { connect } = await import("/kazashi/index.js");
    const page = new AbortController();
    try {
      const kazashi = await connect({ signal: page.signal });
      const card = await kazashi.card();
      const document = new TextEncoder().encode(${JSON.stringify(DOCUMENT)});
      const digest = new Uint8Array(await crypto.subtle.digest("${hash}", document));
      const signed = await card.sign({ title: "${TITLE}", hash: "${hash}", digest });
      return { signature: [...signed.signature], certificate: [...signed.certificate.der] };
    } catch (error) {
      return { code: error.code };
    } finally {
      page.abort();
    }
  })()`);
}

test.each(["SHA-256", "SHA-384", "SHA-512"])("a person signs a document by %s", async (hash) => {
  stack.pinentry.type("ABC123");
  const signed = (await sign(hash)) as Signed;
  const { publicKey } = new X509Certificate(Buffer.from(signed.certificate));
  const signature = Buffer.from(signed.signature);
  expect(verify(hash.replace("-", ""), Buffer.from(DOCUMENT), publicKey, signature)).toBe(true);
});

test("the dialog shows who wants what to be signed", () => {
  expect(stack.pinentry.shown).toContain(stack.origin);
  expect(stack.pinentry.shown).toContain(TITLE);
});

test("a person who does not want to sign presses Cancel", async () => {
  stack.pinentry.cancel();
  expect(await sign("SHA-256")).toEqual({ code: "pin-cancelled" });
});
