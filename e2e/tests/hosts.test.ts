import { createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CardKind } from "../../js/src/testing.ts";
import { hosts, startWorkstation, type Workstation } from "../harness/host.ts";
import { inProject } from "../harness/paths.ts";

// What a page may count on, whoever guards the card: the same results and codes from the bridge
// with pcscd, from the bridge with a virtual card, and from the virtual host of `kazashi/testing`.

const SIGNED_IN = { subject: expect.stringMatching(/^[\w-]{43}$/) };
const NONCE = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const BLOCKED = { code: "pin-blocked", retriesLeft: 0 };
const UNTOUCHED = {
  userAuthentication: { retriesLeft: 3, blocked: false, set: true },
  digitalSignature: { retriesLeft: 5, blocked: false, set: true },
};

describe.each(hosts)("%s", (host) => {
  let desk: Workstation;

  beforeAll(async () => {
    desk = await startWorkstation(host);
  });

  afterAll(() => desk?.stop());

  // The bridge makes an origin wait longer after each failure, until it succeeds: what ends in one is
  // followed by what begins with a success, and what ends in three by nothing.

  /** A page that has the lease on a new card of this kind. */
  async function begin(kind?: CardKind) {
    const page = await desk.begin(kind);
    expect(await page.take()).toBe(undefined);
    return page;
  }

  test("a person signs in, and the server accepts it", async () => {
    const page = await begin();
    await desk.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
    expect(await desk.dialogs()).toEqual([3]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("a wrong PIN says how many tries are left, and the right one gives them back", async () => {
    const page = await begin();
    await desk.type("9999");
    expect(await page.signIn()).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
    expect(await page.pinStatus()).toEqual({
      ...UNTOUCHED,
      userAuthentication: { retriesLeft: 2, blocked: false, set: true },
    });
    await desk.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
    expect(await desk.dialogs()).toEqual([3, 2]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("a page may bring a PIN, but not risk the last but one try", async () => {
    const page = await begin();
    expect(await page.signIn("1234")).toEqual(SIGNED_IN);
    expect(await page.signIn("9999")).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
    expect(await page.signIn("1234")).toEqual({ code: "too-few-retries", retriesLeft: 2 });
    expect(await desk.dialogs()).toEqual([]);
  });

  test("a person who presses Cancel can sign in afterwards", async () => {
    const page = await begin();
    await desk.cancel();
    expect(await page.signIn()).toEqual({ code: "pin-cancelled" });
    await desk.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
  });

  test("what cannot be a PIN costs no try", async () => {
    const page = await begin();
    await desk.type("123", "12345", "abcd");
    expect(await page.signIn()).toEqual({ code: "pin-malformed" });
    expect(await desk.dialogs()).toEqual([3, 3, 3]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("at a desk, the institution signs a visitor in without a PIN", async () => {
    const page = await begin();
    const byPin = await page.signIn("1234");
    await page.openDesk();
    expect(await page.signInPinless()).toEqual(byPin);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
    expect(await desk.dialogs()).toEqual([]);
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

    await desk.swap("another-person");
    expect(await page.take()).toBe(undefined);
    expect(await page.checkIn()).toEqual({ code: "enrolment-mismatch" });
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
    expect(await desk.dialogs()).toEqual([]);
  });

  test("a person lets a page read the four basic attributes", async () => {
    const page = await begin();
    await desk.type("9999", "1234");
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
    expect(await desk.dialogs()).toEqual([3, 2]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("attributes that another authority signed are not said to be genuine", async () => {
    const page = await begin("foreign-root");
    await desk.type("1234");
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
    await desk.type("1234");
    expect(await page.signIn()).toEqual(outcome);
  });

  test.each([
    ["without-pins", BLOCKED],
    ["blocked", BLOCKED],
    ["unsupported", { code: "unsupported-card" }],
  ] as const)("nobody is asked for the PIN of a card of the kind %s", async (kind, outcome) => {
    const page = await begin(kind);
    expect(await page.signIn()).toEqual(outcome);
    expect(await desk.dialogs()).toEqual([]);
  });

  test("nobody is asked for the password of a certificate that is not there", async () => {
    const page = await begin("without-signature-certificate");
    expect(await page.sign("A document.")).toEqual({ code: "certificate-absent" });
    expect(await page.readCertificate("digital-signature")).toEqual({ code: "certificate-absent" });
    expect(await desk.dialogs()).toEqual([]);
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
    await desk.type("XYZ789");
    expect(await page.readCertificate("digital-signature")).toEqual({
      code: "pin-incorrect",
      retriesLeft: 4,
    });
    await desk.type("ABC123");
    expect(await page.readCertificate("digital-signature")).toBe(certificate("digital-signature"));
    expect(await desk.dialogs()).toEqual([5, 4]);
    expect(await page.pinStatus()).toEqual(UNTOUCHED);
  });

  test("a person signs a document", async () => {
    const page = await begin();
    await desk.type("ABC123");
    const content = "The tenant may keep a cat.";
    const [signature = [], der = []] = (await page.sign(content)) as number[][];
    const { publicKey } = new X509Certificate(Buffer.from(der));
    const isGenuine = verify("SHA256", Buffer.from(content), publicKey, Buffer.from(signature));
    expect(isGenuine).toBe(true);
    expect(await desk.dialogs()).toEqual([5]);
  });

  test("a page is told when a card is taken off and put on", async () => {
    const page = await desk.begin();
    expect(await page.seesCard()).toBe(true);
    await desk.remove();
    await until(() => page.events()).toEqual(["card-removed"]);
    expect(await page.seesCard()).toBe(false);
    await desk.insert();
    await until(() => page.events()).toEqual(["card-removed", "card-inserted"]);
    expect(await page.seesCard()).toBe(true);
    await desk.swap("short");
    const swapped = ["card-removed", "card-inserted", "card-removed", "card-inserted"];
    await until(() => page.events()).toEqual(swapped);
  });

  test("each visitor is served once for each time that the card is put on", async () => {
    const page = await desk.begin();
    await desk.type("1234");
    await page.serve();
    await until(() => page.served()).toHaveLength(1);

    await desk.type("1234");
    await desk.swap("another-person");
    await until(() => page.served()).toHaveLength(2);

    await desk.type("1234");
    await desk.swap("normal");
    await until(() => page.served()).toHaveLength(3);

    const [first, second, third] = await page.served();
    expect([first, second]).toEqual([SIGNED_IN, SIGNED_IN]);
    expect(second).not.toEqual(first);
    expect(third).toEqual(first);
    expect(await desk.dialogs()).toEqual([3, 3, 3]);
  });

  test("a card that has had its turn is free for another page", async () => {
    const page = await desk.begin();
    await desk.type("1234");
    await page.serve();
    await until(() => page.served()).toHaveLength(1);

    const other = await desk.openClient();
    expect(await other.take()).toBe(undefined);
    expect(await other.signIn("1234")).toEqual(SIGNED_IN);
    await other.release();
    expect(await page.served()).toHaveLength(1);
  });

  test("a card that is pulled while the dialog is open is told so, and works again", async () => {
    const page = await begin();
    const signingIn = page.signIn();
    await until(() => desk.dialogs()).toEqual([3]);
    await desk.remove();
    expect(await signingIn).toEqual({ code: "removed-card" });
    expect(await page.pinStatus()).toEqual({ code: "removed-card" });

    await desk.insert();
    expect(await page.take()).toBe(undefined);
    await desk.type("1234");
    expect(await page.signIn()).toEqual(SIGNED_IN);
    expect(await desk.dialogs()).toEqual([3, 3]);
  });

  test("a PIN typed for one card is not presented to the next", async () => {
    const page = await begin();
    const signingIn = page.signIn();
    await until(() => desk.dialogs()).toEqual([3]);
    await desk.swap("another-person");
    expect(await signingIn).toEqual({ code: "removed-card" });

    expect(await page.take()).toBe(undefined);
    await desk.type("8888");
    expect(await page.signIn()).toEqual({ code: "pin-incorrect", retriesLeft: 2 });
  });

  test("a page waits for the card that another one has", async () => {
    const first = await begin();
    const second = await desk.openClient();
    let isTaken = false;
    const taking = second.take().finally(() => {
      isTaken = true;
    });
    await desk.type("1234");
    expect(await first.signIn()).toEqual(SIGNED_IN);
    expect(isTaken).toBe(false);

    await first.release();
    expect(await taking).toBe(undefined);
    await desk.type("1234");
    expect(await second.signIn()).toEqual(SIGNED_IN);
    expect(await first.signIn()).toEqual({ code: "lease-lost" });
  });

  test("a page that is hidden does not reach for cards", async () => {
    const page = await desk.begin();
    await page.setVisibility("hidden");
    let isTaken = false;
    const taking = page.take().finally(() => {
      isTaken = true;
    });
    await desk.remove();
    await desk.insert();
    await until(() => page.events()).toEqual(["card-removed", "card-inserted"]);
    expect(isTaken).toBe(false);

    await page.setVisibility("visible");
    expect(await taking).toBe(undefined);
  });

  test("a page that is loaded anew has the card again", async () => {
    const before = await begin();
    await desk.type("1234");
    const outcome = await before.signIn();
    const page = await desk.reload(before);
    expect(await page.take()).toBe(undefined);
    await desk.type("1234");
    expect(await page.signIn()).toEqual(outcome);
  });

  test("three wrong PINs block it, and nobody is asked any more", async () => {
    const page = await begin();
    const outcomes = [];
    for (const pin of ["9999", "8888", "7777"]) {
      await desk.type(pin);
      outcomes.push(await page.signIn());
    }
    expect(outcomes).toEqual([
      { code: "pin-incorrect", retriesLeft: 2 },
      { code: "pin-incorrect", retriesLeft: 1 },
      BLOCKED,
    ]);
    expect(await page.signIn()).toEqual(BLOCKED);
    expect(await desk.dialogs()).toEqual([3, 2, 1]);
    expect(await page.pinStatus()).toEqual({
      ...UNTOUCHED,
      userAuthentication: { retriesLeft: 0, blocked: true, set: true },
    });
  });
});

/** Expects it of what changes, before long. */
function until<T>(change: () => Promise<T>) {
  return expect.poll(change, { interval: 20, timeout: 20_000 });
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
