import { verify as verifySignature, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Card,
  connect,
  type HostEvent,
  type Kazashi,
  type PinReference,
  type Scope,
} from "../src/index.js";
import {
  authorities,
  type CardKind,
  cardKinds,
  KazashiError,
  type PinPrompt,
  virtualHost,
} from "../src/testing.js";
import { newNonce } from "../src/verify.js";
import { Requests } from "./requests.js";
import { bytes, hex } from "./vectors.js";
import { desk, failure, origin, put, retriesLeft, verifyAs } from "./virtual-card.js";

afterEach(() => vi.useRealTimers());

/** Signs in as a page and its server do. */
async function signIn(card: Card) {
  const nonce = newNonce();
  const token = await card.authenticate({ nonce });
  return await verifyAs("pin", token, nonce);
}

describe("a sign-in", () => {
  it("is accepted by a server that trusts the virtual authorities", async () => {
    const { kazashi } = await desk();
    for await (const card of kazashi.cards()) {
      const { subject, method } = await signIn(card);
      expect(subject).toHaveLength(43);
      expect(method).toBe("pin");
      break;
    }
  });

  it("tells people apart, and not their cards' kinds", async () => {
    const subject = async (kind: CardKind) => (await signIn((await put(kind)).card)).subject;
    const normal = await subject("normal");
    expect(await subject("short")).toBe(normal);
    expect(await subject("without-signature-certificate")).toBe(normal);
    expect(await subject("another-person")).not.toBe(normal);
  });

  it("is for the origin that the host was given", async () => {
    const { card } = await put("normal", { origin: "https://other.example" });
    await expect(signIn(card)).rejects.toMatchObject({ code: "signature-mismatch" });
  });

  it("shows the person who asks for what", async () => {
    const askPin = vi.fn((_: PinPrompt) => "1234");
    const { card } = await put("normal", { askPin });
    await signIn(card);
    expect(askPin.mock.calls).toEqual([
      [
        {
          origin,
          purpose: "sign-in",
          reference: "user-authentication",
          retriesLeft: 3,
          malformed: false,
          signal: expect.any(AbortSignal),
        },
      ],
    ]);
  });
});

describe("each kind of card", () => {
  const cases: Record<CardKind, string> = {
    normal: "accepted",
    "another-person": "accepted",
    "without-pins": "pin-blocked",
    blocked: "pin-blocked",
    "without-signature-certificate": "accepted",
    expired: "certificate-expired",
    "foreign-root": "certificate-untrusted",
    short: "accepted",
    unsupported: "unsupported-card",
  };

  it("is offered", () => {
    expect(Object.keys(cases)).toEqual(cardKinds);
  });

  it.each(cardKinds)("%s says when it is leased whether it is a My Number Card", async (kind) => {
    const host = virtualHost(kind);
    const { unsupported } = await host.acquire("virtual-1");
    expect(unsupported).toBe(kind === "unsupported");
  });

  it.each(Object.entries(cases) as [CardKind, string][])("%s: %s", async (kind, code) => {
    const { card } = await put(kind);
    const outcome = await signIn(card).then(
      () => "accepted",
      (error) => error.code,
    );
    expect(outcome).toBe(code);
  });

  it("that does not exist cannot be inserted", async () => {
    const { host, kazashi } = await desk();
    expect(() => host.insert("bus-pass" as CardKind)).toThrow(KazashiError);
    expect(kazashi.readers[0]?.cardPresent).toBe(true);
  });
});

