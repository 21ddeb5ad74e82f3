import { readFileSync } from "node:fs";
import { beforeAll, expect, it, vi } from "vitest";
import { Card } from "../src/card.js";
import type { CardAnswer } from "../src/index.js";
import { loadModule } from "../src/module.js";
import { Transcript } from "./transcript.js";
import { bytes, nonce } from "./vectors.js";

beforeAll(() => loadModule());

const cardOf = (transcript: Transcript): Card =>
  new Card(transcript, { id: "reader" }, new AbortController().signal);

it("both retry counters are read", async () => {
  const transcript = new Transcript("pin-status");
  expect(await cardOf(transcript).pinStatus()).toEqual({
    userAuthentication: { retriesLeft: 3, blocked: false, set: true },
    digitalSignature: { retriesLeft: 5, blocked: false, set: true },
  });
  expect(transcript.isOver).toBe(true);
});

it("another card is told apart", async () => {
  const transcript = new Transcript("not-a-my-number-card");
  await expect(cardOf(transcript).pinStatus()).rejects.toMatchObject({
    name: "KazashiError",
    code: "unsupported-card",
  });
});

it.each(["read-certificate", "read-certificate-in-two-responses"])(
  "a certificate is read and trimmed: %s",
  async (name) => {
    const transcript = new Transcript(name);
    const { der } = await cardOf(transcript).readCertificate("user-authentication");
    expect(der).toEqual(bytes("3003020107"));
    expect(transcript.isOver).toBe(true);
    expect(transcript.guarded).toEqual([]);
  },
);

it.each([undefined, "ABC123"])("the signature certificate needs its password: %s", async (pin) => {
  const transcript = new Transcript("read-digital-signature-certificate");
  const { der } = await cardOf(transcript).readCertificate("digital-signature", { pin });
  expect(der).toEqual(bytes("3003020107"));
  const verify = { type: "verify-pin", reference: "digital-signature" };
  expect(transcript.guarded).toEqual([pin === undefined ? verify : { ...verify, value: pin }]);
});

it.each([
  [undefined, {}],
  ["1234", { value: "1234" }],
])("the challenge is left to whoever knows the origin: %s", async (pin, entry) => {
  const transcript = new Transcript("authenticate");
  const token = await cardOf(transcript).authenticate({ nonce, pin });
  expect(transcript.isOver).toBe(true);
  expect(transcript.guarded).toEqual([
    { type: "sign-challenge", key: "user-authentication", nonce, pin: entry },
  ]);
  expect(token).toEqual({
    unverifiedCertificate: Buffer.from("3003020107", "hex").toString("base64"),
    algorithm: "RS256",
    signature: Buffer.alloc(256, 7).toString("base64"),
    format: "web-eid:1.0",
    appVersion: "transcript 1.0",
  });
});

it.each([
  ["read-certificate-short", (card: Card) => card.readCertificate("user-authentication")],
  ["read-certificate-selected", (card: Card) => card.readCertificate("user-authentication")],
  ["pin-status-selected", (card: Card) => card.pinStatus()],
])("what the card refused once is not tried again: %s", async (name, ask) => {
  const transcript = new Transcript(name);
  const card = cardOf(transcript);
  const first = await ask(card);
  expect(transcript.isOver).toBe(true);
  transcript.repeatWithoutRefusals();
  expect(await ask(card)).toEqual(first);
  expect(transcript.isOver).toBe(true);
});

it("a read in parts tells how far it is, whatever its listener does", async () => {
  const told: [number, number][] = [];
  const onProgress = (read: number, total: number) => {
    told.push([read, total]);
    throw new Error("a fault of the page");
  };
  const card = cardOf(new Transcript("read-certificate-short"));
  const { der } = await card.readCertificate("user-authentication", { onProgress });
  expect(der).toHaveLength(261);
  expect(told).toEqual([
    [256, 261],
    [261, 261],
  ]);
});

const document = { title: "賃貸借契約書", hash: "SHA-512" as const, digest: new Uint8Array(64) };

