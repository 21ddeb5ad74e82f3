import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as cardFace from "../src/card-face.js";
import { openCardFace } from "../src/card-face.js";
import * as page from "../src/index.js";
import { configure, connect, diagnose, KazashiError } from "../src/index.js";
import * as messages from "../src/messages.js";
import { message } from "../src/messages.js";
import * as testing from "../src/testing.js";
import {
  authorities,
  cardSurfaceAuthority,
  now,
  virtualBridgeKey,
  virtualHost,
  virtualTerminal,
} from "../src/testing.js";
import * as server from "../src/verify.js";
import {
  certificateSerialNumber,
  certificateSummary,
  newNonce,
  readDigitalSignatureCertificate,
  recognition,
  subject,
  verify,
  verifyDigitalSignatureCertificate,
  verifyEnrolment,
  verifyPresence,
  verifyStay,
} from "../src/verify.js";
import { failure, origin, put, retriesLeft } from "./virtual-card.js";
import { type Kind, wrongValues } from "./wrong-values.js";

/** What is put in the place of an argument or, by their names, of a part of one. */
type Change = Record<string, unknown>;

/** A function, how it is called rightly, and what its arguments and their parts may be. */
interface Called {
  readonly call: (change: Change) => unknown;
  readonly takes: Record<string, readonly Kind[]>;
}

const birthDate = "1980-02-17";
const printed = { birthDate, expiryYear: "2035", securityCode: "2285" };
const optional = (...kinds: Kind[]): Kind[] => [...kinds, "nothing"];

/** An argument of these parts, changed as a whole or in part. */
function whole(name: string, parts: Change, change: Change): never {
  return (name in change ? change[name] : { ...parts, ...change }) as never;
}

/** An argument as it is, or changed. */
const either = <T>(name: string, right: T, change: Change): T =>
  name in change ? (change[name] as T) : right;

/** A desk with a card, and what a server makes of it. */
async function prepare() {
  const { host, kazashi, card } = await put();
  const [nonce, presenceNonce] = [newNonce(), newNonce()];
  const enrolled = await card.enrol({ nonces: { pin: nonce, presence: presenceNonce }, birthDate });
  const trust = {
    authorities: await authorities(),
    pairwiseKey: new Uint8Array(32).fill(7),
    acceptTestHierarchy: true,
    cvKeys: [await cardSurfaceAuthority()],
  };
  const expected = { origin, pinNonce: nonce, presenceNonce, now };
  const { enrolment } = await verifyEnrolment(enrolled.token, enrolled.proof, expected, trust);
  return {
    host,
    kazashi,
    card,
    nonce,
    presenceNonce,
    ...enrolled,
    enrolment,
    terminal: await virtualTerminal(nonce, origin),
    reading: await card.readCardFace({ nonce, ...printed }),
    certificate: (await card.readCertificate("user-authentication")).der,
    signatureCertificate: (await card.readCertificate("digital-signature")).der,
    trust,
    channel: await virtualHost("normal", { origin }).acquire("virtual-1"),
  };
}

let desk: Awaited<ReturnType<typeof prepare>>;
beforeAll(async () => {
  desk = await prepare();
});
beforeEach(newLease);

/** Under one lease a bridge vouches for a few statements only. */
async function newLease(): Promise<void> {
  await desk.card.release();
  desk = { ...desk, card: await desk.kazashi.card() };
}

const connecting: Called["takes"] = {
  options: optional("object"),
  url: optional("text"),
  host: optional(),
  wasm: optional("source"),
  signal: optional("signal"),
  timeout: optional("count"),
};
const trusting: Called["takes"] = {
  trust: [],
  authorities: [],
  cardAuthority: optional(),
  acceptTestHierarchy: optional("flag"),
  revocation: optional("function"),
  // Only what a check answers; what it throws is thrown.
  revoked: ["thrower"],
};
const pairwise: Called["takes"] = { ...trusting, pairwiseKey: [], cvKeys: optional("list") };

/** A trust, changed in part, and what its revocation check answers. */
function trustOf(change: Change): never {
  const { revoked, ...rest } = change;
  const asked = "revoked" in change ? { revocation: () => revoked } : {};
  return whole("trust", { ...desk.trust, ...asked }, rest);
}