describe("a PIN", () => {
  it("that is wrong costs a try, as the message says, until it is blocked", async () => {
    const pins = ["0000", "0001", "0002"];
    const { host, card, kazashi } = await put("normal", { askPin: () => pins.shift() });
    for (const left of [2, 1]) {
      const error = await failure(signIn(card));
      expect(error).toBeInstanceOf(KazashiError);
      expect(error).toMatchObject({ code: "pin-incorrect", retriesLeft: left });
      expect(await retriesLeft(card)).toEqual([left, 5]);
    }
    for (const _ of "12") {
      await expect(signIn(card)).rejects.toMatchObject({ code: "pin-blocked", retriesLeft: 0 });
    }
    host.remove();
    host.insert("normal");
    expect(await retriesLeft(await kazashi.card())).toEqual([0, 5]);
  });

  it("that was wrong is not sent to the card again, by whatever page, until it is taken away", async () => {
    const pins = ["0000", "0000", "0000", "0001", "0000"];
    vi.useFakeTimers({ toFake: ["Date"] });
    const askPin = () => {
      // So long ago that the failures before count no more.
      vi.advanceTimersByTime(60_000);
      return pins.shift();
    };
    const { host, card, kazashi } = await put("normal", { askPin });
    for (const _ of "123") {
      await expect(signIn(card)).rejects.toMatchObject({ code: "pin-incorrect", retriesLeft: 2 });
    }
    expect(await retriesLeft(card)).toEqual([2, 5]);
    await expect(signIn(card)).rejects.toMatchObject({ code: "pin-incorrect", retriesLeft: 1 });
    host.remove();
    host.insert("normal");
    const error = await failure(signIn(await kazashi.card()));
    expect(error).toMatchObject({ code: "pin-blocked", retriesLeft: 0 });
  });

  it.each([
    ["that is wrong", () => "0000"],
    ["that is not typed", () => undefined],
  ])("%s has the page wait before the next", async (_, askPin) => {
    const { card } = await put("normal", { askPin });
    vi.useFakeTimers();
    await failure(signIn(card));
    for (const pause of [500, 1_000, 2_000]) {
      const waiting = vi.fn();
      const next = signIn(card).catch(waiting);
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(waiting).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      await next;
      expect(waiting).toHaveBeenCalledOnce();
    }
  });

  it("that is right gives all tries back", async () => {
    const pins = ["0000", "1234"];
    const { card } = await put("normal", { askPin: () => pins.shift() });
    await expect(signIn(card)).rejects.toMatchObject({ code: "pin-incorrect", retriesLeft: 2 });
    await signIn(card);
    expect(await retriesLeft(card)).toEqual([3, 5]);
  });

  it("that is not typed costs nothing", async () => {
    const { card } = await put("normal", { askPin: () => undefined });
    await expect(signIn(card)).rejects.toMatchObject({ code: "pin-cancelled" });
    expect(await retriesLeft(card)).toEqual([3, 5]);
  });

  it("that cannot be one is asked for again, and at last not sent", async () => {
    const askPin = vi.fn((_: PinPrompt) => "12345");
    const { card } = await put("normal", { askPin });
    await expect(signIn(card)).rejects.toMatchObject({ code: "pin-malformed" });
    expect(askPin.mock.calls.map(([{ malformed }]) => malformed)).toEqual([false, true, true]);
    expect(await retriesLeft(card)).toEqual([3, 5]);
  });

  it("may fail to be asked for in a way that the test decides", async () => {
    const askPin = () => Promise.reject(new KazashiError("pin-timeout"));
    const { card } = await put("normal", { askPin });
    await expect(signIn(card)).rejects.toMatchObject({ code: "pin-timeout" });
  });

  it("of the page is presented only while a wrong one would leave two tries", async () => {
    const { card } = await put();
    const nonce = newNonce();
    await expect(card.authenticate({ nonce, pin: "0000" })).rejects.toMatchObject({
      code: "pin-incorrect",
      retriesLeft: 2,
    });
    await expect(card.authenticate({ nonce, pin: "1234" })).rejects.toMatchObject({
      code: "too-few-retries",
      retriesLeft: 2,
    });
    expect(await retriesLeft(card)).toEqual([2, 5]);
    await signIn(card);
    await card.authenticate({ nonce, pin: "1234" });
  });

  it("serves what follows closely, and nothing later", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { host } = await desk();
    const channel = new Requests(await host.acquire("virtual-1"));
    const sign = () => channel.signChallenge("user-authentication", newNonce());
    await expect(sign()).rejects.toMatchObject({ code: "invalid-request" });
    await channel.verifyPin("user-authentication");
    expect(await sign()).toHaveLength(256);
    vi.advanceTimersByTime(2_000);
    await expect(sign()).rejects.toMatchObject({ code: "invalid-request" });
    await channel.signChallenge("user-authentication", newNonce(), {});
    await expect(sign()).rejects.toMatchObject({ code: "invalid-request" });
  });
});

