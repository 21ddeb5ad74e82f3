import {
  createHash,
  createPublicKey,
  type KeyObject,
  verify as verifySignature,
  X509Certificate,
} from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import type {
  BirthDateSource,
  Calendar,
  Card,
  PresenceProof,
  Terminal,
  Token,
} from "../src/index.js";
import {
  cardSurfaceAuthority,
  KazashiError,
  type TryPrompt,
  virtualBridgeKey,
  virtualTerminal,
} from "../src/testing.js";
import { type Method, newNonce } from "../src/verify.js";
import { hex } from "./vectors.js";
import { failure, origin, put, retriesLeft, verifyAs } from "./virtual-card.js";

const birthDate = "1980-02-17";
afterEach(() => vi.useRealTimers());

/** Signs in as a page of an institution does. */
async function enter(card: Card, change: Partial<Terminal> = {}): Promise<[Token, string]> {
  const nonce = newNonce();
  const terminal = { ...(await virtualTerminal(nonce, origin)), ...change };
  return [await card.authenticatePinless({ nonce, terminal }), nonce];
}

const base64 = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64");
const sha256 = (...data: (string | Buffer)[]): Buffer =>
  data
    .reduce<ReturnType<typeof createHash>>((hash, part) => hash.update(part), createHash("sha256"))
    .digest();

/** The statement of origin and nonce (before its last hash). */
const statement = (label: string, nonce: string): Buffer =>
  Buffer.concat([Buffer.from(`${label}\0`), sha256(origin), sha256(nonce)]);

