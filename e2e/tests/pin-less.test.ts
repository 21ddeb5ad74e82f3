import { execFile } from "node:child_process";
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newCard } from "../harness/card.ts";
import { TERMINAL, withCard } from "../harness/pin-less.ts";
import { Session } from "../harness/session.ts";
import {
  CERTIFICATES,
  DESK_PASSWORD,
  freePort,
  INSTITUTION,
  type SignInPage,
  startServer,
  terminalKey,
} from "../harness/sign-in.ts";
import { Stack } from "../harness/stack.ts";

// Terminal authentication (特定機関認証) and card presence (かざし利用), from the page over the bridge
// and pcscd to the card, and those who try either without being entitled to.

const SCOPES = ["events", "authenticate", "authenticate-pinless", "card-presence", "page-pin"];
const BIRTH_DATE = "1980-02-17";
const SUBJECT = /^[\w-]{43}$/;
const NOT_SIGNED = { status: 403, body: { code: "terminal-not-signed" } };

let stack: Stack;
/** The page of a desk that is open. */
let desk: SignInPage;
/** A session of the desk without a page. */
let staff: Session;
let subject: string;

beforeAll(async () => {
  const options = { name: "pin-less", cardIn: "pcscd", scopes: SCOPES } as const;
  stack = await Stack.start({ ...options, server: INSTITUTION });
  desk = await stack.openPage("stack");
  await desk.openDesk();
  staff = await openSession({ desk: true });
});

afterAll(() => stack?.stop());

// Terminal authentication

test("a wrong password opens no desk", async () => {
  const { page } = await stack.openPage();
  await page.fill("#password", "wrong");
  await page.click("#open-desk button");
  await page.waitForSelector("#problem:visible");
  expect(await page.textContent("#problem")).toContain("password is wrong");
  expect(await page.isVisible("#without-pin")).toBe(false);
});

test("at a desk, the institution signs a visitor in without a PIN, and no try is spent", async () => {
  await desk.pressSignIn("9999");
  expect(await desk.problem()).toMatchObject({ code: "pin-incorrect" });
  const before = await readFile(join(stack.card, "card.toml"), "utf8");
  expect(before).toContain("retries-left = 2");

  const commands = await commandsOf(async () => {
    await desk.pressWithoutPin();
    subject = await desk.subject();
  });
  console.log(`terminal authentication: ${commands.length} commands`, commands);
  expect(commands).toHaveLength(10);
  expect(subject).toMatch(SUBJECT);
  expect(await desk.page.textContent("#method")).toContain("the card accepted this institution");
  expect(await readFile(join(stack.card, "card.toml"), "utf8")).toBe(before);
  const status = "return await card.pinStatus();";
  expect(await withCard(stack, staff, status)).toMatchObject({
    userAuthentication: { retriesLeft: 2 },
    digitalSignature: { retriesLeft: 5 },
  });
  await desk.next();
});

test("with the PIN it is the same person", async () => {
  const page = await stack.openPage();
  stack.pinentry.type("1234");
  await page.pressSignIn();
  expect(await page.subject()).toBe(subject);
});

test("a card that trusts another root refuses the institution", async () => {
  await stack.swapCard(await newCard(join(stack.folder, "foreign"), "foreign-root"));
  await desk.pressWithoutPin();
  expect(await desk.problem()).toMatchObject({ code: "terminal-refused" });
  await stack.swapCard(stack.card);
});

test("a card without PINs signs in by itself at a desk, once the staff has looked", async () => {
  await stack.swapCard(await newCard(join(stack.folder, "without-pins"), "without-pins"));
  desk.page.once("dialog", (dialog) => dialog.accept());
  await desk.pressSignIn();
  expect(await desk.subject()).toBe(subject);
  await desk.next();

  desk.page.once("dialog", (dialog) => dialog.dismiss());
  await desk.pressSignIn();
  expect(await desk.problem()).toMatchObject({ code: "aborted" });
  await stack.swapCard(stack.card);
});

test("whoever is no desk gets no signature, though the bridge vouches for the card", async () => {
  const guest = await openSession();
  const nonce = await guest.newNonce("terminal");
  const outcome = await withCard(stack, guest, TERMINAL, { nonce });
  expect(outcome).toEqual({ code: "terminal-not-signed" });
});