describe("a document", () => {
  const data = new TextEncoder().encode("賃貸借契約書");
  const hashes = { "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" } as const;
  const document = async (hash: keyof typeof hashes) => ({
    title: "賃貸借契約書",
    hash,
    digest: new Uint8Array(await crypto.subtle.digest(hash, data)),
  });

  it.each(Object.keys(hashes) as (keyof typeof hashes)[])(
    "is signed over its %s as Node's own cryptography expects",
    async (hash) => {
      const { card } = await put();
      const { signature, certificate } = await card.sign(await document(hash));
      const { publicKey } = new X509Certificate(certificate.der);
      expect(verifySignature(hashes[hash], data, publicKey, signature)).toBe(true);
    },
  );

  it("is shown to the person by title and digest", async () => {
    const askPin = vi.fn((_: PinPrompt) => "ABC123");
    const { card } = await put("normal", { askPin });
    const { title, hash, digest } = await document("SHA-256");
    await card.sign({ title, hash, digest });
    expect(askPin).toHaveBeenCalledExactlyOnceWith({
      origin,
      purpose: "sign",
      reference: "digital-signature",
      retriesLeft: 5,
      malformed: false,
      document: { title, hash, digest: hex(digest) },
      signal: expect.any(AbortSignal),
    });
  });

  it("is refused with a title that misleads, and nobody is asked", async () => {
    const askPin = vi.fn(() => "ABC123");
    const { card } = await put("normal", { askPin });
    const misleading = { ...(await document("SHA-256")), title: "a\u202Eb" };
    await expect(card.sign(misleading)).rejects.toMatchObject({ code: "invalid-request" });
    expect(askPin).not.toHaveBeenCalled();
  });

  it("leaves the password to the person and counts its tries", async () => {
    const { card } = await put("normal", { askPin: () => "WRONG0" });
    await expect(card.sign(await document("SHA-256"))).rejects.toMatchObject({
      code: "pin-incorrect",
      retriesLeft: 4,
    });
    expect(await retriesLeft(card)).toEqual([3, 4]);
  });

  it("cannot be signed by a card without the certificate", async () => {
    const { card } = await put("without-signature-certificate");
    const error = await failure(card.sign(await document("SHA-256")));
    expect(error).toMatchObject({ code: "certificate-absent" });
  });
});

it("the digital signature certificate is read with its password, and only then", async () => {
  const { host, kazashi, card } = await put();
  const { der } = await card.readCertificate("digital-signature");
  expect(new X509Certificate(der).subject).not.toBe("");
  await card.release();

  const channel = new Requests(await host.acquire("virtual-1"));
  const read = async () => {
    await channel.transmit(bytes("00A4040C0AD392F000260100000001"));
    return hex(await channel.transmit(bytes("00B0810004"))).slice(-4);
  };
  expect(await read()).toBe("6982");
  await channel.verifyPin("digital-signature", "ABC123");
  expect(hex(await channel.transmit(bytes("00B0810004")))).toMatch(/^3082.*9000$/);
  await channel.release();
  expect(kazashi.readers).toHaveLength(1);
});

