import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { withCard } from "../package.ts";
import { freePort } from "../ports.ts";
import { setUp } from "../set-up.ts";
import { INSTITUTION } from "../trust.ts";
import { changeMemory, readMemory } from "../workstation/card.ts";
import { SELECT_JPKI, sendByOpenSc } from "../workstation/opensc.ts";
import { SELECT_CARD_MANAGER } from "../workstation/workstation.ts";
import type { SignInPage } from "./site/page.ts";
import { startSignInServer } from "./site/server.ts";
import { SignInSession } from "./site/session.ts";
import { SignInSite } from "./site/site.ts";

// Terminal authentication (特定機関認証) and card presence (かざし利用), from the page over the bridge
// and pcscd to the card, and those who try either without being entitled to.

const SCOPES = ["events", "authenticate", "authenticate-pinless", "card-presence", "page-pin"];
const BIRTH_DATE = "1980-02-17";
const SUBJECT = /^[\w-]{43}$/;
const NOT_SIGNED = { status: 403, body: { code: "terminal-not-signed" } };

const site = setUp(new SignInSite({ cardIn: "reader", scopes: SCOPES, server: INSTITUTION }));
const { workstation } = site;
/** The page of a desk that is open. */
let desk: SignInPage;
/** A session of the desk without a page. */
let staff: SignInSession;
let subject: string;

beforeAll(async () => {
  desk = await site.openPage("file");
  await desk.openDesk();
  staff = await newDesk();
});

// Terminal authentication

test("a wrong password opens no desk", async () => {
  const { page } = await site.openPage();
  await page.fill("#password", "wrong");
  await page.click("#open-desk button");
  await page.waitForSelector("#problem:visible");
  expect(await page.textContent("#problem")).toContain("password is wrong");
  expect(await page.isVisible("#without-pin")).toBe(false);
});

test("at a desk, the institution signs a visitor in without a PIN, and no try is spent", async () => {
  await desk.pressSignIn("9999");
  expect(await desk.problem()).toMatchObject({ code: "pin-incorrect" });
  const before = await readMemory(workstation.card);
  expect(before).toContain("retries-left = 2");

  const commands = await commandsOf(async () => {
    await desk.pressWithoutPin();
    subject = await desk.subject();
  });
  console.log(`terminal authentication: ${commands.length} commands`, commands);
  expect(commands).toHaveLength(10);
  expect(subject).toMatch(SUBJECT);
  expect(await desk.page.textContent("#method")).toContain("the card accepted this institution");
  expect(await readMemory(workstation.card)).toBe(before);
  const status = "return await card.pinStatus();";
  expect(await withCardFor(staff, status)).toMatchObject({
    userAuthentication: { retriesLeft: 2 },
    digitalSignature: { retriesLeft: 5 },
  });
  await desk.next();
});

test("with the PIN it is the same person", async () => {
  const page = await site.openPage();
  workstation.dialog.type("1234");
  await page.pressSignIn();
  expect(await page.subject()).toBe(subject);
});

test("a card that trusts another root refuses the institution", async () => {
  await workstation.swapCard(await workstation.newCard("foreign-root", "foreign"));
  await desk.pressWithoutPin();
  expect(await desk.problem()).toMatchObject({ code: "terminal-refused" });
  await workstation.swapCard(workstation.card);
});

test("a card without PINs signs in by itself at a desk, once the staff has looked", async () => {
  await workstation.swapCard(await workstation.newCard("without-pins"));
  desk.page.once("dialog", (dialog) => dialog.accept());
  await desk.pressSignIn();
  expect(await desk.subject()).toBe(subject);
  await desk.next();

  desk.page.once("dialog", (dialog) => dialog.dismiss());
  await desk.pressSignIn();
  expect(await desk.problem()).toMatchObject({ code: "aborted" });
  await workstation.swapCard(workstation.card);
});

test("whoever is no desk gets no signature, though the bridge vouches for the card", async () => {
  const guest = newGuest();
  const nonce = await guest.newNonce("terminal");
  const outcome = await withCardFor(guest, TERMINAL, { nonce });
  expect(outcome).toEqual({ code: "terminal-not-signed" });
});

