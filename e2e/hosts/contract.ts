import { createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CardKind } from "../package.ts";
import { inProject } from "../paths.ts";
import { setUp } from "../set-up.ts";
import type { TestedHost } from "./tested-host.ts";

const SIGNED_IN = { subject: expect.stringMatching(/^[\w-]{43}$/) };
const NONCE = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const BLOCKED = { code: "pin-blocked", retriesLeft: 0 };
const UNTOUCHED = {
  userAuthentication: { retriesLeft: 3, blocked: false, set: true },
  digitalSignature: { retriesLeft: 5, blocked: false, set: true },
};

/**
 * What a page may count on, whoever guards the card: the same results and codes from the bridge with
 * pcscd, from the bridge with a virtual card, and from the virtual host of `kazashi/testing`.
 */
export function pageMayCountOn(name: string, host: TestedHost): void {
  describe(name, () => contract(host));
}

function contract(host: TestedHost): void {
  setUp(host);

  // The bridge makes an origin wait longer after each failure, until it succeeds: what ends in one is
  // followed by what begins with a success, and what ends in three by nothing.

  /** A page that has the lease on a new card of this kind. */
  async function begin(kind?: CardKind) {
    const page = await host.begin(kind);
    expect(await page.take()).toBe(undefined);
    return page;
  }

  test("a person signs in, and the server accepts it", async () => {
    const page = await begin();
    await host.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
    expect(await host.dialogs()).toEqual([3]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("a wrong PIN says how many tries are left, and the right one gives them back", async () => {
    const page = await begin();
    await host.type("9999");
    expect(await page.signIn()).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
    expect(await page.pinStatus()).toEqual({
      ...UNTOUCHED,
      userAuthentication: { retriesLeft: 2, blocked: false, set: true },
    });
    await host.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
    expect(await host.dialogs()).toEqual([3, 2]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("a page may bring a PIN, but not risk the last but one try", async () => {
    const page = await begin();
    expect(await page.signIn("1234")).toEqual(SIGNED_IN);
    expect(await page.signIn("9999")).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
    expect(await page.signIn("1234")).toEqual({ code: "too-few-retries", retriesLeft: 2 });
    expect(await host.dialogs()).toEqual([]);
  });

  test("a person who presses Cancel can sign in afterwards", async () => {
    const page = await begin();
    await host.cancel();
    expect(await page.signIn()).toEqual({ code: "pin-cancelled" });
    await host.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
  });

  test("what cannot be a PIN costs no try", async () => {
    const page = await begin();
    await host.type("123", "12345", "abcd");
    expect(await page.signIn()).toEqual({ code: "pin-malformed" });
    expect(await host.dialogs()).toEqual([3, 3, 3]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("at a desk, the institution signs a visitor in without a PIN", async () => {
    const page = await begin();
    const byPin = await page.signIn("1234");
    await page.openDesk();
    expect(await page.signInPinless()).toEqual(byPin);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
    expect(await host.dialogs()).toEqual([]);
  });

  test("without a desk, the institution signs nobody in", async () => {
    const page = await begin();
    expect(await page.signInPinless()).toEqual({ code: "terminal-not-signed" });
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test.each([
    ["foreign-root", "terminal-refused"],
    ["short", "reader-no-extended-length"],
  ] as const)("the institution is of no use to a card of the kind %s", async (kind, code) => {
    const page = await begin(kind);
    await page.openDesk();
    expect(await page.signInPinless()).toEqual({ code });
  });

  test("an enrolled card is known again without a PIN, and only that one", async () => {
    const page = await begin();
    await page.openDesk();
    const enrolled = await page.enrol("1980-02-17", "1234");
    expect(enrolled).toEqual(SIGNED_IN);
    expect(await page.checkIn()).toEqual(enrolled);

    await host.swap("another-person");
    expect(await page.take()).toBe(undefined);
    expect(await page.checkIn()).toEqual({ code: "enrolment-mismatch" });
  });

  test("a stay has one name for all pages, and the word that is given for it has no other", async () => {
    const page = await begin();
    const name = await page.insertion();
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(await (await host.openClient()).insertion()).toBe(name);
    const stayOf = (word: unknown) =>
      // Behind the tag, the key and the digest of the origin.
      Buffer.from(String(word), "base64")
        .subarray(15 + 32 + 32, 15 + 32 + 32 + 16)
        .toString("hex");
    expect(stayOf(await page.vouch())).toBe(name);

    await host.remove();
    await expect.poll(() => page.insertion()).toBe(undefined);
    await host.insert();
    await expect.poll(() => page.insertion()).toMatch(/^[0-9a-f]{32}$/);
    const again = await page.insertion();
    expect(again).not.toBe(name);
    expect(await page.take()).toBe(undefined);
    expect(stayOf(await page.vouch())).toBe(again);
  });

  test("a wrong PIN is not sent to the card again, and its page waits longer each time", async () => {
    const page = await begin();
    await host.type("9999", "9999", "9999", "9998");
    const incorrect = { code: "pin-incorrect", retriesLeft: 2 };
    const begun = performance.now();
    for (const _ of [1, 2, 3]) expect(await page.signIn()).toEqual(incorrect);
    // Half a second after the first failure, a whole one after the next.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1_500);
    expect(await page.signIn()).toEqual({ ...incorrect, retriesLeft: 1 });
    expect(await host.dialogs()).toEqual([3, 2, 2, 2]);
  });

  test("a wrong birth date costs a try", async () => {
    const page = await begin();
    const outcome = await page.enrol("1980-02-18", "1234");
    expect(outcome).toEqual({ code: "birth-date-incorrect", retriesLeft: 9 });
  });

  test("the card face is read with what is printed on the card, and the card is there", async () => {
    const page = await begin();
    expect(await page.readCardFace("2286", NONCE)).toEqual({
      code: "verification-number-incorrect",
      retriesLeft: 9,
    });
    const reading = (await page.readCardFace("2285", NONCE)) as Record<string, string>;
    // Too long for a test to print.
    expect(reading.record === fileOfCard("card-surface/0002.bin")).toBe(true);
    expect(reading.cvCertificate).toBe(fileOfCard("card-surface/0004.bin"));
    const statement = presenceStatement(new URL(page.page.url()).origin, NONCE);
    const signature = Buffer.from(reading.signature ?? "", "hex");
    expect(verify("SHA256", statement, cardSurfaceKey(), signature)).toBe(true);
    expect(await host.dialogs()).toEqual([]);
  });

  test("a person lets a page read the four basic attributes", async () => {
    const page = await begin();
    await host.type("9999", "1234");
    expect(await page.readAttributes()).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
    const attributes = await page.readAttributes();
    expect(attributes).toMatchObject({
      birthDate: "1980-02-17",
      sex: "female",
      integrity: "genuine",
    });
    const { name, address } = attributes as { name: string; address: string };
    const record = Buffer.from(fileOfCard("card-info/0002.bin"), "hex").toString();
    expect(record).toContain(name);
    expect(record).toContain(address);
    expect(name).toContain("\u3000");
    expect(await page.readAttributes("1234")).toEqual(attributes);
    expect(await host.dialogs()).toEqual([3, 2]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("attributes that another authority signed are not said to be genuine", async () => {
    const page = await begin("foreign-root");
    await host.type("1234");
    const integrity = "cv-certificate-untrusted";
    expect(await page.readAttributes()).toMatchObject({ birthDate: "1980-02-17", integrity });
  });

  test.each([
    ["another-person", SIGNED_IN],
    ["short", SIGNED_IN],
    ["without-signature-certificate", SIGNED_IN],
    ["expired", { code: "certificate-expired" }],
    ["foreign-root", { code: "certificate-untrusted" }],
  ] as const)("the server judges a card of the kind %s", async (kind, outcome) => {
    const page = await begin(kind);
    await host.type("1234");
    expect(await page.signIn()).toEqual(outcome);
  });

  test.each([
    ["without-pins", BLOCKED],
    ["blocked", BLOCKED],
    ["unsupported", { code: "unsupported-card" }],
  ] as const)("nobody is asked for the PIN of a card of the kind %s", async (kind, outcome) => {
    const page = await begin(kind);
    expect(await page.signIn()).toEqual(outcome);
    expect(await host.dialogs()).toEqual([]);
  });

  test("nobody is asked for the password of a certificate that is not there", async () => {
    const page = await begin("without-signature-certificate");
    expect(await page.sign("A document.")).toEqual({ code: "certificate-absent" });
    expect(await page.readCertificate("digital-signature")).toEqual({ code: "certificate-absent" });
    expect(await host.dialogs()).toEqual([]);
  });

  test("a page reads all four certificates, one of them with the password", async () => {
    const page = await begin();
    for (const kind of [
      "user-authentication",
      "user-authentication-ca",
      "digital-signature-ca",
    ] as const) {
      expect(await page.readCertificate(kind)).toBe(certificate(kind));
    }
    await host.type("XYZ789");
    expect(await page.readCertificate("digital-signature")).toEqual({
      code: "pin-incorrect",
      retriesLeft: 4,
    });
    await host.type("ABC123");
    expect(await page.readCertificate("digital-signature")).toBe(certificate("digital-signature"));
    expect(await host.dialogs()).toEqual([5, 4]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("a person signs a document", async () => {
    const page = await begin();
    await host.type("ABC123");
    const content = "The tenant may keep a cat.";
    const [signature = [], der = []] = (await page.sign(content)) as number[][];
    const { publicKey } = new X509Certificate(Buffer.from(der));
    const isGenuine = verify("SHA256", Buffer.from(content), publicKey, Buffer.from(signature));
    expect(isGenuine).toBe(true);
    expect(await host.dialogs()).toEqual([5]);
  });

  test("a page is told when a card is taken off and put on", async () => {
    const page = await host.begin();
    expect(await page.seesCard()).toBe(true);
    await host.remove();
    await expect.poll(() => page.events()).toEqual(["card-removed"]);
    expect(await page.seesCard()).toBe(false);
    await host.insert();
    await expect.poll(() => page.events()).toEqual(["card-removed", "card-inserted"]);
    expect(await page.seesCard()).toBe(true);
    await host.swap("short");
    const swapped = ["card-removed", "card-inserted", "card-removed", "card-inserted"];
    await expect.poll(() => page.events()).toEqual(swapped);
  });

  test("each visitor is served once for each time that the card is put on", async () => {
    const page = await host.begin();
    await host.type("1234");
    await page.serve();
    await expect.poll(() => page.served()).toHaveLength(1);

    await host.type("1234");
    await host.swap("another-person");
    await expect.poll(() => page.served()).toHaveLength(2);

    await host.type("1234");
    await host.swap("normal");
    await expect.poll(() => page.served()).toHaveLength(3);

    const [first, second, third] = await page.served();
    expect([first, second]).toEqual([SIGNED_IN, SIGNED_IN]);
    expect(second).not.toEqual(first);
    expect(third).toEqual(first);
    expect(await host.dialogs()).toEqual([3, 3, 3]);
  });

  test("a card that has had its turn is free for another page", async () => {
    const page = await host.begin();
    await host.type("1234");
    await page.serve();
    await expect.poll(() => page.served()).toHaveLength(1);

    const other = await host.openClient();
    expect(await other.take()).toBe(undefined);
    expect(await other.signIn("1234")).toEqual(SIGNED_IN);
    await other.release();
    expect(await page.served()).toHaveLength(1);
  });

  test("a card that is pulled while the dialog is open is told so, and works again", async () => {
    const page = await begin();
    const signingIn = page.signIn();
    await expect.poll(() => host.dialogs()).toEqual([3]);
    await host.remove();
    expect(await signingIn).toEqual({ code: "removed-card" });
    expect(await page.pinStatus()).toEqual({ code: "removed-card" });

    await host.insert();
    expect(await page.take()).toBe(undefined);
    await host.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
    expect(await host.dialogs()).toEqual([3, 3]);
  });

  test("a PIN typed for one card is not presented to the next", async () => {
    const page = await begin();
    const signingIn = page.signIn();
    await expect.poll(() => host.dialogs()).toEqual([3]);
    await host.swap("another-person");
    expect(await signingIn).toEqual({ code: "removed-card" });

    expect(await page.take()).toBe(undefined);
    await host.type("8888");
    expect(await page.signIn()).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
  });

  test("a page waits for the card that another one has", async () => {
    const first = await begin();
    const second = await host.openClient();
    let isTaken = false;
    const taking = second.take().finally(() => {
      isTaken = true;
    });
    await host.type("1234");
    expect(await first.signIn()).toEqual(SIGNED_IN);
    expect(isTaken).toBe(false);

    await first.release();
    expect(await taking).toBe(undefined);
    await host.type("1234");
    expect(await second.signIn()).toEqual(SIGNED_IN);
    expect(await first.signIn()).toEqual({ code: "lease-lost" });
  });

  test("a page that is hidden does not reach for cards", async () => {
    const page = await host.begin();
    await page.setVisibility("hidden");
    let isTaken = false;
    const taking = page.take().finally(() => {
      isTaken = true;
    });
    await host.remove();
    await host.insert();
    await expect.poll(() => page.events()).toEqual(["card-removed", "card-inserted"]);
    expect(isTaken).toBe(false);

    await page.setVisibility("visible");
    expect(await taking).toBe(undefined);
  });

  test("a page that is loaded anew has the card again", async () => {
    const before = await begin();
    await host.type("1234");
    const outcome = await before.signIn();
    const page = await host.reload(before);
    expect(await page.take()).toBe(undefined);
    await host.type("1234");
    expect(await page.signIn()).toEqual(outcome);
  });

  test("three wrong PINs block it, and nobody is asked any more", async () => {
    const page = await begin();
    const outcomes = [];
    for (const pin of ["9999", "8888", "7777"]) {
      await host.type(pin);
      outcomes.push(await page.signIn());
    }
    expect(outcomes).toEqual([
      { code: "pin-incorrect", retriesLeft: 2 },
      { code: "pin-incorrect", retriesLeft: 1 },
      BLOCKED,
    ]);
    expect(await page.signIn()).toEqual(BLOCKED);
    expect(await host.dialogs()).toEqual([3, 2, 1]);
    expect(await page.pinStatus()).toEqual({
      ...UNTOUCHED,
      userAuthentication: { retriesLeft: 0, blocked: true, set: true },
    });
  });
}

/** What a file of the normal card holds, in hexadecimal. */
function fileOfCard(path: string): string {
  return readFileSync(inProject(`emulator/images/normal/${path}`), "hex");
}

/** The bytes of which the card signs the SHA-256 digest, by hand. */
function presenceStatement(origin: string, nonce: string): Buffer {
  const sha256 = (text: string) => createHash("sha256").update(text).digest();
  return Buffer.concat([Buffer.from("kazashi-presence:1\0"), sha256(origin), sha256(nonce)]);
}

function cardSurfaceKey() {
  return createPublicKey(readFileSync(inProject("vectors/keys/card-surface.pem")));
}

/** The DER encoding of a certificate of the normal card, in hexadecimal. */
function certificate(name: string): string {
  return readFileSync(inProject(`vectors/certificates/${name}.der`), "hex");
}