describe("a card that is taken away", () => {
  it("while the PIN is typed ends the dialog, and costs nothing", async () => {
    let typing: PinPrompt | undefined;
    const askPin = (prompt: PinPrompt) => {
      typing = prompt;
      return new Promise<string>(() => {});
    };
    const { host, kazashi, card } = await put("normal", { askPin });
    const signingIn = failure(signIn(card));
    await vi.waitUntil(() => typing);
    host.remove();
    expect(await signingIn).toMatchObject({ code: "removed-card" });
    expect(typing?.signal.reason).toMatchObject({ code: "removed-card" });
    expect(card.signal.aborted).toBe(true);
    await expect(signIn(card)).rejects.toMatchObject({ code: "removed-card" });
    host.insert();
    expect(await retriesLeft(await kazashi.card())).toEqual([3, 5]);
  });

  it("in the middle of a read fails the read", async () => {
    const { host, card } = await put("short");
    const read = card.readCertificate("user-authentication", {
      onProgress: () => host.remove(),
    });
    await expect(read).rejects.toMatchObject({ code: "removed-card" });
  });

  it("and replaced does not get what was meant for the one before", async () => {
    let answer: ((pin: string) => void) | undefined;
    const askPin = () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      });
    const { host, kazashi, card } = await put("normal", { askPin });
    const signingIn = failure(signIn(card));
    await vi.waitUntil(() => answer);
    host.insert("another-person");
    answer?.("0000");
    expect(await signingIn).toMatchObject({ code: "removed-card" });
    expect(await retriesLeft(await kazashi.card())).toEqual([3, 5]);
  });

  it("and put back is handed out anew", async () => {
    const { host, kazashi } = await desk();
    const subjects = [];
    for await (const card of kazashi.cards()) {
      subjects.push((await signIn(card)).subject);
      if (subjects.length === 3) break;
      host.insert(subjects.length === 1 ? "another-person" : "normal");
    }
    expect(new Set(subjects).size).toBe(2);
    expect(subjects[2]).toBe(subjects[0]);
  });
});

describe("readers", () => {
  it("tell pages what happens to them", async () => {
    const { host, kazashi } = await desk();
    const told: string[] = [];
    for (const type of [
      "card-inserted",
      "card-removed",
      "reader-added",
      "reader-removed",
    ] as const) {
      kazashi.addEventListener(type, ({ reader }) => {
        told.push(`${type} ${reader.id} ${reader.atr}`);
      });
    }
    const second = host.addReader();
    host.insert("normal", second);
    host.insert("short", second);
    host.remove(second);
    host.remove(second);
    host.removeReader(second);
    expect(told).toEqual([
      "reader-added virtual-2 undefined",
      "card-inserted virtual-2 3BE000FF8131FE4514",
      "card-removed virtual-2 undefined",
      "card-inserted virtual-2 3BE000FF8131FE4514",
      "card-removed virtual-2 undefined",
      "reader-removed virtual-2 undefined",
    ]);
    expect(kazashi.readers.map(({ id }) => id)).toEqual(["virtual-1"]);
  });

  it("that are disconnected take their leases with them", async () => {
    const { host, card } = await put();
    host.removeReader();
    expect(card.signal.reason).toMatchObject({ code: "unknown-reader" });
    await expect(host.acquire("virtual-1")).rejects.toMatchObject({ code: "unknown-reader" });
    expect(() => host.insert()).toThrow("unknown-reader");
  });

  it("that are empty have no card to lease", async () => {
    const { host } = await desk();
    host.remove();
    await expect(host.acquire("virtual-1")).rejects.toMatchObject({ code: "no-smartcard" });
  });

  it("serve cards apart from each other", async () => {
    const { host, kazashi, card } = await put();
    const reader = host.addReader();
    host.insert("another-person", reader);
    const other = await kazashi.card({ reader });
    const [one, two] = await Promise.all([signIn(card), signIn(other)]);
    expect(one.subject).not.toBe(two.subject);
  });
});