it("a document is left to whoever asks for consent", async () => {
  const transcript = new Transcript("certificate-available");
  const { signature, certificate } = await cardOf(transcript).sign(document);
  expect(transcript.guarded).toEqual([{ type: "sign", ...document, digest: "00".repeat(64) }]);
  expect(signature).toEqual(new Uint8Array(256).fill(8));
  expect(certificate.der).toEqual(Uint8Array.of(0x30, 0));
});

it.each([
  ["without a title", { ...document, title: "" }],
  ["with a title that misleads", { ...document, title: "a\u202Eb" }],
  ["of an unknown hash", { ...document, hash: "SHA-1" as "SHA-256" }],
  ["of another length than its hash", { ...document, digest: new Uint8Array(32) }],
])("a document %s is not shown to anybody", async (_, document) => {
  const transcript = new Transcript("certificate-available");
  const signed = cardOf(transcript).sign(document);
  await expect(signed).rejects.toMatchObject({ code: "invalid-request" });
  expect(transcript.guarded).toEqual([]);
});

it.each([undefined, null, {}, { type: "document-signed", signature: "00" }, { type: "verified" }])(
  "what is no signature of a document is none: %j",
  async (answer) => {
    const transcript = new Transcript("certificate-available");
    transcript.answerTo("sign", answer);
    const signed = cardOf(transcript).sign(document);
    await expect(signed).rejects.toMatchObject({ code: "invalid-request" });
  },
);

it("nobody is asked for the password of a certificate that is not there", async () => {
  for (const ask of [
    (card: Card) => card.sign(document),
    (card: Card) => card.readCertificate("digital-signature"),
  ]) {
    const transcript = new Transcript("certificate-absent");
    const answer = ask(cardOf(transcript));
    await expect(answer).rejects.toMatchObject({ code: "certificate-absent" });
    expect(transcript).toMatchObject({ isOver: true, guarded: [] });
  }
});

const certificates = ["published-intermediate.bin", "terminal.cv"].map((name) =>
  readFileSync(new URL(`../../vectors/cv-certificates/${name}`, import.meta.url), "base64"),
);

it("an institution is let in by certificates in the published form, and signs", async () => {
  const transcript = new Transcript("terminal-certificates");
  const sign = vi.fn((_: unknown) => "BAX/");
  const terminal = { certificates, sign };
  const token = await cardOf(transcript).authenticatePinless({ nonce, terminal });
  expect(transcript.isOver).toBe(true);
  expect(sign.mock.calls).toEqual([["AQL/"]]);
  expect(transcript.guarded).toEqual([
    { type: "terminal-request", nonce },
    { type: "terminal-sign", nonce, signature: "BAX/" },
  ]);
  expect(token).toMatchObject({
    unverifiedCertificate: Buffer.from("3003020107", "hex").toString("base64"),
    signature: Buffer.alloc(256, 9).toString("base64"),
  });
});

it.each([undefined, {}, "no base64"])(
  "what is no word of a host is not signed: %j",
  async (word) => {
    const transcript = new Transcript("terminal-certificates");
    transcript.answerTo("terminal-request", { type: "vouched", word });
    const sign = vi.fn();
    const terminal = { certificates, sign };
    const token = cardOf(transcript).authenticatePinless({ nonce, terminal });
    await expect(token).rejects.toMatchObject({ code: "invalid-request" });
    expect(sign).not.toHaveBeenCalled();
  },
);

it.each([
  ["terminal-refused", { code: "terminal-refused", statusWord: 0x6300 }],
  ["terminal-unknown-command", { code: "terminal-unsupported" }],
  ["terminal-without-ef", { code: "terminal-unsupported" }],
  ["terminal-without-extended-length", { code: "reader-no-extended-length" }],
])("a card that lets no institution in says why: %s", async (name, error) => {
  const transcript = new Transcript(name);
  const sign = vi.fn();
  const terminal = { certificates, sign };
  const answer = cardOf(transcript).authenticatePinless({ nonce, terminal });
  await expect(answer).rejects.toMatchObject(error);
  expect(transcript.isOver).toBe(true);
  expect(sign).not.toHaveBeenCalled();
});