test("a thief with the card and a program of his own gets no signature", async () => {
  const challenge = await challengeByOpenSc();
  const nonce = await staff.newNonce("terminal");
  const thief = generateKeyPairSync("ed25519").privateKey;
  const word = wordOf(thief, nonce, challenge);
  expect(await staff.post("/terminal", { nonce, word })).toEqual(NOT_SIGNED);

  // What the bridge on this workstation would say, of another nonce, origin or challenge.
  const bridge = await bridgePrivateKey();
  const altered = Buffer.from(wordOf(bridge, nonce, challenge), "base64");
  // The challenge ends where the signature begins.
  altered.fill(0, altered.length - 64 - 32, altered.length - 64);
  for (const word of [
    wordOf(bridge, await staff.newNonce("terminal"), challenge),
    wordOf(bridge, nonce, challenge, "https://elsewhere.example"),
    altered.toString("base64"),
  ]) {
    expect(await staff.post("/terminal", { nonce, word })).toEqual(NOT_SIGNED);
  }

  // It would sign what is right in all of that, but once, and for nobody else than the desk.
  const right = { nonce, word: wordOf(bridge, nonce, challenge) };
  const guest = newGuest();
  await guest.newNonce("pin");
  expect(await guest.post("/terminal", right)).toEqual(NOT_SIGNED);
  expect(await staff.post("/terminal", right)).toMatchObject({ status: 200 });
  expect(await staff.post("/terminal", right)).toEqual(NOT_SIGNED);
});

test("a token is good for its session, nonce and method, and once", async () => {
  const nonce = await staff.newNonce("terminal");
  const token = await withCardFor(staff, TERMINAL, { nonce });
  const signIn = { method: "terminal", nonce, token };

  const otherDesk = await newDesk();
  expect(await codeOf(otherDesk, "/sign-in", signIn)).toBe("nonce-expired");
  expect(await codeOf(staff, "/sign-in", { ...signIn, method: "pin" })).toBe("nonce-expired");
  const pinNonce = await staff.newNonce("pin");
  const asPin = { method: "pin", nonce: pinNonce, token };
  expect(await codeOf(staff, "/sign-in", asPin)).toBe("signature-mismatch");
  // A nonce for which this server signed nothing is none.
  const unsigned = { ...signIn, nonce: await staff.newNonce("terminal") };
  expect(await codeOf(staff, "/sign-in", unsigned)).toBe("nonce-expired");

  expect(await staff.post("/sign-in", signIn)).toMatchObject({ status: 200, body: { subject } });
  expect(await codeOf(staff, "/sign-in", signIn)).toBe("nonce-expired");
});

test("a token signed with the PIN is good for its nonce only", async () => {
  const [nonce, another] = [await staff.newNonce("pin"), await staff.newNonce("pin")];
  const script = `return await card.authenticate({ nonce: "${nonce}", pin: "1234" });`;
  const token = await withCardFor(staff, script);
  const signIn = { method: "pin", nonce: another, token };
  expect(await codeOf(staff, "/sign-in", signIn)).toBe("signature-mismatch");
});

test("a site that passes on the nonce of another gets nothing that the other takes", async () => {
  const port = await freePort();
  const elsewhere = join(workstation.folder, "elsewhere");
  const key = `--bridge=desk=${publicKeyOf(await bridgePrivateKey())}`;
  const other = await startSignInServer(elsewhere, port, [...INSTITUTION, key]);
  try {
    const victim = await new SignInSession(`http://127.0.0.1:${port}`).openDesk();

    const nonce = await victim.newNonce("terminal");
    const outcome = await withCardFor(victim, TERMINAL, { nonce });
    expect(outcome).toEqual({ code: "terminal-not-signed" });

    const pinNonce = await victim.newNonce("pin");
    const script = `return await card.authenticate({ nonce: "${pinNonce}", pin: "1234" });`;
    const token = await withCardFor(victim, script);
    const signIn = { method: "pin", nonce: pinNonce, token };
    expect(await codeOf(victim, "/sign-in", signIn)).toBe("signature-mismatch");
  } finally {
    await other.stop();
  }
});

// Card presence