test("a thief with the card and a program of his own gets no signature", async () => {
  const challenge = await challengeByOpenSc();
  const nonce = await staff.newNonce("terminal");
  const thief = generateKeyPairSync("ed25519").privateKey;
  const request = requestFor(thief, nonce, challenge);
  expect(await staff.post("/terminal", { nonce, request })).toEqual(NOT_SIGNED);

  // What the bridge on this workstation would say, of another nonce, origin or challenge.
  const bridge = await bridgePrivateKey();
  const other = Buffer.alloc(32);
  for (const request of [
    requestFor(bridge, await staff.newNonce("terminal"), challenge),
    requestFor(bridge, nonce, challenge, "https://elsewhere.example"),
    { ...requestFor(bridge, nonce, challenge), challenge: other.toString("base64") },
  ]) {
    expect(await staff.post("/terminal", { nonce, request })).toEqual(NOT_SIGNED);
  }

  // It would sign what is right in all of that, but once, and for nobody else than the desk.
  const right = { nonce, request: requestFor(bridge, nonce, challenge) };
  const guest = await openSession();
  await guest.newNonce("pin");
  expect(await guest.post("/terminal", right)).toEqual(NOT_SIGNED);
  expect(await staff.post("/terminal", right)).toMatchObject({ status: 200 });
  expect(await staff.post("/terminal", right)).toEqual(NOT_SIGNED);
});

test("a token is good for its session, nonce and method, and once", async () => {
  const nonce = await staff.newNonce("terminal");
  const token = await withCard(stack, staff, TERMINAL, { nonce });
  const signIn = { method: "terminal", nonce, token };

  const otherDesk = await openSession({ desk: true });
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
  const token = await withCard(stack, staff, script);
  const signIn = { method: "pin", nonce: another, token };
  expect(await codeOf(staff, "/sign-in", signIn)).toBe("signature-mismatch");
});

test("a site that passes on the nonce of another gets nothing that the other takes", async () => {
  const port = await freePort();
  const elsewhere = join(stack.folder, "elsewhere");
  const key = `--bridge=desk=${publicKeyOf(await bridgePrivateKey())}`;
  const other = await startServer(elsewhere, port, [...INSTITUTION, key]);
  try {
    const victim = new Session(`http://127.0.0.1:${port}`);
    await victim.post("/desk", { password: DESK_PASSWORD });

    const nonce = await victim.newNonce("terminal");
    const outcome = await withCard(stack, victim, TERMINAL, { nonce });
    expect(outcome).toEqual({ code: "terminal-not-signed" });

    const pinNonce = await victim.newNonce("pin");
    const script = `return await card.authenticate({ nonce: "${pinNonce}", pin: "1234" });`;
    const token = await withCard(stack, victim, script);
    const signIn = { method: "pin", nonce: pinNonce, token };
    expect(await codeOf(victim, "/sign-in", signIn)).toBe("signature-mismatch");
  } finally {
    await other.stop();
  }
});

// Card presence

test("a card is enrolled with its PIN, and known again without", async () => {
  const page = await stack.openPage();
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
    const proof = await withCard(stack, staff, PRESENCE, { nonce, birthDate: BIRTH_DATE });
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
  const page = await stack.openPage();
  await page.enrol("1980-02-18", "1234");
  const { code, text } = await page.problem();
  expect(code).toBe("birth-date-incorrect");
  expect(text).toContain("9");
});

test("nobody but a desk is told a birth date, and a desk not without end", async () => {
  const file = await readFile(join(stack.card, "jpki/000A.bin"));
  const certificate = file.subarray(0, 256).toString("base64");
  const guest = await openSession();
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
  await stack.swapCard(await newCard(join(stack.folder, "stranger"), "another-person"));
  await desk.pressCheckIn();
  expect(await desk.problem()).toMatchObject({ code: "enrolment-mismatch" });
});