it.each(["", "fyGC", "not base64"])(
  "what is no certificate does not reach the card: %j",
  async (text) => {
    const transcript = new Transcript("terminal-certificates");
    const terminal = { certificates: [text], sign: () => "" };
    const answer = cardOf(transcript).authenticatePinless({ nonce, terminal });
    await expect(answer).rejects.toMatchObject({ code: "invalid-request" });
    expect(transcript.guarded).toEqual([]);
  },
);

const wholeCertificate = bytes("3003020107");
const certificateHead = bytes(`30820600${"AA".repeat(252)}`);

it.each([
  ["whole", "prove-presence", "unverifiedCertificate", wholeCertificate],
  ["head", "prove-presence-head", "certificateHead", certificateHead],
] as const)(
  "presence is proved with the %s of the certificate",
  async (reading, name, field, read) => {
    const transcript = new Transcript(name);
    const birthDate = vi.fn(async (_: Uint8Array) => "19800217");
    const options = { nonce, birthDate, certificate: reading };
    const proof = await cardOf(transcript).provePresence(options);
    expect(transcript.isOver).toBe(true);
    expect(birthDate.mock.calls).toEqual([[read]]);
    expect(transcript.guarded).toEqual([
      { type: "verify-birth-date", birthDate: "1980-02-17" },
      { type: "sign-challenge", key: "card-surface", nonce },
    ]);
    expect(proof).toEqual({
      format: "kazashi-presence:1",
      [field]: Buffer.from(read).toString("base64"),
      ageRecord: Buffer.from("FF10820003010203", "hex").toString("base64"),
      cvCertificate: Buffer.from("7F21820003040506", "hex").toString("base64"),
      signature: Buffer.alloc(256, 7).toString("base64"),
      appVersion: "transcript 1.0",
    });
  },
);

it("a card without the card surface application says so", async () => {
  const transcript = new Transcript("presence-without-application");
  const answer = cardOf(transcript).provePresence({ nonce, birthDate: "1980-02-17" });
  await expect(answer).rejects.toMatchObject({ code: "application-absent" });
  expect(transcript).toMatchObject({ isOver: true, guarded: [] });
});

it.each([
  "",
  "1980-02-30",
  "昭和55年2月17日",
  undefined as unknown as string,
  { date: "1980-02-17" } as unknown as string,
  { date: "1980-02-17", calendar: "gregorian" } as unknown as string,
  { date: "1989-01-08", calendar: "showa" } as const,
])("what is no birth date is not presented: %j", async (birthDate) => {
  for (const source of [birthDate, () => birthDate]) {
    const transcript = new Transcript("prove-presence");
    const answer = cardOf(transcript).provePresence({ nonce, birthDate: source });
    await expect(answer).rejects.toMatchObject({ code: "birth-date-malformed" });
    expect(transcript).toMatchObject({ isOver: false, guarded: [] });
  }
});

const face = { nonce, birthDate: "19800217", expiryYear: "２０３５", securityCode: "2285" };

it.each(["read-card-face", "read-card-face-short"])(
  "the card face is read, and its verification number left to whoever guards the card: %s",
  async (name) => {
    const transcript = new Transcript(name);
    const onProgress = vi.fn();
    const reading = await cardOf(transcript).readCardFace({ ...face, onProgress });
    expect(transcript.isOver).toBe(true);
    const number = { birthDate: "1980-02-17", expiryYear: "2035", securityCode: "2285" };
    expect(transcript.guarded).toEqual([
      { type: "verify-number-b", ...number },
      { type: "sign-challenge", key: "card-surface", nonce },
    ]);
    expect(onProgress).toHaveBeenCalledWith(262, 262);
    expect(reading).toEqual({
      record: bytes(`FF20820101${"AA".repeat(257)}`),
      cvCertificate: bytes("7F21820003040506"),
      signature: new Uint8Array(256).fill(7),
      appVersion: "transcript 1.0",
    });
  },
);