describe("an institution", () => {
  it.each(["normal", "without-pins", "blocked"] as const)(
    "is let in without a PIN by a card of the kind %s",
    async (kind) => {
      const askPin = vi.fn(() => "1234");
      const { card } = await put(kind, { askPin });
      const before = await retriesLeft(card);
      const [token, nonce] = await enter(card);
      expect((await verifyAs("terminal", token, nonce)).method).toBe("terminal");
      expect(await retriesLeft(card)).toEqual(before);
      expect(askPin).not.toHaveBeenCalled();
    },
  );

  it("does not pass for the PIN, nor the PIN for it", async () => {
    const { card } = await put();
    const [token, nonce] = await enter(card);
    const asPin = verifyAs("pin", token, nonce);
    await expect(asPin).rejects.toMatchObject({ code: "signature-mismatch" });
    const withPin = await card.authenticate({ nonce });
    const asTerminal = verifyAs("terminal", withPin, nonce);
    await expect(asTerminal).rejects.toMatchObject({ code: "signature-mismatch" });
  });

  it.each([
    ["foreign-root", { code: "terminal-refused", statusWord: 0x6300 }],
    ["short", { code: "reader-no-extended-length" }],
    ["unsupported", { code: "unsupported-card" }],
  ] as const)(
    "is not let in by a card of the kind %s, and nothing is signed",
    async (kind, error) => {
      const { card } = await put(kind);
      const sign = vi.fn();
      await expect(enter(card, { sign })).rejects.toMatchObject(error);
      expect(sign).not.toHaveBeenCalled();
    },
  );

  it.each([
    ["no certificate", () => []],
    ["the intermediate only", ([intermediate]: readonly string[]) => [intermediate ?? ""]],
    ["the terminal's own only", ([, own]: readonly string[]) => [own ?? ""]],
  ])("is refused that shows %s", async (_, certificates) => {
    const { card } = await put();
    const all = (await virtualTerminal(newNonce(), origin)).certificates;
    const entered = enter(card, { certificates: certificates(all) });
    await expect(entered).rejects.toMatchObject({ code: "terminal-refused" });
  });

  it("is asked in the words of the bridge, as Node's own cryptography expects", async () => {
    const { card } = await put();
    const nonce = newNonce();
    const terminal = await virtualTerminal(nonce, origin);
    const sign = vi.fn(terminal.sign);
    await card.authenticatePinless({ nonce, terminal: { ...terminal, sign } });
    const word = base64(sign.mock.lastCall?.[0] ?? "");
    const publicKey = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: base64(virtualBridgeKey).toString("base64url") },
      format: "jwk",
    });
    expect(verifySignature(null, word.subarray(0, -64), publicKey, word.subarray(-64))).toBe(true);
    // Tag, key, origin, stay, no statements, and the challenge of 32 bytes with its nonce.
    expect(word).toHaveLength(15 + 32 + 32 + 16 + 1 + 1 + 32 + 32 + 64);
    expect(word.subarray(15, 47).equals(base64(virtualBridgeKey))).toBe(true);
    const sha256 = (text: string) => createHash("sha256").update(text).digest();
    expect(word.subarray(47, 79).equals(sha256(origin))).toBe(true);
    expect([word[95], word[96]]).toEqual([0, 32]);
    expect(word.subarray(97, 129).equals(sha256(nonce))).toBe(true);
  });

  it("whose server does not sign fails as such, and says why", async () => {
    const { card } = await put();
    const cause = new TypeError("Failed to fetch");
    const fails = () => Promise.reject(cause);
    const throws = () => {
      throw cause;
    };
    for (const sign of [fails, throws]) {
      const error = await failure(enter(card, { sign }));
      expect(error).toBeInstanceOf(KazashiError);
      expect(error).toMatchObject({ code: "terminal-not-signed", cause });
    }
    const own = new KazashiError("not-permitted");
    expect(await failure(enter(card, { sign: () => Promise.reject(own) }))).toBe(own);
    await enter(card);
  });

  it.each(["no base64!", undefined, { signature: "AAAA" }])(
    "whose server answers with what is no signature fails: %j",
    async (answer) => {
      const { card } = await put();
      const entered = enter(card, { sign: () => answer as string });
      await expect(entered).rejects.toMatchObject({ code: "terminal-not-signed" });
    },
  );

  it("cannot use a signature twice, nor one for another nonce or origin", async () => {
    const { card } = await put();
    const nonce = newNonce();
    const terminal = await virtualTerminal(nonce, origin);
    let first: string | undefined;
    const sign = async (word: string) => (first ??= await terminal.sign(word));
    const replayed = { ...terminal, sign };
    await card.authenticatePinless({ nonce, terminal: replayed });
    const again = card.authenticatePinless({ nonce, terminal: replayed });
    await expect(again).rejects.toMatchObject({ code: "terminal-refused", statusWord: 0x6300 });

    const ofOther = card.authenticatePinless({ nonce: newNonce(), terminal });
    await expect(ofOther).rejects.toMatchObject({ code: "terminal-not-signed" });
    const elsewhere = await virtualTerminal(nonce, "https://other.example");
    const ofElsewhere = card.authenticatePinless({ nonce, terminal: elsewhere });
    await expect(ofElsewhere).rejects.toMatchObject({ code: "terminal-not-signed" });
  });

  it.each([
    [3_999, "accepted"],
    [4_000, "timeout"],
  ])("may take so long to sign: %i ms, %s", async (milliseconds, outcome) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { card } = await put();
    const nonce = newNonce();
    const terminal = await virtualTerminal(nonce, origin);
    const sign = (word: string) => {
      vi.advanceTimersByTime(milliseconds);
      return terminal.sign(word);
    };
    const entered = card.authenticatePinless({ nonce, terminal: { ...terminal, sign } });
    const result = await entered.then(
      () => "accepted",
      (error) => error.code,
    );
    expect(result).toBe(outcome);
  });

  it("is waited for no longer than the card is there", async () => {
    const { host, card } = await put();
    const sign = () => {
      host.remove();
      return new Promise<string>(() => {});
    };
    await expect(enter(card, { sign })).rejects.toMatchObject({ code: "removed-card" });
  });
});