test("a stranger's card with a copied certificate is refused", async () => {
  const stranger = await newCard(join(stack.folder, "copied"), "another-person");
  await copyFile(join(stack.card, "jpki/000A.bin"), join(stranger, "jpki/000A.bin"));
  await stack.swapCard(stranger);
  await desk.pressCheckIn();
  expect(await desk.problem()).toMatchObject({ code: "birth-date-incorrect" });

  // Nor does it help to be born on the same day: the card surface has another key.
  const toml = await readFile(join(stranger, "card.toml"), "utf8");
  const sameDay = await newCard(join(stack.folder, "same-day"), "another-person");
  await copyFile(join(stack.card, "jpki/000A.bin"), join(sameDay, "jpki/000A.bin"));
  await writeFile(join(sameDay, "card.toml"), toml.replace('"070217"', '"550217"'));
  await stack.swapCard(sameDay);
  await desk.pressCheckIn();
  expect(await desk.problem()).toMatchObject({ code: "enrolment-mismatch" });
  await stack.swapCard(stack.card);
});

test("a presence proof is good for its session, origin, nonce and method, and once", async () => {
  const nonce = await staff.newNonce("presence");
  const given = { nonce, birthDate: BIRTH_DATE };
  const proof = await withCard(stack, staff, PRESENCE, given);

  const otherDesk = await openSession({ desk: true });
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

// Last, since the server forgets what it knows.
test("a server without the institution's key cannot have a card sign", async () => {
  await stack.startServer(CERTIFICATES);
  expect(await outcomeAtNewDesk()).toEqual({ code: "terminal-not-signed" });
  await stack.startServer([...CERTIFICATES, terminalKey("foreign-ca")]);
  expect(await outcomeAtNewDesk()).toEqual({ code: "terminal-refused" });
  await stack.startServer(INSTITUTION);
  expect(await outcomeAtNewDesk()).toMatchObject({ format: "web-eid:1.0" });
});

const PRESENCE = "return await card.provePresence(given);";

async function openSession(options: { desk?: boolean } = {}): Promise<Session> {
  const session = new Session(stack.origin);
  if (options.desk) await session.post("/desk", { password: DESK_PASSWORD });
  return session;
}

async function outcomeAtNewDesk() {
  const session = await openSession({ desk: true });
  const nonce = await session.newNonce("terminal");
  return await withCard(stack, session, TERMINAL, { nonce });
}

/** The code of the refusal. */
async function codeOf(session: Session, path: string, body: object): Promise<string> {
  return (await session.post(path, body)).body.code;
}

/** The headers of the commands that come to the card, without those that only leave it clean. */
async function commandsOf(work: () => Promise<void>): Promise<string[]> {
  const output = () => stack.insertedCard?.program.output ?? "";
  const since = output().length;
  await work();
  const lines = output().slice(since).trim().split("\n");
  const selectCardManager = "00 A4 04 0C Nc=7 ";
  return lines.filter((line) => !line.startsWith(selectCardManager));
}

/** A card's challenge, by a program that goes around the bridge. */
async function challengeByOpenSc(): Promise<Buffer> {
  const apdus = ["00A4040C0AD392F000260100000001", "0084000020"];
  const send = apdus.flatMap((apdu) => ["--send-apdu", apdu]);
  const { stdout } = await promisify(execFile)("opensc-tool", send);
  const lines = stdout.slice(stdout.lastIndexOf("Received")).split("\n").slice(1);
  const hex = lines.map((line) => /^(?:[0-9A-F]{2} )+/.exec(line)?.[0] ?? "").join("");
  const challenge = Buffer.from(hex.replaceAll(" ", ""), "hex");
  expect(challenge).toHaveLength(32);
  return challenge;
}

async function bridgePrivateKey(): Promise<KeyObject> {
  const pem = await readFile(join(stack.folder, "bridge-key.pem"), "utf8");
  const der = Buffer.from(pem.replace(/-----.*-----/g, ""), "base64");
  // The file holds the public key too (RFC 5958), which Node's OpenSSL does not expect there.
  const header = Buffer.from("302e020100300506032b657004220420", "hex");
  const key = Buffer.concat([header, der.subarray(16, 48)]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** What a bridge with this key sends to the institution's server. */
function requestFor(key: KeyObject, nonce: string, challenge: Buffer, origin = stack.origin) {
  const sha256 = (text: string) => createHash("sha256").update(text).digest();
  const label = Buffer.from("kazashi-terminal-request:1\0");
  const signed = Buffer.concat([label, sha256(origin), sha256(nonce), challenge]);
  return {
    challenge: challenge.toString("base64"),
    bridge: publicKeyOf(key),
    signature: sign(null, signed, key).toString("base64"),
  };
}

/** The 32 bytes, in base64. */
function publicKeyOf(key: KeyObject): string {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
}