/** Every function that takes arguments. */
const called: Record<string, Called> = {
  connect: {
    call: async (change) => {
      const host = virtualHost("normal", { origin });
      (await connect(whole("options", { host }, change))).close();
    },
    takes: connecting,
  },
  diagnose: {
    call: (change) => diagnose(whole("options", { host: virtualHost("normal") }, change)),
    takes: connecting,
  },
  configure: {
    call: (change) => configure(whole("options", { wasm: whole("wasm", {}, change) }, change)),
    takes: {
      options: [],
      wasm: ["object"],
      page: optional("source"),
      verify: optional("source"),
      cardFace: optional("source"),
      testing: optional("source"),
    },
  },
  message: {
    call: (change) =>
      message(
        whole("error", { code: "pin-incorrect", retriesLeft: 2 }, change),
        either("language", "en", change),
      ),
    takes: { error: [], code: ["text"], retriesLeft: optional("count"), language: [] },
  },
  verify: {
    call: (change) =>
      verify(
        either("token", desk.token, change),
        whole("expected", { origin, nonce: desk.nonce, method: "pin", now }, change),
        trustOf(change),
      ),
    takes: {
      ...{ token: [], expected: [], origin: [], nonce: [], method: [] },
      ...{ now: optional("date"), ...pairwise },
    },
  },
  verifyEnrolment: {
    call: (change) =>
      verifyEnrolment(
        either("token", desk.token, change),
        either("proof", desk.proof, change),
        whole(
          "expected",
          { origin, pinNonce: desk.nonce, presenceNonce: desk.presenceNonce, now },
          change,
        ),
        trustOf(change),
      ),
    takes: {
      ...{ token: [], proof: [], expected: [], origin: [], pinNonce: [], presenceNonce: [] },
      ...{ now: optional("date"), keepCertificate: optional("flag"), ...pairwise },
    },
  },
  verifyStay: {
    call: (change) => {
      const { word, nonce, token } = desk;
      const signed = { method: "pin" as const, nonce, signature: token.signature };
      return verifyStay(
        either("word", word, change),
        whole("expected", { origin, signatures: [signed] }, change),
        either("bridges", [virtualBridgeKey], change),
      );
    },
    takes: { word: [], expected: [], origin: [], signatures: [], bridges: [] },
  },
  verifyPresence: {
    call: (change) => {
      const { presenceNonce: nonce, enrolment } = desk;
      return verifyPresence(
        either("proof", desk.proof, change),
        whole("expected", { origin, nonce, enrolment, now }, change),
        trustOf(change),
      );
    },
    takes: {
      ...{ proof: [], expected: [], origin: [], nonce: [], enrolment: [] },
      ...{ now: optional("date"), ...pairwise },
    },
  },
  subject: {
    call: (change) =>
      subject(
        either("certificate", desk.certificate, change),
        either("pairwiseKey", desk.trust.pairwiseKey, change),
      ),
    takes: { certificate: [], pairwiseKey: [] },
  },
  recognition: {
    call: (change) =>
      recognition(
        either("head", desk.certificate.subarray(0, 256), change),
        either("pairwiseKey", desk.trust.pairwiseKey, change),
      ),
    takes: { head: [], pairwiseKey: [] },
  },
  verifyDigitalSignatureCertificate: {
    call: (change) =>
      verifyDigitalSignatureCertificate(
        either("der", desk.signatureCertificate, change),
        trustOf(change),
        either("now", now, change),
      ),
    takes: { der: [], now: optional("date"), ...trusting },
  },
  readDigitalSignatureCertificate: {
    call: (change) =>
      readDigitalSignatureCertificate(either("der", desk.signatureCertificate, change)),
    takes: { der: [] },
  },
  certificateSummary: {
    call: (change) => certificateSummary(either("der", desk.certificate, change)),
    takes: { der: [] },
  },
  certificateSerialNumber: {
    call: (change) => certificateSerialNumber(either("der", desk.certificate, change)),
    takes: { der: [] },
  },
  openCardFace: {
    call: (change) => {
      const { nonce, trust } = desk;
      const options = { nonce, origin, authorities: trust.cvKeys, acceptTestHierarchy: true };
      return openCardFace(
        whole("reading", { ...desk.reading }, change),
        whole("options", options, change),
      );
    },
    takes: {
      ...{ reading: [], record: [], cvCertificate: ["bytes"], signature: ["bytes"] },
      ...{ appVersion: ["text"], options: [], nonce: [], origin: optional("text") },
      ...{ authorities: optional("list"), acceptTestHierarchy: optional("flag") },
    },
  },
  virtualTerminal: {
    call: (change) =>
      virtualTerminal(either("nonce", desk.nonce, change), either("origin", origin, change)),
    takes: { nonce: ["text"], origin: optional("text") },
  },
  virtualHost: {
    call: (change) =>
      virtualHost(
        either("kind", "short", change),
        whole(
          "options",
          { origin, scopes: ["events"], askPin: () => "1234", confirmTry: () => true },
          change,
        ),
      ),
    takes: {
      ...{ kind: optional(), options: optional("object"), origin: optional("text") },
      ...{
        scopes: optional("list"),
        askPin: optional("function"),
        confirmTry: optional("function"),
      },
    },
  },
  "host.insert": {
    call: (change) =>
      virtualHost().insert(either("kind", "short", change), either("reader", undefined, change)),
    takes: { kind: optional(), reader: optional() },
  },
  "host.remove": {
    call: (change) => virtualHost().remove(either("reader", "virtual-1", change)),
    takes: { reader: optional() },
  },
  "host.removeReader": {
    call: (change) => virtualHost().removeReader(either("reader", "virtual-1", change)),
    takes: { reader: optional() },
  },
  "host.watch": {
    call: (change) =>
      desk.host.watch(
        either("listener", () => {}, change),
        either("signal", AbortSignal.abort(), change),
      ),
    takes: { listener: ["function"], signal: ["signal"] },
  },
  "host.acquire": {
    call: (change) => virtualHost().acquire(either("reader", "virtual-1", change)),
    takes: { reader: [] },
  },
  "channel.ask": {
    call: (change) => {
      const command = "00A4040C0AD392F000260100000001";
      return desk.channel.ask(whole("request", { type: "transmit", command }, change));
    },
    takes: { request: [], type: [], command: [] },
  },
  "terminal.sign": {
    call: async (change) => {
      const { nonce, card, terminal } = desk;
      const sign = (word: string) => terminal.sign(either("word", word, change));
      await card.authenticatePinless({ nonce, terminal: { ...terminal, sign } });
    },
    takes: { word: [] },
  },
  "kazashi.card": {
    call: async (change) => {
      const kazashi = await connect({ host: virtualHost() });
      return await kazashi.card(whole("options", {}, change));
    },
    takes: {
      ...{ options: optional("object"), reader: optional("text"), signal: optional("signal") },
    },
  },
  "kazashi.cards": {
    call: async (change) => {
      const kazashi = await connect({ host: virtualHost() });
      return await kazashi.cards(whole("options", {}, change)).next();
    },
    takes: {
      ...{ options: optional("object"), reader: optional("text"), signal: optional("signal") },
    },
  },
  "card.pinStatus": {
    call: (change) => desk.card.pinStatus(whole("options", {}, change)),
    takes: { options: optional("object"), signal: optional("signal") },
  },
  "card.vouch": {
    call: (change) => desk.card.vouch(whole("options", {}, change)),
    takes: { options: optional("object"), signal: optional("signal") },
  },
  "card.readCertificate": {
    call: (change) =>
      desk.card.readCertificate(
        either("kind", "user-authentication", change),
        whole("options", {}, change),
      ),
    takes: {
      ...{ kind: [], options: optional("object"), pin: optional("text") },
      ...{ onProgress: optional("function"), signal: optional("signal") },
    },
  },
  "card.authenticate": {
    call: (change) => desk.card.authenticate(whole("options", { nonce: desk.nonce }, change)),
    takes: { options: [], nonce: [], pin: optional("text"), signal: optional("signal") },
  },
  "card.authenticatePinless": {
    call: (change) => {
      const { nonce } = desk;
      return desk.card.authenticatePinless(
        whole("options", { nonce, terminal: terminalOf(change) }, change),
      );
    },
    takes: {
      ...{ options: [], nonce: [], terminal: [], certificates: [], sign: ["function"] },
      ...{ signed: ["thrower"], signal: optional("signal") },
    },
  },
  "card.signIn": {
    call: (change) => {
      const nonce = () => either("given", desk.nonce, change);
      return desk.card.signIn(whole("options", { nonce, terminal: terminalOf(change) }, change));
    },
    takes: {
      ...{
        options: [],
        nonce: ["function"],
        given: ["thrower"],
        terminal: optional(),
        certificates: ["list"],
      },
      ...{ sign: ["function"], pin: optional("text"), signal: optional("signal") },
    },
  },
  "card.provePresence": {
    call: (change) => {
      const source = "told" in change ? () => change.told : birthDate;
      return desk.card.provePresence(
        whole("options", { nonce: desk.nonce, birthDate: source }, change),
      );
    },
    takes: {
      ...{
        options: [],
        nonce: [],
        birthDate: ["function"],
        told: ["thrower"],
        certificate: optional(),
      },
      signal: optional("signal"),
    },
  },
  "card.enrol": {
    call: async (change) => {
      await newLease();
      const nonces = partly({ pin: desk.nonce, presence: desk.presenceNonce }, change);
      const { pin, presence, ...rest } = change;
      return desk.card.enrol(whole("options", { nonces, birthDate }, rest));
    },
    takes: {
      ...{ options: [], nonces: [], pin: [], presence: [], birthDate: ["function"] },
      signal: optional("signal"),
    },
  },
  "card.readCardFace": {
    call: (change) =>
      desk.card.readCardFace(whole("options", { nonce: desk.nonce, ...printed }, change)),
    takes: {
      ...{ options: [], nonce: [], birthDate: [], expiryYear: [], securityCode: [] },
      ...{ onProgress: optional("function"), signal: optional("signal") },
    },
  },
  "card.readAttributes": {
    call: (change) => desk.card.readAttributes(whole("options", {}, change)),
    takes: {
      ...{ options: optional("object"), pin: optional("text"), signal: optional("signal") },
    },
  },
  "card.sign": {
    call: (change) => {
      const digest = new Uint8Array(32);
      return desk.card.sign(whole("document", { title: "A", hash: "SHA-256", digest }, change));
    },
    takes: {
      ...{ document: [], title: ["text"], hash: [], digest: [], signal: optional("signal") },
    },
  },
};