describe("a lease", () => {
  it("keeps other pages waiting until it is released", async () => {
    const { host, card } = await put();
    await expect(host.acquire("virtual-1")).rejects.toMatchObject({ code: "reader-busy" });
    const other: Kazashi = await connect({ host });
    const waiting = other.card({ signal: AbortSignal.timeout(1) });
    await expect(waiting).rejects.toMatchObject({ code: "timeout" });
    await card.release();
    expect(await retriesLeft(await other.card())).toEqual([3, 5]);
    await expect(signIn(card)).rejects.toMatchObject({ code: "lease-lost" });
  });

  it("is told to be free to whoever asked for it in vain, and to nobody else", async () => {
    for (const scopes of [["events", "authenticate"], ["authenticate"]] as const) {
      const { host, card } = await put("normal", { scopes });
      const told: HostEvent[] = [];
      await host.watch((event) => told.push(event), new AbortController().signal);
      await expect(host.acquire("virtual-1")).rejects.toMatchObject({ code: "reader-busy" });
      await card.release();
      expect(told).toEqual([{ type: "reader-free", reader: "virtual-1" }]);
      await (await host.acquire("virtual-1")).release();
      expect(told).toHaveLength(1);
    }
  });

  it("that nobody used for half a minute can be taken, and its holder is told", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { host, card } = await put();
    vi.advanceTimersByTime(29_999);
    await expect(host.acquire("virtual-1")).rejects.toMatchObject({ code: "reader-busy" });
    vi.advanceTimersByTime(1);
    await host.acquire("virtual-1");
    expect(card.signal.reason).toMatchObject({ code: "lease-lost" });
  });

  it("does not run out while the PIN is typed", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const askPin = vi.fn(() => new Promise<undefined>(() => {}));
    const { host, card } = await put("normal", { askPin });
    const signingIn = failure(signIn(card));
    await vi.waitUntil(() => askPin.mock.calls.length > 0);
    vi.advanceTimersByTime(60_000);
    await expect(host.acquire("virtual-1")).rejects.toMatchObject({ code: "reader-busy" });
    await card.release();
    expect(await signingIn).toMatchObject({ code: "lease-lost" });
  });

  it("is given back when the page is through", async () => {
    const closing = new AbortController();
    const host = virtualHost();
    const kazashi = await connect({ host, signal: closing.signal });
    await kazashi.card();
    closing.abort();
    await host.acquire("virtual-1");
  });
});

describe("an origin", () => {
  const attempts: Record<string, (channel: Requests) => Promise<unknown>> = {
    "to read the certificate": async (channel) => {
      await channel.transmit(bytes("00A4040C0AD392F000260100000001"));
      return await channel.transmit(bytes("00B08A0004"));
    },
    "to present the PIN": (channel) => channel.verifyPin("user-authentication"),
    "to present the password": (channel) => channel.verifyPin("digital-signature"),
    "to supply the PIN": (channel) => channel.verifyPin("user-authentication", "1234"),
    "to sign in": (channel) => channel.signChallenge("user-authentication", newNonce(), {}),
    "to sign": (channel) => channel.sign("a", "SHA-256", new Uint8Array(32)),
    "to have an institution asked": async (channel) => {
      await channel.transmit(bytes("00A4040C0AD392F000260100000001"));
      return await channel.terminalRequest(newNonce());
    },
    "to read the age record": async (channel) => {
      await channel.verifyBirthDate("1980-02-17");
      await channel.transmit(bytes("00A4040C0AD3921000310001010402"));
      return await channel.transmit(bytes("00B0810000"));
    },
    "to show that the card is there": (channel) =>
      channel.signChallenge("card-surface", newNonce()),
    "to read the card face": async (channel) => {
      await channel.verifyNumberB("1980-02-17", "2035", "2285");
      await channel.transmit(bytes("00A4040C0AD3921000310001010402"));
      return await channel.transmit(bytes("00B0820000"));
    },
    "to read the attributes": (channel) => channel.readAttributes(),
    "to reach the individual number": (channel) =>
      channel.transmit(bytes("00A4040C0AD3921000310001010408")),
    "to ask the card for a challenge of its own": (channel) =>
      channel.transmit(bytes("0084000020")),
    "to build a signature of its own": (channel) => channel.transmit(bytes("802A0097015500")),
  };
  const allowed: [Scope[], string[]][] = [
    [[], []],
    [["events", "reader"], []],
    [["user-certificate"], ["to read the certificate"]],
    [["authenticate"], ["to read the certificate", "to present the PIN", "to sign in"]],
    [
      ["authenticate", "page-pin"],
      ["to read the certificate", "to present the PIN", "to supply the PIN", "to sign in"],
    ],
    [["authenticate-pinless"], ["to read the certificate", "to have an institution asked"]],
    [
      ["card-presence"],
      ["to read the certificate", "to read the age record", "to show that the card is there"],
    ],
    [
      ["card-face"],
      [
        "to read the certificate",
        "to read the age record",
        "to show that the card is there",
        "to read the card face",
      ],
    ],
    [["attributes"], ["to read the attributes"]],
    [["sign"], ["to present the password", "to sign"]],
  ];

  it.each(allowed)("with the scopes %j may do no more than they say", async (scopes, expected) => {
    const may = [];
    for (const [name, attempt] of Object.entries(attempts)) {
      const host = virtualHost("normal", { scopes });
      const channel = new Requests(await host.acquire("virtual-1"));
      const error = await attempt(channel).then(
        () => undefined,
        (error) => error.code,
      );
      if (error === undefined) may.push(name);
      else expect(error).toBe("not-permitted");
    }
    expect(may).toEqual(expected);
  });

  it("without `events` and `reader` learns of readers only that they are there", async () => {
    const { host, kazashi } = await desk("normal", { scopes: ["authenticate"] });
    const told: HostEvent[] = [];
    await host.watch((event) => told.push(event), new AbortController().signal);
    host.insert("short");
    expect(told).toEqual([]);
    expect(kazashi.readers).toEqual([{ id: "virtual-1" }]);
    await signIn(await kazashi.card());
  });
});