test("a card is enrolled with its PIN, and known again without", async () => {
  const page = await site.openPage();
  const enrolling = await commandsOf(async () => {
    await page.enrol(BIRTH_DATE, "1234");
    expect(await page.subject()).toBe(subject);
  });
  const returning = await commandsOf(async () => {
    await desk.pressCheckIn();
    expect(await desk.subject()).toBe(subject);
  });
  expect(await desk.page.textContent("#method")).toContain("the enrolled card is here");
  await desk.next();

  const nonce = await staff.newNonce("presence");
  const whole = await commandsOf(async () => {
    const proof = await withCardFor(staff, PRESENCE, { nonce, birthDate: BIRTH_DATE });
    const outcome = await staff.post("/presence", { nonce, proof });
    expect(outcome).toMatchObject({ status: 200, body: { subject, method: "presence" } });
  });
  console.log(`enrolment: ${enrolling.length} commands`, enrolling);
  console.log(`presence, whole certificate: ${whole.length} commands`, whole);
  console.log(`presence, returning visitor: ${returning.length} commands`, returning);
  expect([enrolling, whole, returning].map(({ length }) => length)).toEqual([13, 8, 8]);
  expect(returning).toContain("00 B0 8A 00 Nc=0 Ne=256 -> 9000 Nr=256");
});

test("a wrong birth date costs a try, and the page says how many are left", async () => {
  const page = await site.openPage();
  await page.enrol("1980-02-18", "1234");
  const { code, text } = await page.problem();
  expect(code).toBe("birth-date-incorrect");
  expect(text).toContain("9");
});

test("nobody but a desk is told a birth date, and a desk not without end", async () => {
  const file = await readFile(join(workstation.card, "jpki/000A.bin"));
  const certificate = file.subarray(0, 256).toString("base64");
  const guest = newGuest();
  await guest.newNonce("presence");
  expect(await guest.post("/birth-date", { certificate })).toMatchObject({ status: 403 });

  const { body } = await staff.post("/birth-date", { certificate });
  expect(body).toEqual({ birthDate: "19800217" });
  const statuses = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    statuses.push((await staff.post("/birth-date", { certificate })).status);
  }
  expect(statuses).toContain(429);
});

test("a card that nobody enrolled is not known", async () => {
  await workstation.swapCard(await workstation.newCard("another-person", "stranger"));
  await desk.pressCheckIn();
  expect(await desk.problem()).toMatchObject({ code: "enrolment-mismatch" });
});

test("a stranger's card with a copied certificate is refused", async () => {
  const stranger = await workstation.newCard("another-person", "copied");
  await copyFile(join(workstation.card, "jpki/000A.bin"), join(stranger, "jpki/000A.bin"));
  await workstation.swapCard(stranger);
  await desk.pressCheckIn();
  expect(await desk.problem()).toMatchObject({ code: "birth-date-incorrect" });

  // Nor does it help to be born on the same day: the card surface has another key.
  const sameDay = await workstation.newCard("another-person", "same-day");
  await copyFile(join(workstation.card, "jpki/000A.bin"), join(sameDay, "jpki/000A.bin"));
  await changeMemory(sameDay, (memory) => memory.replace('"070217"', '"550217"'));
  await workstation.swapCard(sameDay);
  await desk.pressCheckIn();
  expect(await desk.problem()).toMatchObject({ code: "enrolment-mismatch" });
  await workstation.swapCard(workstation.card);
});

test("a presence proof is good for its session, origin, nonce and method, and once", async () => {
  const nonce = await staff.newNonce("presence");
  const given = { nonce, birthDate: BIRTH_DATE };
  const proof = await withCardFor(staff, PRESENCE, given);

  const otherDesk = await newDesk();
  expect(await codeOf(otherDesk, "/presence", { nonce, proof })).toBe("nonce-expired");
  const another = await staff.newNonce("presence");
  expect(await codeOf(staff, "/presence", { nonce: another, proof })).toBe("signature-mismatch");
  const pinNonce = await staff.newNonce("pin");
  expect(await codeOf(staff, "/presence", { nonce: pinNonce, proof })).toBe("nonce-expired");
  const signIn = { method: "pin", nonce: pinNonce, token: proof };
  expect(await codeOf(staff, "/sign-in", signIn)).toBe("token-malformed");

  expect(await staff.post("/presence", { nonce, proof })).toMatchObject({ status: 200 });
  expect(await codeOf(staff, "/presence", { nonce, proof })).toBe("nonce-expired");
});