const terminalOf = (change: Change): Change =>
  partly({ ...desk.terminal, ...("signed" in change && { sign: () => change.signed }) }, change);

/** An object of these parts, some of which are changed. */
function partly(parts: object, change: Change): Change {
  const entries = Object.entries(parts).map(([name, part]) => [name, either(name, part, change)]);
  return Object.fromEntries(entries);
}

describe.each(Object.entries(called))("%s", (_, { call, takes }) => {
  it.each(Object.entries(takes))("takes nothing else for %s", async (place, kinds) => {
    const right = call({});
    const isAsync = right instanceof Promise;
    await right;
    for (const [name, make, ...rightAs] of wrongValues) {
      if (kinds.some((kind) => rightAs.includes(kind))) continue;
      const calling = () => call({ [place]: make() });
      const error = isAsync ? await failure(calling() as Promise<unknown>) : thrown(calling);
      expect(error, name).toBeInstanceOf(KazashiError);
      expect((error as KazashiError).code, name).not.toBe("module-unavailable");
    }
    // A wrong call leaves nothing behind.
    await call({});
  });
});

function thrown(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe("a host of the page's own", () => {
  /** What a page comes to whose host answers so. */
  async function use(change: Change): Promise<void> {
    const host = virtualHost();
    const acquire = async (reader: string) => {
      const { version, signal, ...rest } = await host.acquire(reader);
      const ask = "answer" in change ? () => change.answer : rest.ask;
      const parts = { version, signal, ask, release: async () => {} };
      return partly(parts, change) as never;
    };
    const readers = async () => either("readers", await host.readers(), change);
    const { scopes } = host;
    const kazashi = await connect({ host: { scopes, readers, acquire, watch: async () => {} } });
    await (await kazashi.card()).pinStatus();
  }

  it.each([
    ["readers", "thrower"],
    ["version", "text"],
    ["signal", "signal"],
    ["ask", "function"],
    ["release", "function"],
    ["answer", "thrower"],
  ] as [string, Kind][])("answers nothing else for %s", async (place, kind) => {
    for (const [name, make, ...rightAs] of wrongValues) {
      // Without a reader there is no card to wait for.
      if (rightAs.includes(kind) || name === "an empty list") continue;
      expect(await failure(use({ [place]: make() })), name).toBeInstanceOf(KazashiError);
    }
  });
});

it("no wrong call has cost a try", async () => {
  expect(await retriesLeft(desk.card)).toEqual([3, 5]);
});

it("an error names the part that is wrong, and says nothing of its value", async () => {
  const { trust, nonce, token } = desk;
  const pairwiseKey = "a secret" as never;
  const expected = { origin, nonce, method: "pin" } as const;
  const error = await failure(verify(token, expected, { ...trust, pairwiseKey }));
  expect(error).toMatchObject({
    code: "invalid-request",
    message: "pairwiseKey is missing or of another type",
  });
});

it("every function and method that takes arguments is called here", () => {
  const functions = [page, server, testing, messages, cardFace].flatMap((entry) =>
    Object.entries(entry).filter(
      ([, value]) => typeof value === "function" && value !== KazashiError,
    ),
  );
  const methods = Object.entries({
    host: desk.host,
    channel: desk.channel,
    terminal: desk.terminal,
    kazashi: desk.kazashi,
    card: desk.card,
  }).flatMap(([name, object]) => {
    const own =
      Object.getPrototypeOf(object) === Object.prototype ? object : Object.getPrototypeOf(object);
    return Object.entries(Object.getOwnPropertyDescriptors(own))
      .filter(([method, { value }]) => typeof value === "function" && method !== "constructor")
      .map(([method]) => `${name}.${method}`);
  });
  const names = [...functions.map(([name]) => name), ...methods];
  expect(new Set(names)).toEqual(new Set([...Object.keys(called), ...withoutArguments]));
});

const withoutArguments = [
  "authorities",
  "cardSurfaceAuthority",
  "newNonce",
  "host.addReader",
  "host.readers",
  "channel.release",
  "channel.lose",
  "kazashi.close",
  "card.release",
];