it("what is not known of a date, and the calendar on the card, go to whoever guards it", async () => {
  const transcript = new Transcript("prove-presence");
  const birthDate = { date: "19450300", calendar: "western" } as const;
  await cardOf(transcript).provePresence({ nonce, birthDate });
  expect(transcript.guarded[0]).toEqual({
    type: "verify-birth-date",
    birthDate: "1945-03-00",
    calendar: "western",
  });
  const reading = new Transcript("read-card-face");
  const day = { date: "1926-12-25", calendar: "taisho" } as const;
  await cardOf(reading).readCardFace({ ...face, birthDate: day });
  expect(reading.guarded[0]).toMatchObject({ birthDate: "1926-12-25", calendar: "taisho" });
});

it("a card without a face says so", async () => {
  const transcript = new Transcript("card-face-without-application");
  const answer = cardOf(transcript).readCardFace(face);
  await expect(answer).rejects.toMatchObject({ code: "application-absent" });
  expect(transcript).toMatchObject({ isOver: true, guarded: [] });
});

it.each([
  [{ expiryYear: "35" }, "verification-number-malformed"],
  [{ securityCode: "22857" }, "verification-number-malformed"],
  [{ birthDate: "1980-02-30" }, "birth-date-malformed"],
  [{ nonce: "AAAA" }, "invalid-request"],
])("what is no verification number is not presented: %j", async (part, code) => {
  const transcript = new Transcript("read-card-face");
  const answer = cardOf(transcript).readCardFace({ ...face, ...part });
  await expect(answer).rejects.toMatchObject({ code });
  expect(transcript).toMatchObject({ isOver: false, guarded: [] });
});

it("a telephone is no My Number Card", async () => {
  const answer = cardOf(new Transcript("token-of-a-telephone")).readCertificate(
    "user-authentication",
  );
  await expect(answer).rejects.toMatchObject({ code: "unsupported-card" });
});

it("what is no nonce does not reach the card", async () => {
  const transcript = new Transcript("read-certificate");
  const answer = cardOf(transcript).authenticate({ nonce: "AAAA" });
  await expect(answer).rejects.toMatchObject({ code: "invalid-request" });
  expect(transcript.isOver).toBe(false);
});

it("a certificate that does not exist is not asked for", async () => {
  const kind = "birth-certificate" as "user-authentication";
  const answer = cardOf(new Transcript("read-certificate")).readCertificate(kind);
  await expect(answer).rejects.toMatchObject({ code: "invalid-request" });
});

it.each([
  {},
  null,
  "9000",
  { type: "response" },
  { type: "response", response: [0x90, 0x00] },
  { type: "response", response: "9" },
  { type: "verified", response: "9000" },
])("what is no bytes is no response: %j", async (answer) => {
  const transcript = new Transcript("pin-status");
  transcript.ask = async () => answer as CardAnswer;
  await expect(cardOf(transcript).pinStatus()).rejects.toMatchObject({ code: "invalid-request" });
});

it("less than a status word is no response", async () => {
  const transcript = new Transcript("pin-status");
  transcript.ask = async () => ({ type: "response", response: "90" });
  await expect(cardOf(transcript).pinStatus()).rejects.toMatchObject({ code: "card-malformed" });
});

it("a refusal carries the status word", async () => {
  const transcript = new Transcript("pin-status");
  transcript.ask = async () => ({ type: "response", response: "6D00" });
  await expect(cardOf(transcript).pinStatus()).rejects.toMatchObject({
    code: "card-refused",
    statusWord: 0x6d00,
  });
});

it("what a host throws arrives, its codes as errors", async () => {
  const transcript = new Transcript("read-certificate");
  const refusal = Promise.reject({ code: "pin-incorrect", retriesLeft: 2 });
  transcript.answerTo("sign-challenge", refusal);
  await expect(cardOf(transcript).authenticate({ nonce })).rejects.toMatchObject({
    name: "KazashiError",
    code: "pin-incorrect",
    retriesLeft: 2,
  });
  transcript.ask = () => Promise.reject(new RangeError("a fault of the host"));
  await expect(cardOf(transcript).pinStatus()).rejects.toThrow(RangeError);
});