describe("a sign-in", () => {
  const nonces = () => vi.fn(async (_: Method) => newNonce());

  it("goes by the PIN where one is set", async () => {
    const { card } = await put();
    const nonce = nonces();
    const terminal = await virtualTerminal(newNonce(), origin);
    const { method, token } = await card.signIn({ nonce, terminal });
    expect([method, nonce.mock.calls]).toEqual(["pin", [["pin"]]]);
    await verifyAs("pin", token, await nonce.mock.results[0]?.value);
  });

  it("goes without one where none was ever set", async () => {
    const { card } = await put("without-pins");
    expect((await card.pinStatus()).userAuthentication).toEqual({
      retriesLeft: 0,
      blocked: false,
      set: false,
    });
    const nonce = newNonce();
    const asked = vi.fn((_: Method) => nonce);
    const terminal = await virtualTerminal(nonce, origin);
    const { method, token } = await card.signIn({ nonce: asked, terminal });
    expect([method, asked.mock.calls]).toEqual(["terminal", [["terminal"]]]);
    await verifyAs("terminal", token, nonce);
  });

  it.each([
    ["blocked", true],
    ["without-pins", false],
  ] as const)(
    "is not spared the PIN that a card of the kind %s lacks",
    async (kind, isInstitution) => {
      const { card } = await put(kind);
      const terminal = isInstitution ? await virtualTerminal(newNonce(), origin) : undefined;
      const signedIn = card.signIn({ nonce: nonces(), terminal });
      await expect(signedIn).rejects.toMatchObject({ code: "pin-blocked" });
    },
  );

  it("takes a PIN of the page's", async () => {
    const { card } = await put("normal", { askPin: () => undefined });
    const { method } = await card.signIn({ nonce: nonces(), pin: "1234" });
    expect(method).toBe("pin");
  });
});

/** The 256 bytes of an RSA public key of 2048 bits, as card-verifiable objects hold it. */
const rsaKey = (modulus: Buffer): KeyObject =>
  createPublicKey({
    key: { kty: "RSA", n: modulus.toString("base64url"), e: "AQAB" },
    format: "jwk",
  });

/** Verifies a proof without the code under test (card.md 3.3 and 4.8). Says who was born when. */
async function verifyByHand(proof: PresenceProof, nonce: string): Promise<string> {
  const root = await cardSurfaceAuthority();
  const rootKey = createPublicKey({
    key: Buffer.from(root.publicKey),
    format: "der",
    type: "spki",
  });
  const cv = base64(proof.cvCertificate);
  expect(hex(cv.subarray(10, 26))).toBe(root.identifier);
  expect(verifySignature("sha256", cv.subarray(10, 307), rootKey, cv.subarray(312))).toBe(true);

  const record = base64(proof.ageRecord).subarray(5);
  const signed = record.subarray(0, record.length - 261);
  const recordsKey = rsaKey(cv.subarray(51, 307));
  expect(verifySignature("sha256", signed, recordsKey, record.subarray(-256))).toBe(true);

  const key = rsaKey(signed.subarray(-256));
  const said = statement("kazashi-presence:1", nonce);
  expect(verifySignature("sha256", said, key, base64(proof.signature))).toBe(true);
  return signed.subarray(3, 11).toString();
}

