import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErrorCode } from "../../js/src/error-codes.ts";
import { startBridge } from "../harness/bridge.ts";
import { InsertedCard, leaveRetries, newCard, removeApplication } from "../harness/card.ts";
import { type Caught, caught, documentedWords } from "../harness/caught.ts";
import { type Impostor, mute, stammer, talkNonsense } from "../harness/impostor.ts";
import { built, inProject, workFolder } from "../harness/paths.ts";
import { startPcscd } from "../harness/pcscd.ts";
import { ScriptedPinentry } from "../harness/pinentry.ts";
import { Portal, permit } from "../harness/portal.ts";
import { Program } from "../harness/program.ts";
import {
  freePort,
  IDLE_PAGE,
  launchChromium,
  SignInPage,
  startServer,
} from "../harness/sign-in.ts";

// Each code is caused, not feigned: by a card, a reader, a bridge, a browser, a page or a server
// that is as the table says. A code without a cause, or a cause without a code, does not compile.

const SCOPES = [
  "events",
  "authenticate",
  "authenticate-pinless",
  "card-presence",
  "card-face",
  "sign",
  "page-pin",
];

const NONCE = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const GET_A_CARD = "const kazashi = await connect(); const card = await kazashi.card();";
const SIGN_IN = `${GET_A_CARD} await card.authenticate({ nonce: "${NONCE}" });`;