test("what another key than the institution's signed unlocks no card", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const foreign = sign("sha256", Buffer.from("challenge"), privateKey).toString("base64");
  expect(await outcomeAtNewDesk({ foreign })).toEqual({ code: "terminal-refused" });
});

// Last, since the server forgets what it knows.
test("a server without the institution's key cannot have a card sign", async () => {
  const { certificates } = (await staff.get("/terminal")).body;
  await site.startServer([]);
  expect(await outcomeAtNewDesk({ certificates })).toEqual({ code: "terminal-not-signed" });
  await site.startServer(INSTITUTION);
  expect(await outcomeAtNewDesk()).toMatchObject({ format: "web-eid:1.0" });
});

/** A script by which the card signs in as the institution wants it. */
const TERMINAL = `
  const { nonce, foreign } = given;
  const certificates = given.certificates ?? (await (await fetch("/terminal")).json()).certificates;
  const sign = async (word) => {
    const { status, body } = await post("/terminal", { nonce, word });
    if (status !== 200) throw new KazashiError(body.code);
    return foreign ?? body.signature;
  };
  return await card.authenticatePinless({ nonce, terminal: { certificates, sign } });`;

const PRESENCE = "return await card.provePresence(given);";

/** Has a page run a script with the card; its requests to the server are those of this session. */
async function withCardFor(session: SignInSession, script: string, given = {}) {
  const page = await site.openIdlePage();
  await page.exposeFunction("post", (path: string, body: object) => session.post(path, body));
  const outcome = await withCard(page, script, given);
  await page.context().close();
  return outcome;
}

function newGuest(): SignInSession {
  return new SignInSession(site.origin);
}

async function newDesk(): Promise<SignInSession> {
  return await newGuest().openDesk();
}

async function outcomeAtNewDesk(given: { certificates?: string[]; foreign?: string } = {}) {
  const session = await newDesk();
  const nonce = await session.newNonce("terminal");
  return await withCardFor(session, TERMINAL, { ...given, nonce });
}

/** The code of the refusal. */
async function codeOf(session: SignInSession, path: string, body: object): Promise<string> {
  return (await session.post(path, body)).body.code;
}

/** The commands that come to the card, without those that only leave it clean. */
async function commandsOf(work: () => Promise<void>): Promise<string[]> {
  const commands = await workstation.commandsDuring(work);
  return commands.filter((line) => !line.startsWith(`${SELECT_CARD_MANAGER} `));
}

/** A card's challenge, by a program that goes around the bridge. */
async function challengeByOpenSc(): Promise<Buffer> {
  const { data } = await sendByOpenSc(SELECT_JPKI, "0084000020");
  expect(data).toHaveLength(32);
  return data;
}

async function bridgePrivateKey(): Promise<KeyObject> {
  const pem = await readFile(join(workstation.folder, "bridge-key.pem"), "utf8");
  const der = Buffer.from(pem.replace(/-----.*-----/g, ""), "base64");
  // The file holds the public key too (RFC 5958), which Node's OpenSSL does not expect there.
  const header = Buffer.from("302e020100300506032b657004220420", "hex");
  const key = Buffer.concat([header, der.subarray(16, 48)]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** The word of a bridge with this key for a challenge, and for nothing else that the card did. */
function wordOf(key: KeyObject, nonce: string, challenge: Buffer, origin = site.origin): string {
  const sha256 = (text: string) => createHash("sha256").update(text).digest();
  const signed = Buffer.concat([
    Buffer.from("kazashi-stay:1\0"),
    Buffer.from(publicKeyOf(key), "base64"),
    sha256(origin),
    Buffer.alloc(16, 7),
    Buffer.from([0, challenge.length]),
    sha256(nonce),
    challenge,
  ]);
  return Buffer.concat([signed, sign(null, signed, key)]).toString("base64");
}

/** The 32 bytes, in base64. */
function publicKeyOf(key: KeyObject): string {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
}