describe("what is malformed", () => {
  const attempts: Record<string, (channel: Requests) => Promise<unknown>> = {
    "no command": (channel) => channel.transmit(new Uint8Array([0])),
    "no PIN reference": (channel) => channel.verifyPin("other" as PinReference),
    "no key": (channel) => channel.signChallenge("other", newNonce()),
    "a PIN that is for one thing only": (channel) => channel.verifyPin("card-information"),
    "no nonce": (channel) => channel.signChallenge("user-authentication", "x", {}),
    "no nonce for an institution": (channel) => channel.terminalRequest("x"),
    "no nonce that it signed for": (channel) => channel.terminalSign("x", new Uint8Array(256)),
    "no digest": (channel) => channel.sign("a", "SHA-256", new Uint8Array(20)),
    "no hash": (channel) => channel.sign("a", "MD5" as "SHA-256", new Uint8Array(16)),
  };

  it.each(Object.entries(attempts))("%s is an invalid request", async (_, attempt) => {
    const channel = new Requests(await virtualHost().acquire("virtual-1"));
    await expect(attempt(channel)).rejects.toMatchObject({ code: "invalid-request" });
  });
});

it("what is no birth date is not presented", async () => {
  const channel = new Requests(await virtualHost().acquire("virtual-1"));
  const verified = channel.verifyBirthDate("17 February 1980");
  await expect(verified).rejects.toMatchObject({ code: "birth-date-malformed" });
});

it.each([
  ["1980-02-30", "2035", "2285", "birth-date-malformed"],
  ["1980-02-17", "35", "2285", "verification-number-malformed"],
  ["1980-02-17", "2035", "228", "verification-number-malformed"],
])("what is no verification number is not presented: %s %s %s", async (...number) => {
  const [birthDate, expiryYear, securityCode, code] = number;
  const channel = new Requests(await virtualHost().acquire("virtual-1"));
  const verified = channel.verifyNumberB(birthDate, expiryYear, securityCode);
  await expect(verified).rejects.toMatchObject({ code });
});