const causes: Record<ErrorCode, () => Promise<Caught>> = {
  // The holder
  "pin-incorrect": async () => {
    await startBridgeWith(await newCard(folder));
    pinentry.type("9999");
    return await caught(await openPage(), SIGN_IN);
  },
  "pin-blocked": async () => {
    await startBridgeWith(await newCard(folder, "blocked"));
    return await caught(await openPage(), SIGN_IN);
  },
  "pin-malformed": async () => {
    await startBridgeWith(await newCard(folder));
    return await caught(await openPage(), signInWith("12345"));
  },
  "too-few-retries": async () => {
    await startBridgeWith(await newCard(folder));
    const page = await openPage();
    await caught(page, signInWith("9999"));
    return await caught(page, signInWith("1234"));
  },
  "pin-cancelled": async () => {
    await startBridgeWith(await newCard(folder));
    pinentry.cancel();
    return await caught(await openPage(), SIGN_IN);
  },
  "pin-timeout": async () => {
    await startBridgeWith(await newCard(folder));
    pinentry.timeOut();
    return await caught(await openPage(), SIGN_IN);
  },
  "birth-date-incorrect": async () => {
    await startBridgeWith(await newCard(folder));
    return await caught(await openPage(), provePresence("1980-02-18"));
  },
  "birth-date-blocked": async () => {
    await startBridgeWith(await newCard(folder, "blocked"));
    return await caught(await openPage(), provePresence("1980-02-17"));
  },
  "verification-number-incorrect": async () => {
    await startBridgeWith(await newCard(folder));
    return await caught(await openPage(), readCardFace("2286"));
  },
  "verification-number-blocked": async () => {
    const card = await newCard(folder);
    await leaveRetries(card, "verificationNumberB", 0);
    await startBridgeWith(card);
    return await caught(await openPage(), readCardFace("2285"));
  },
  "verification-number-malformed": async () => {
    await startBridgeWith(await newCard(folder));
    return await caught(await openPage(), readCardFace("228"));
  },
  "no-smartcard": async () => {
    await startPcscdHere();
    await startBridgeHere();
    return await caught(await openPage(), DIAGNOSE);
  },
  "removed-card": async () => {
    const bridge = await startBridgeWith(await newCard(folder));
    return await whileTheDialogIsOpen(() => bridge.type("remove\n"));
  },
  "unresponsive-card": () => signingInWith(mute),

  // The card
  "unsupported-card": async () => {
    const card = await newCard(folder);
    await removeApplication(card, "jpki");
    await startBridgeWith(card);
    return await caught(await openPage(), SIGN_IN);
  },
  "certificate-absent": async () => {
    await startBridgeWith(await newCard(folder, "without-signature-certificate"));
    const sign = "await card.sign({ title: 'T', hash: 'SHA-256', digest: new Uint8Array(32) });";
    return await caught(await openPage(), `${GET_A_CARD} ${sign}`);
  },
  "card-refused": async () => {
    const card = await newCard(folder);
    await rm(join(card, "jpki/000A.bin"));
    await startBridgeWith(card);
    return await caught(await openPage(), SIGN_IN);
  },
  "card-malformed": async () => {
    const card = await newCard(folder);
    await writeFile(join(card, "jpki/000A.bin"), "no certificate");
    await startBridgeWith(card);
    return await caught(await openPage(), SIGN_IN);
  },
  "application-absent": async () => {
    const card = await newCard(folder);
    await removeApplication(card, "card-surface");
    await startBridgeWith(card);
    return await caught(await openPage(), provePresence("1980-02-17"));
  },
  "terminal-unsupported": async () => {
    const card = await newCard(folder);
    await cut(card, /^\[jpki\.public-keys\][^[]*/m);
    await startBridgeWith(card);
    return await signingInAsInstitution();
  },
  "terminal-refused": async () => {
    await startBridgeWith(await newCard(folder, "foreign-root"));
    return await signingInAsInstitution();
  },

  // The reader
  "no-service": async () => {
    await startBridgeHere();
    return await caught(await openPage(), "await connect();");
  },
  "unknown-reader": async () => {
    const pcscd = await startPcscdWith(await newCard(folder));
    await startBridgeHere();
    return await whileTheDialogIsOpen(() => pcscd.stop());
  },
  "no-reader": async () => {
    const config = join(folder, "no-readers.conf");
    await writeFile(config, "");
    await startPcscdHere(config);
    await startBridgeHere();
    return await caught(await openPage(), DIAGNOSE);
  },
  "reader-no-extended-length": async () => {
    await startBridgeWith(await newCard(folder, "short"));
    return await signingInAsInstitution();
  },
  "sharing-violation": async () => {
    await startPcscdWith(await newCard(folder));
    const command = [built("other-program"), "exclusive", "--keep=10000"];
    onTheDesk(Program.start("other-program", command, { folder }));
    await startBridgeHere();
    // Should the other program be late, the next time fails.
    const repeatedly = `for (;;) await card.authenticate({ nonce: "${NONCE}", pin: "1234" });`;
    return await caught(await openPage(), `${GET_A_CARD} ${repeatedly}`);
  },
  "reader-busy": async () => {
    await startBridgeWith(await newCard(folder));
    const [one, other] = [await openPage(), await openPage()];
    await one.evaluate(`(async () => {
      const { connect } = await import("/kazashi/index.js");
      ${GET_A_CARD}
    })()`);
    return await caught(other, ACQUIRE);
  },
  "communication-error": () => signingInWith(stammer),

  // The origin
  "origin-refused": async () => {
    await startBridgeWith(await newCard(folder), { origin: "https://a.example", disclose: true });
    return await caught(await openPage(), "await connect();");
  },
  "not-permitted": async () => {
    await startBridgeWith(await newCard(folder), { scopes: ["events"] });
    return await caught(await openPage(), SIGN_IN);
  },

  // The bridge
  "bridge-unreachable": async () => await caught(await openPage(), "await connect();"),
  disconnected: async () => {
    const bridge = await startBridgeWith(await newCard(folder));
    return await whileTheDialogIsOpen(() => bridge.stop());
  },
  "version-mismatch": async () => {
    onTheDesk(await talkNonsense());
    return await caught(await openPage(), "await connect();");
  },
  "pin-entry-unavailable": async () => {
    await startBridgeWith(await newCard(folder), { pinentry: join(folder, "no-pinentry") });
    return await caught(await openPage(), SIGN_IN);
  },
  "disclosure-not-recorded": async () => {
    await startBridgeWith(await newCard(folder));
    // As good as a full disk.
    const log = join(folder, "disclosure.log");
    rmSync(log);
    mkdirSync(log);
    return await caught(await openPage(), SIGN_IN);
  },

  // The browser
  "lna-prompt": async () => await caught(await openPortal("prompt"), "await connect();"),
  "lna-denied": async () => await caught(await openPortal("denied"), "await connect();"),
  "unsupported-browser": async () => {
    // Who hardens a browser by taking away its compiler takes away WebAssembly too.
    const hardened = await launchChromium(["--js-flags=--jitless"]);
    onTheDesk({ stop: () => hardened.close() });
    return await caught(await openPage(hardened), "await connect();");
  },

  // The caller
  "csp-blocked": async () => {
    const csp = "connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    return await caught(await openPortal("granted", csp), "await connect();");
  },
  "lease-lost": async () => {
    await startBridgeWith(await newCard(folder));
    const script = `${GET_A_CARD} await card.release(); await card.pinStatus();`;
    return await caught(await openPage(), script);
  },
  "invalid-request": async () => {
    await startBridgeWith(await newCard(folder));
    return await caught(await openPage(), `${GET_A_CARD} await card.authenticate({ nonce: "1" });`);
  },
  "birth-date-malformed": async () => {
    await startBridgeWith(await newCard(folder));
    return await caught(await openPage(), provePresence("1980-02-30"));
  },
  "presence-proof-malformed": async () => {
    const script = `
      const { nonce } = await post("/nonce", { method: "presence" });
      await post("/presence", { nonce, proof: {} });`;
    return await caught(await openPage(), POST + script);
  },
  timeout: async () => await waitInVain("AbortSignal.timeout(100)"),
  aborted: async () => await waitInVain("AbortSignal.abort()"),
  "module-unavailable": async () =>
    await caught(await openPortal("granted", "script-src 'self'"), "await connect();"),

  // The server, and what it finds in a certificate and a token
  "authority-expired": () => verifying({ authorities: [briefAuthority], now: inDays(2) }),
  "authority-malformed": () => verifying({ authorities: [Buffer.from("no certificate")] }),
  "authority-missing": () => verifying({ authorities: [] }),
  "authority-not-pinned": async () =>
    verifying({ cardAuthority: await certificate("user-authentication-ca") }),
  "authority-not-yet-valid": () => verifying({ authorities: [briefAuthority], now: inDays(-1) }),
  "authority-unsuitable": async () =>
    verifying({ authorities: [await certificate("user-authentication")] }),
  "certificate-expired": () => verifyingCertificate("expired"),
  "certificate-issuer-unexpected": () => verifyingCertificate("issued-by-foreign-ca"),
  "certificate-key-usage-unexpected": () => verifyingCertificate("wrong-key-usage"),
  "certificate-kind-unexpected": () => verifyingCertificate("digital-signature"),
  "certificate-malformed": () => verifying({ token: { unverifiedCertificate: "MAMCAQE=" } }),
  "certificate-not-for-client-authentication": () => verifyingCertificate("without-client-auth"),
  "certificate-not-yet-valid": () => verifyingCertificate("not-yet-valid"),
  "certificate-of-test-hierarchy": () => verifying({ acceptTestHierarchy: false }),
  "certificate-policy-unexpected": () => verifyingCertificate("wrong-policy"),
  "certificate-profile-unexpected": () => verifyingCertificate("unknown-critical-extension"),
  "certificate-revoked": () => verifying({ revocation: "revoked" }),
  "certificate-signature-mismatch": () => verifyingCertificate("damaged"),
  "certificate-untrusted": () => verifyingCertificate("issued-by-same-name-foreign-ca"),
  "cv-certificate-malformed": () => enrolling("0004", "README.md"),
  "cv-certificate-untrusted": () => enrolling("0004", "foreign-card-surface.cv"),
  "card-record-forged": () => enrolling("0001", "forged-age-record.bin"),
  "enrolment-mismatch": async () => {
    await startBridgeWith(await newCard(folder));
    const script = `${GET_A_CARD}
      const { nonce } = await post("/nonce", { method: "presence" });
      const proof = await card.provePresence({ nonce, birthDate: "1980-02-17" });
      await post("/presence", { nonce, proof });`;
    return await caught(await openPage(), POST + script);
  },
  "method-unsupported": () => verifying({ expected: { method: "presence" } }),
  "nonce-expired": async () => {
    const script = `
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ method: "pin", nonce: "", token: {} });
      const response = await fetch("/sign-in", { method: "POST", headers, body });
      throw new KazashiError((await response.json()).code);`;
    return await caught(verifier, script);
  },
  "nonce-malformed": () => verifying({ expected: { nonce: "1" } }),
  "origin-malformed": () => verifying({ expected: { origin: "https://portal.example/" } }),
  "pairwise-key-too-short": () => verifying({ pairwiseKey: Buffer.alloc(31) }),
  "terminal-not-signed": async () => {
    await startBridgeWith(await newCard(folder));
    return await signingInAsInstitution();
  },
  "signature-mismatch": () => verifying({ expected: { origin: "https://elsewhere.example" } }),
  "token-algorithm-unsupported": () => verifying({ token: { algorithm: "none" } }),
  "token-format-unsupported": () => verifying({ token: { format: "web-eid:2.0" } }),
  "token-malformed": () => verifying({ token: { signature: 1 } }),
  "token-size": () => verifying({ token: { padding: "x".repeat(10_000) } }),
};

/** Where an error speaks of tries, so many are left. */
const retries: Partial<Record<ErrorCode, number>> = {
  "pin-incorrect": 2,
  "pin-blocked": 0,
  "too-few-retries": 2,
  "birth-date-incorrect": 9,
  "birth-date-blocked": 0,
  "verification-number-incorrect": 9,
  "verification-number-blocked": 0,
};

/** What a page that has no use for a code as such learns by asking. */
const DIAGNOSE = "throw new KazashiError((await diagnose()).code);";

/** How a page asks this server, which is no institution's. */
const POST = `
  const post = async (path, body) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new KazashiError(answer.code);
    return answer;
  };`;

/** Takes a lease at once: `kazashi.card()` waits until it can be had. */
const ACQUIRE = `
  const { BridgeHost } = await import("/kazashi/bridge-host.js");
  const { readers: [{ id }] } = await connect();
  const { signal } = new AbortController();
  await (await BridgeHost.open("ws://127.0.0.1:27390", signal, signal)).acquire(id);`;

let words: Map<string, { ja: string; en: string }>;
let portal: Portal;
let browser: Browser;
let origin: string;
let server: Program;
/** Where tokens are verified, which leaves nothing behind. */
let verifier: Page;
/** A CA certificate that is valid from now on for a day. */
let briefAuthority: Buffer;

/** Of the case that runs: its folder, the person at the dialog, and what else is on the desk. */
let folder: string;
let pinentry: ScriptedPinentry;
let desk: { stop(): Promise<unknown> }[];

beforeAll(async () => {
  const work = workFolder("every-code");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  words = await documentedWords();
  briefAuthority = await certifyAuthorityForADay(join(work, "brief-ca.der"));
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  server = await startServer(work, port);
  portal = await Portal.start(work);
  browser = await launchChromium(portal.chromiumArguments);
  verifier = (await SignInPage.open(browser, origin, join(work, "browser.log"))).page;
});

beforeEach(({ task }) => {
  folder = join(workFolder("every-code"), task.name);
  mkdirSync(folder);
  pinentry = new ScriptedPinentry(folder);
  desk = [];
});

afterEach(async () => {
  for (const thing of desk.reverse()) await thing.stop();
});

afterAll(async () => {
  await browser?.close();
  portal?.stop();
  await server?.stop();
});

test.each(Object.keys(causes) as ErrorCode[])("%s", async (code) => {
  const error = await causes[code]();
  const retriesLeft = retries[code];
  const { ja, en } = words.get(code) ?? { ja: "", en: "" };
  const fill = (sentence: string) => sentence.replace("{retriesLeft}", String(retriesLeft));
  expect(error).toEqual({ code, retriesLeft, ja: fill(ja), en: fill(en) });
});

test("every code is documented, and no other", () => {
  expect([...words.keys()].sort()).toEqual(Object.keys(causes).sort());
});

function onTheDesk<T extends { stop(): Promise<unknown> }>(thing: T): T {
  desk.push(thing);
  return thing;
}

/** A bridge for the sign-in page, which uses the readers of pcscd unless it has a card itself. */
async function startBridgeHere(options: object = {}): Promise<Program> {
  return onTheDesk(
    await startBridge({
      folder,
      origin,
      scopes: SCOPES,
      pinentry: pinentry.program,
      env: pinentry.env,
      ...options,
    }),
  );
}

function startBridgeWith(virtualCard: string, options: object = {}): Promise<Program> {
  return startBridgeHere({ virtualCard, ...options });
}

async function startPcscdHere(config?: string): Promise<Program> {
  return onTheDesk(await startPcscd({ folder }, config));
}

/** What becomes of a sign-in with something on the reader that only looks like a card. */
async function signingInWith(putOnReader: () => Promise<Impostor>): Promise<Caught> {
  const pcscd = await startPcscdHere();
  onTheDesk(await putOnReader());
  await pcscd.says("Card inserted");
  await startBridgeHere();
  return await caught(await openPage(), SIGN_IN);
}

async function startPcscdWith(card: string): Promise<Program> {
  const pcscd = await startPcscdHere();
  const inserted = await InsertedCard.insert(card, { folder });
  onTheDesk(inserted.program);
  await pcscd.says("Card inserted");
  return pcscd;
}

async function openPage(by = browser): Promise<Page> {
  const log = join(folder, "browser.log");
  const { page } = await SignInPage.open(by, new URL(IDLE_PAGE, origin).href, log);
  onTheDesk({ stop: () => page.context().close() });
  return page;
}

/** A page from the internet, for which there is a bridge with a card. */
async function openPortal(permission: "granted" | "denied" | "prompt", csp = ""): Promise<Page> {
  await startBridgeWith(await newCard(folder), { origin: portal.origin });
  const page = await portal.open(browser, `/?csp=${encodeURIComponent(csp)}`);
  onTheDesk({ stop: () => page.context().close() });
  await permit(page, permission);
  return page;
}

/** A script in which the page itself supplies the PIN. */
function signInWith(pin: string): string {
  return `${GET_A_CARD}
    try {
      await card.authenticate({ nonce: "${NONCE}", pin: "${pin}" });
    } finally {
      await card.release();
    }`;
}

/** A script that shows the card a birth date. */
function provePresence(birthDate: string): string {
  return `${GET_A_CARD} await card.provePresence({ nonce: "${NONCE}", birthDate: "${birthDate}" });`;
}

/** A script that reads the face of a card with this security code. */
function readCardFace(securityCode: string): string {
  const number = `birthDate: "1980-02-17", expiryYear: "2035", securityCode: "${securityCode}"`;
  return `${GET_A_CARD} await card.readCardFace({ nonce: "${NONCE}", ${number} });`;
}

/** Signs in as the institution that normal cards trust, though the server does not have its key. */
async function signingInAsInstitution(): Promise<Caught> {
  const certificates = ["terminal-intermediate.cv", "terminal.cv"].map(async (name) =>
    (await readFile(inProject(`vectors/cv-certificates/${name}`))).toString("base64"),
  );
  const script = `${POST}${GET_A_CARD}
    const { nonce } = await post("/nonce", { method: "terminal" });
    const sign = async (request) => (await post("/terminal", { nonce, request })).signature;
    const { certificates } = given;
    await card.authenticatePinless({ nonce, terminal: { certificates, sign } });`;
  return await caught(await openPage(), script, { certificates: await Promise.all(certificates) });
}

/** Enrols a card whose card surface has something else in this file. */
async function enrolling(file: string, content: string): Promise<Caught> {
  const card = await newCard(folder);
  const other = inProject(`vectors/cv-certificates/${content}`);
  await copyFile(other, join(card, `card-surface/${file}.bin`));
  await startBridgeWith(card);
  const script = `${POST}${GET_A_CARD}
    const newNonce = async (method) => (await post("/nonce", { method })).nonce;
    const nonces = { pin: await newNonce("pin"), presence: await newNonce("presence") };
    const enrolled = await card.enrol({ nonces, birthDate: "1980-02-17", pin: "1234" });
    await post("/enrol", { nonces, ...enrolled });`;
  return await caught(await openPage(), script);
}

/** Cuts something out of what a card is made by. */
async function cut(card: string, what: RegExp): Promise<void> {
  const file = join(card, "card.toml");
  await writeFile(file, (await readFile(file, "utf8")).replace(what, ""));
}

/** Signs in, and has something happen while the bridge asks for the PIN. */
async function whileTheDialogIsOpen(happens: () => unknown): Promise<Caught> {
  const [error] = await Promise.all([
    caught(await openPage(), SIGN_IN),
    pinentry.asked(1).then(happens),
  ]);
  return error;
}

/** Waits for a card on a reader that is not there. */
async function waitInVain(signal: string): Promise<Caught> {
  await startBridgeWith(await newCard(folder));
  const wait = `await kazashi.card({ reader: "none", signal: ${signal} });`;
  return await caught(await openPage(), `const kazashi = await connect(); ${wait}`);
}

/** What differs from a good token and what it is held to. */
interface Verification {
  token?: object;
  expected?: object;
  now?: number;
  authorities?: Buffer[];
  cardAuthority?: Buffer;
  acceptTestHierarchy?: boolean;
  pairwiseKey?: Buffer;
  revocation?: string;
}

/** Verifies as a server does, with the same module, but in the page. */
async function verifying(differing: Verification): Promise<Caught> {
  const { token, ...expected } = JSON.parse(
    await readFile(inProject("vectors/verify/pin.json"), "utf8"),
  );
  const base64 = (bytes: Buffer | undefined) => bytes?.toString("base64");
  const authorities = differing.authorities ?? [await certificate("user-authentication-ca")];
  const given = {
    token: { ...token, ...differing.token },
    expected: { ...expected, ...differing.expected },
    now: differing.now ?? Date.UTC(2026, 0),
    authorities: authorities.map(base64),
    cardAuthority: base64(differing.cardAuthority),
    acceptTestHierarchy: differing.acceptTestHierarchy ?? true,
    pairwiseKey: base64(differing.pairwiseKey ?? Buffer.alloc(32, 7)),
    status: differing.revocation ?? "good",
  };
  const script = `
    const { verify } = await import("/kazashi/verify.js");
    const bytes = (base64) => base64 && Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
    await verify(given.token, { ...given.expected, now: new Date(given.now) }, {
      authorities: given.authorities.map(bytes),
      cardAuthority: bytes(given.cardAuthority),
      acceptTestHierarchy: given.acceptTestHierarchy,
      pairwiseKey: bytes(given.pairwiseKey),
      revocation: () => ({ status: given.status }),
    });`;
  return await caught(verifier, script, given);
}

/** Verifies a token that has another certificate than the card signed with. */
async function verifyingCertificate(name: string): Promise<Caught> {
  const unverifiedCertificate = (await certificate(name)).toString("base64");
  return await verifying({ token: { unverifiedCertificate } });
}

function certificate(name: string): Promise<Buffer> {
  return readFile(inProject(`vectors/certificates/${name}.der`));
}

/** Certifies the authority's key once more, as it was, but for a day. */
async function certifyAuthorityForADay(file: string): Promise<Buffer> {
  const before = inProject("vectors/certificates/user-authentication-ca.der");
  const key = inProject("vectors/keys/user-authentication-ca.pem");
  const args = ["x509", "-inform", "DER", "-in", before, "-signkey", key, "-days", "1"];
  await promisify(execFile)("openssl", [...args, "-outform", "DER", "-out", file]);
  return await readFile(file);
}

function inDays(days: number): number {
  return Date.now() + days * 24 * 60 * 60 * 1000;
}