describe("presence", () => {
  it.each([
    ["normal", "1980-02-17"],
    ["another-person", "1995-02-17"],
    ["without-pins", "1980-02-17"],
    ["short", "1980-02-17"],
  ] as const)("is proved without a PIN by a card of the kind %s", async (kind, birthDate) => {
    const askPin = vi.fn(() => "1234");
    const { card } = await put(kind, { askPin });
    const nonce = newNonce();
    const proof = await card.provePresence({ nonce, birthDate });
    expect(await verifyByHand(proof, nonce)).toBe(birthDate.replaceAll("-", ""));
    const certificate = await card.readCertificate("user-authentication");
    expect(proof.unverifiedCertificate).toBe(Buffer.from(certificate.der).toString("base64"));
    expect(askPin).not.toHaveBeenCalled();
  });

  it("asks the page's server for the birth date of whom the certificate names", async () => {
    const { card } = await put();
    const asked = vi.fn(async (_: Uint8Array) => birthDate);
    await card.provePresence({ nonce: newNonce(), birthDate: asked });
    const [certificate] = asked.mock.lastCall as [Uint8Array];
    expect(new X509Certificate(certificate).issuer).toContain("JPKI for user authentication");
  });

  it("of a returning visitor reads the head of the certificate only", async () => {
    const { card } = await put();
    const { der } = await card.readCertificate("user-authentication");
    const asked = vi.fn(async (_: Uint8Array) => birthDate);
    const nonce = newNonce();
    const options = { nonce, birthDate: asked, certificate: "head" } as const;
    const proof = await card.provePresence(options);
    const head = Buffer.from(der.subarray(0, 256));
    expect(asked.mock.calls.map(([read]) => hex(read))).toEqual([hex(head)]);
    expect(proof.certificateHead).toBe(head.toString("base64"));
    expect(proof.unverifiedCertificate).toBeUndefined();
    await verifyByHand(proof, nonce);
  });

  it("with a wrong birth date costs a try, until too few are left for a page", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const confirmTry = vi.fn(() => false);
    const { card } = await put("normal", { confirmTry });
    const prove = (birthDate: string) => {
      // So long ago that the failures before count no more.
      vi.advanceTimersByTime(60_000);
      return card.provePresence({ nonce: newNonce(), birthDate });
    };
    for (let left = 9; left >= 2; left -= 1) {
      const error = await failure(prove(`1980-03-0${left}`));
      expect(error).toMatchObject({ code: "birth-date-incorrect", retriesLeft: left });
    }
    const tooFew = { code: "too-few-retries", retriesLeft: 2 };
    await expect(prove("1980-03-01")).rejects.toMatchObject(tooFew);
    await expect(prove(birthDate)).rejects.toMatchObject(tooFew);
    expect(confirmTry).toHaveBeenCalledTimes(2);
    // Of what the card has refused already the person is not asked.
    const known = { code: "birth-date-incorrect", retriesLeft: 2 };
    await expect(prove("1980-03-02")).rejects.toMatchObject(known);
    expect(confirmTry).toHaveBeenCalledTimes(2);
    expect(await retriesLeft(card)).toEqual([3, 5]);
  });

  it("with few tries left goes on once the person agrees", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const confirmTry = vi.fn((_: TryPrompt) => true);
    const { card } = await put("normal", { confirmTry, origin: "https://desk.example" });
    const prove = (birthDate: string) => {
      vi.advanceTimersByTime(60_000);
      return card.provePresence({ nonce: newNonce(), birthDate });
    };
    for (let left = 9; left >= 1; left -= 1) {
      const error = await failure(prove(`1980-03-0${left}`));
      expect(error).toMatchObject({ code: "birth-date-incorrect", retriesLeft: left });
    }
    const prompt = { origin: "https://desk.example", reference: "birth-date", retriesLeft: 2 };
    expect(confirmTry.mock.calls).toMatchObject([[prompt]]);
    await prove(birthDate);
    expect(confirmTry.mock.calls).toMatchObject([[prompt], [{ ...prompt, retriesLeft: 1 }]]);
  });

  it("presents the year by the calendar that is said to be on the card, and no other", async () => {
    const { card } = await put();
    const prove = (birthDate: BirthDateSource) =>
      card.provePresence({ nonce: newNonce(), birthDate });
    const western = { date: birthDate, calendar: "western" } as const;
    const wrong = { code: "birth-date-incorrect", retriesLeft: 9 };
    await expect(prove(western)).rejects.toMatchObject(wrong);
    await expect(prove(() => western)).rejects.toMatchObject(wrong);
    await prove({ date: birthDate, calendar: "era" });
    await prove(async () => ({ date: birthDate, calendar: "showa" }));
  });

  it("never asks the card for a day that its era never had", async () => {
    const { card } = await put();
    const prove = (date: string, calendar: Calendar) =>
      card.provePresence({ nonce: newNonce(), birthDate: { date, calendar } });
    for (const [date, calendar] of [
      ["1989-01-08", "showa"],
      ["1989-01-07", "heisei"],
      ["2019-05-01", "heisei"],
      ["1926-12-26", "taisho"],
      ["1912-07-31", "meiji"],
      ["1926-00-00", "era"],
      ["0000-00-00", "western"],
    ] as const) {
      await expect(prove(date, calendar)).rejects.toMatchObject({ code: "birth-date-malformed" });
    }
    const wrong = { code: "birth-date-incorrect", retriesLeft: 9 };
    await expect(prove("1989-01-07", "showa")).rejects.toMatchObject(wrong);
  });

  it("with the right one gives all tries back", async () => {
    const { card } = await put();
    const prove = (birthDate: string) => card.provePresence({ nonce: newNonce(), birthDate });
    await failure(prove("1980-02-18"));
    await prove(birthDate);
    await expect(prove("1980-02-19")).rejects.toMatchObject({ retriesLeft: 9 });
  });

  it.each([
    ["blocked", { code: "birth-date-blocked", retriesLeft: 0 }],
    ["unsupported", { code: "unsupported-card" }],
  ] as const)("is not proved by a card of the kind %s", async (kind, error) => {
    const { card } = await put(kind);
    const proof = card.provePresence({ nonce: newNonce(), birthDate });
    await expect(proof).rejects.toMatchObject(error);
  });

  it("is not proved if the page's server does not know the birth date", async () => {
    const { card } = await put();
    const unknown = new Error("we have never met");
    for (const asked of [
      () => Promise.reject(unknown),
      () => {
        throw unknown;
      },
    ]) {
      const proof = card.provePresence({ nonce: newNonce(), birthDate: asked });
      expect(await failure(proof)).toBe(unknown);
    }
  });

  it("is waited for no longer than the card is there", async () => {
    const { host, card } = await put();
    const asked = () => {
      host.remove();
      return new Promise<string>(() => {});
    };
    const proof = card.provePresence({ nonce: newNonce(), birthDate: asked });
    await expect(proof).rejects.toMatchObject({ code: "removed-card" });
  });
});