describe("the card face", () => {
  const number = { birthDate: "1980-02-17", expiryYear: "2035", securityCode: "2285" };

  it("is read, whole and as it lies on the card", async () => {
    const { card } = await put();
    const onProgress = vi.fn();
    const reading = await card.readCardFace({ nonce: newNonce(), ...number, onProgress });
    const folder = new URL("../../emulator/images/normal/card-surface/", import.meta.url);
    const file = (name: string) => hex(readFileSync(new URL(name, folder)));
    expect(hex(reading.record)).toBe(file("0002.bin"));
    expect(hex(reading.cvCertificate)).toBe(file("0004.bin"));
    expect(reading.signature).toHaveLength(256);
    expect(reading.appVersion).toMatch(/^kazashi-testing /);
    const { length } = reading.record;
    expect(onProgress).toHaveBeenCalledWith(length, length);
  });

  it("of a wrong number costs a try, as long as two are left or the person agrees", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const agrees = { now: false };
    const { card } = await put("normal", { confirmTry: () => agrees.now });
    const readFace = (securityCode: string) => {
      // So long ago that the failures before count no more.
      vi.advanceTimersByTime(60_000);
      return card.readCardFace({ nonce: newNonce(), ...number, securityCode });
    };
    for (let left = 9; left >= 2; left -= 1) {
      const code = "verification-number-incorrect";
      await expect(readFace(`000${left}`)).rejects.toMatchObject({ code, retriesLeft: left });
    }
    const tooFew = { code: "too-few-retries", retriesLeft: 2 };
    await expect(readFace("0001")).rejects.toMatchObject(tooFew);
    await expect(readFace(number.securityCode)).rejects.toMatchObject(tooFew);
    agrees.now = true;
    await readFace(number.securityCode);
  });
});

describe("the basic attributes", () => {
  const attributes = {
    name: "架空　花子",
    address: "東京都清瀬市架空一丁目２番地３",
    birthDate: "1980-02-17",
    sex: "female",
    integrity: "genuine",
  };

  it("are read after the person typed their PIN, and nothing besides", async () => {
    const prompts: PinPrompt[] = [];
    const askPin = (prompt: PinPrompt) => {
      prompts.push(prompt);
      return prompts.length === 1 ? "0000" : "1234";
    };
    const { card } = await put("normal", { askPin });
    const incorrect = { code: "pin-incorrect", retriesLeft: 2 };
    await expect(card.readAttributes()).rejects.toMatchObject(incorrect);
    expect(await card.readAttributes()).toEqual(attributes);
    expect(prompts).toMatchObject([
      { purpose: "read-attributes", reference: "card-information", retriesLeft: 3 },
      { purpose: "read-attributes", reference: "card-information", retriesLeft: 2 },
    ]);
  });

  it("are read with a PIN of the page's own", async () => {
    const { card } = await put();
    expect(await card.readAttributes({ pin: "1234" })).toEqual(attributes);
    await expect(card.readAttributes({ pin: "9999" })).rejects.toMatchObject({ retriesLeft: 2 });
    const tooFew = { code: "too-few-retries", retriesLeft: 2 };
    await expect(card.readAttributes({ pin: "1234" })).rejects.toMatchObject(tooFew);
  });

  it("of another authority are read, but not called genuine", async () => {
    const { card } = await put("foreign-root");
    const integrity = "cv-certificate-untrusted";
    expect(await card.readAttributes()).toEqual({ ...attributes, integrity });
  });
});

it("an institution's signature is for the nonce and the transaction of its request", async () => {
  const channel = new Requests(await virtualHost().acquire("virtual-1"));
  const [nonce, other] = [newNonce(), newNonce()];
  await channel.terminalRequest(nonce);
  const signed = channel.terminalSign(other, new Uint8Array(256));
  await expect(signed).rejects.toMatchObject({ code: "invalid-request" });
  const late = channel.terminalSign(nonce, new Uint8Array(256));
  await expect(late).rejects.toMatchObject({ code: "timeout" });
});

it("the authorities are those that the cards hold", async () => {
  const { card } = await put();
  const ders = await authorities();
  for (const [index, kind] of (
    ["user-authentication-ca", "digital-signature-ca"] as const
  ).entries()) {
    expect(hex((await card.readCertificate(kind)).der)).toBe(hex(ders[index] ?? bytes("")));
  }
});