describe("an enrolment", () => {
  const both = () => ({ pin: newNonce(), presence: newNonce() });

  it("gives a token and a proof of one card", async () => {
    const askPin = vi.fn(() => "1234");
    const { card } = await put("normal", { askPin });
    const nonces = both();
    const { token, proof } = await card.enrol({ nonces, birthDate });
    expect((await verifyAs("pin", token, nonces.pin)).method).toBe("pin");
    expect(await verifyByHand(proof, nonces.presence)).toBe("19800217");
    expect(proof.unverifiedCertificate).toBe(token.unverifiedCertificate);
    expect(askPin).toHaveBeenCalledOnce();
  });

  it("takes a PIN of the page's", async () => {
    const { card } = await put("normal", { askPin: () => undefined });
    const { token } = await card.enrol({ nonces: both(), birthDate, pin: "1234" });
    expect(token.format).toBe("web-eid:1.0");
  });

  it("with a wrong PIN does not present the birth date", async () => {
    const { card } = await put("normal", { askPin: () => "0000" });
    const enrolled = card.enrol({ nonces: both(), birthDate: "1980-02-18" });
    await expect(enrolled).rejects.toMatchObject({ code: "pin-incorrect", retriesLeft: 2 });
    const proof = card.provePresence({ nonce: newNonce(), birthDate: "1980-02-18" });
    await expect(proof).rejects.toMatchObject({ code: "birth-date-incorrect", retriesLeft: 9 });
  });

  it("does not take its two halves from two cards", async () => {
    const { host, kazashi, card } = await put();
    const asked = () => {
      host.insert("another-person");
      return "1995-02-17";
    };
    const enrolled = card.enrol({ nonces: both(), birthDate: asked });
    await expect(enrolled).rejects.toMatchObject({ code: "removed-card" });
    const other = await kazashi.card();
    const wrong = other.provePresence({ nonce: newNonce(), birthDate: "1995-02-18" });
    await expect(wrong).rejects.toMatchObject({ code: "birth-date-incorrect", retriesLeft: 9 });
  });
});
