import { mkdirSync, rmSync } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Permission } from "../chromium.ts";
import { talkNonsense } from "../hostile/false-bridge.ts";
import type { ErrorCode } from "../package.ts";
import { inProject, ownFolder } from "../paths.ts";
import { BRIDGE_PORT, freePort } from "../ports.ts";
import { type Program, run } from "../program.ts";
import { PublicSite } from "../public-site.ts";
import { type Stoppable, setUp } from "../set-up.ts";
import { IDLE_PAGE, startSignInServer } from "../sign-in/site/server.ts";
import type { BridgeOptions } from "../workstation/bridge.ts";
import { leaveRetries, removeApplication, removeInstitutions } from "../workstation/card.ts";
import { mute, stammer } from "../workstation/odd-cards.ts";
import { CARD_NOTICED } from "../workstation/pcscd.ts";
import type { System } from "../workstation/system.ts";
import { Workstation } from "../workstation/workstation.ts";
import { type Caught, caught, documentedWords } from "./caught.ts";

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
    await startBridge();
    workstation.dialog.type("9999");
    return await caught(await openPage(), SIGN_IN);
  },
  "pin-blocked": async () => {
    await startBridge({ virtualCard: await workstation.newCard("blocked") });
    return await caught(await openPage(), SIGN_IN);
  },
  "pin-malformed": async () => {
    await startBridge();
    return await caught(await openPage(), signInWith("12345"));
  },
  "too-few-retries": async () => {
    await startBridge();
    const page = await openPage();
    await caught(page, signInWith("9999"));
    return await caught(page, signInWith("1234"));
  },
  "pin-cancelled": async () => {
    await startBridge();
    workstation.dialog.cancel();
    return await caught(await openPage(), SIGN_IN);
  },
  "pin-timeout": async () => {
    await startBridge();
    workstation.dialog.timeOut();
    return await caught(await openPage(), SIGN_IN);
  },
  "birth-date-incorrect": async () => {
    await startBridge();
    return await caught(await openPage(), provePresence("1980-02-18"));
  },
  "birth-date-blocked": async () => {
    await startBridge({ virtualCard: await workstation.newCard("blocked") });
    return await caught(await openPage(), provePresence("1980-02-17"));
  },
  "verification-number-incorrect": async () => {
    await startBridge();
    return await caught(await openPage(), readCardFace("2286"));
  },
  "verification-number-blocked": async () => {
    await leaveRetries(workstation.card, "verificationNumberB", 0);
    await startBridge();
    return await caught(await openPage(), readCardFace("2285"));
  },
  "verification-number-malformed": async () => {
    await startBridge();
    return await caught(await openPage(), readCardFace("228"));
  },
  "no-smartcard": async () => {
    await workstation.startPcscd();
    await startBridgeAtReader();
    return await caught(await openPage(), DIAGNOSE);
  },
  "removed-card": async () => {
    await startBridge();
    return await whileTheDialogIsOpen(() => workstation.bridge.type("remove\n"));
  },
  "unresponsive-card": () => signingInWith(mute),

  // The card
  "unsupported-card": async () => {
    await removeApplication(workstation.card, "jpki");
    await startBridge();
    return await caught(await openPage(), SIGN_IN);
  },
  "certificate-absent": async () => {
    await startBridge({ virtualCard: await workstation.newCard("without-signature-certificate") });
    const sign = "await card.sign({ title: 'T', hash: 'SHA-256', digest: new Uint8Array(32) });";
    return await caught(await openPage(), `${GET_A_CARD} ${sign}`);
  },
  "card-refused": async () => {
    await rm(join(workstation.card, "jpki/000A.bin"));
    await startBridge();
    return await caught(await openPage(), SIGN_IN);
  },
  "card-malformed": async () => {
    await writeFile(join(workstation.card, "jpki/000A.bin"), "no certificate");
    await startBridge();
    return await caught(await openPage(), SIGN_IN);
  },
  "application-absent": async () => {
    await removeApplication(workstation.card, "card-surface");
    await startBridge();
    return await caught(await openPage(), provePresence("1980-02-17"));
  },
  "terminal-unsupported": async () => {
    await removeInstitutions(workstation.card);
    await startBridge();
    return await signingInAsInstitution();
  },
  "terminal-refused": async () => {
    await startBridge({ virtualCard: await workstation.newCard("foreign-root") });
    return await signingInAsInstitution();
  },

  // The reader
  "no-service": async () => {
    await startBridgeAtReader();
    return await caught(await openPage(), "await connect();");
  },
  "reader-access-denied": async () => {
    // Whom polkit does not let in, pcscd hangs up on.
    const service = join(workstation.folder, "pcscd.comm");
    const door = createServer((visitor) => visitor.destroy()).listen(service);
    onTestFinished(() => void door.close());
    await workstation.startBridge({ origin, scopes: SCOPES, service });
    return await caught(await openPage(), "await connect();");
  },
  "unknown-reader": async () => {
    await workstation.startReader();
    await startBridgeAtReader();
    return await whileTheDialogIsOpen(() => workstation.pcscd.stop());
  },
  "no-reader": async () => {
    await workstation.startPcscd("none");
    await startBridgeAtReader();
    return await caught(await openPage(), DIAGNOSE);
  },
  "reader-no-extended-length": async () => {
    await startBridge({ virtualCard: await workstation.newCard("short") });
    return await signingInAsInstitution();
  },
  "sharing-violation": async () => {
    await workstation.startReader();
    workstation.startOtherProgram("exclusive", "--keep=10000");
    await startBridgeAtReader();
    // Should the other program be late, the next time fails.
    const repeatedly = `for (;;) await card.authenticate({ nonce: "${NONCE}", pin: "1234" });`;
    return await caught(await openPage(), `${GET_A_CARD} ${repeatedly}`);
  },
  "reader-busy": async () => {
    await startBridge();
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
    await startBridge({ origin: "https://a.example", disclose: true });
    return await caught(await openPage(), "await connect();");
  },
  "too-many-connections": async () => {
    await startBridge();
    return await caught(await openPage(), "for (;;) await connect();");
  },
  "not-permitted": async () => {
    await startBridge({ scopes: ["events"] });
    return await caught(await openPage(), SIGN_IN);
  },

  // The bridge
  "bridge-unreachable": async () => await caught(await openPage(), "await connect();"),
  disconnected: async () => {
    await startBridge();
    return await whileTheDialogIsOpen(() => workstation.bridge.stop());
  },
  "version-mismatch": async () => {
    const nonsense = await talkNonsense();
    onTestFinished(() => nonsense.stop());
    return await caught(await openPage(), "await connect();");
  },
  "pin-entry-unavailable": async () => {
    await startBridge({ pinentry: join(workstation.folder, "no-pinentry") });
    return await caught(await openPage(), SIGN_IN);
  },
  "disclosure-not-recorded": async () => {
    await startBridge();
    // As good as a full disk.
    const log = join(workstation.folder, "disclosure.log");
    rmSync(log);
    mkdirSync(log);
    return await caught(await openPage(), SIGN_IN);
  },

  // The browser
  "lna-prompt": async () => await caught(await openPublicSite("prompt"), "await connect();"),
  "lna-denied": async () => await caught(await openPublicSite("denied"), "await connect();"),
  "unsupported-browser": async () => {
    // Who hardens a browser by taking away its compiler takes away WebAssembly too.
    await workstation.startBrowser(["--js-flags=--jitless"]);
    return await caught(await openPage(), "await connect();");
  },

  // The caller
  "csp-blocked": async () => {
    const csp = "connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    return await caught(await openPublicSite("granted", csp), "await connect();");
  },
  "permissions-policy-blocked": async () => {
    await startBridge({ origin: site.origin });
    const address = site.page("loopback-network=()", "Permissions-Policy");
    return await caught(await workstation.openPage(address), "await connect();");
  },
  "lease-lost": async () => {
    await startBridge();
    const script = `${GET_A_CARD} await card.release(); await card.pinStatus();`;
    return await caught(await openPage(), script);
  },
  "invalid-request": async () => {
    await startBridge();
    return await caught(await openPage(), `${GET_A_CARD} await card.authenticate({ nonce: "1" });`);
  },
  "too-many-statements": async () => {
    await startBridge();
    const prove = `await card.provePresence({ nonce: "${NONCE}", birthDate: "1980-02-17" });`;
    const script = `${GET_A_CARD} for (let i = 0; i < 17; i++) ${prove} await card.vouch();`;
    return await caught(await openPage(), script);
  },
  "birth-date-malformed": async () => {
    await startBridge();
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
    await caught(await openPublicSite("granted", "script-src 'self'"), "await connect();"),

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
    await startBridge();
    const script = `${GET_A_CARD}
      const { nonce } = await post("/nonce", { method: "presence" });
      const proof = await card.provePresence({ nonce, birthDate: "1980-02-17" });
      await post("/presence", { nonce, proof });`;
    return await caught(await openPage(), POST + script);
  },
  "bridge-not-enrolled": () => verifyingStay("another bridge"),
  "stay-malformed": () => verifyingStay("truncated"),
  "stay-signature-mismatch": () => verifyingStay("in another bridge's name"),
  "stay-origin-mismatch": () => verifyingStay("another origin"),
  "stay-nonce-mismatch": () => verifyingStay("earlier stay"),
  "stay-card-mismatch": () => verifyingStay("stranger's enrolment"),
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
    await startBridge();
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
  const host = await BridgeHost.open(["ws://127.0.0.1:${BRIDGE_PORT}"], [], signal, signal);
  await host.acquire(id);`;

/** What all cases have in common: the server, the browser, and a site on the internet. */
let common: Workstation;
let site: PublicSite;
let words: Map<string, { ja: string; en: string }>;
let origin: string;
let server: Program;
/** Where tokens are verified, which leaves nothing behind. */
let verifier: Page;
/** A CA certificate that is valid from now on for a day. */
let briefAuthority: Buffer;

/** Of the case that runs. */
let workstation: Workstation;

/**
 * Every code is caused before a page whose bridge runs on this system, and the words for it are the
 * documented ones. All but those for which there is no cause there.
 */
export function everyCodeIsCausedOn(system: System, causeless: ErrorCode[] = []): void {
  common = setUp(new Workstation(undefined, undefined, system));
  site = setUp(new PublicSite());

  beforeAll(async () => {
    words = await documentedWords();
    briefAuthority = await certifyAuthorityForADay(join(common.folder, "brief-ca.der"));
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    server = await startSignInServer(common.folder, port);
    await common.startBrowser(site.chromiumArguments);
    verifier = await common.openPage(origin);
  });

  beforeEach(async ({ task }) => {
    workstation = new Workstation(ownFolder(task.name), common, system);
    await workstation.start();
  });

  afterEach(() => workstation.stop());

  afterAll(() => server?.stop());

  const codes = Object.keys(causes) as ErrorCode[];
  test.each(codes.filter((code) => !causeless.includes(code)))("%s", async (code) => {
    const error = await causes[code]();
    const retriesLeft = retries[code];
    const { ja, en } = words.get(code) ?? { ja: "", en: "" };
    const fill = (sentence: string) => sentence.replace("{retriesLeft}", String(retriesLeft));
    expect(error).toEqual({ code, retriesLeft, ja: fill(ja), en: fill(en) });
  });

  test("every code is documented, and no other", () => {
    expect([...words.keys()].sort()).toEqual(Object.keys(causes).sort());
  });
}

/** Starts a bridge for the sign-in page that has the card in itself. */
async function startBridge(changed: Partial<BridgeOptions> = {}): Promise<void> {
  const options = { origin, scopes: SCOPES, virtualCard: workstation.card };
  await workstation.startBridge({ ...options, ...changed });
}

/** Starts one that uses the readers of pcscd. */
async function startBridgeAtReader(): Promise<void> {
  await workstation.startBridge({ origin, scopes: SCOPES });
}

/** What becomes of a sign-in with something on the reader that only looks like a card. */
async function signingInWith(putOnReader: () => Promise<Stoppable>): Promise<Caught> {
  await workstation.startPcscd();
  const card = await putOnReader();
  onTestFinished(() => card.stop());
  await workstation.pcscd.says(CARD_NOTICED);
  await startBridgeAtReader();
  return await caught(await openPage(), SIGN_IN);
}

function openPage(): Promise<Page> {
  return workstation.openPage(new URL(IDLE_PAGE, origin).href);
}

/** A page from the internet, for which there is a bridge with a card. */
async function openPublicSite(permission: Permission, csp?: string): Promise<Page> {
  await startBridge({ origin: site.origin });
  return await workstation.openPage(site.page(csp), { permission });
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
    const sign = async (word) => (await post("/terminal", { nonce, word })).signature;
    const { certificates } = given;
    await card.authenticatePinless({ nonce, terminal: { certificates, sign } });`;
  return await caught(await openPage(), script, { certificates: await Promise.all(certificates) });
}

/** Enrols a card whose card surface has something else in this file. */
async function enrolling(file: string, content: string): Promise<Caught> {
  const other = inProject(`vectors/cv-certificates/${content}`);
  await copyFile(other, join(workstation.card, `card-surface/${file}.bin`));
  await startBridge();
  const script = `${POST}${GET_A_CARD}
    const newNonce = async (method) => (await post("/nonce", { method })).nonce;
    const nonces = { pin: await newNonce("pin"), presence: await newNonce("presence") };
    const enrolled = await card.enrol({ nonces, birthDate: "1980-02-17", pin: "1234" });
    await post("/enrol", { nonces, ...enrolled });`;
  return await caught(await openPage(), script);
}

/** Signs in, and has something happen while the bridge asks for the PIN. */
async function whileTheDialogIsOpen(happens: () => unknown): Promise<Caught> {
  const [error] = await Promise.all([
    caught(await openPage(), SIGN_IN),
    workstation.dialog.asked(1).then(happens),
  ]);
  return error;
}

/** Waits for a card on a reader that is not there. */
async function waitInVain(signal: string): Promise<Caught> {
  await startBridge();
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

/** Verifies that one card enrolled, by a word of `vectors/verify/stay.json`. */
async function verifyingStay(word: string): Promise<Caught> {
  const { origin, bridges, signatures, words } = JSON.parse(
    await readFile(inProject("vectors/verify/stay.json"), "utf8"),
  );
  const expected = { origin, signatures: [signatures["token"], signatures["proof"]] };
  const script = `
    const { verifyStay } = await import("/kazashi/verify.js");
    await verifyStay(given.word, given.expected, given.bridges);`;
  const given = { word: words[word], expected, bridges: [bridges["counter"]] };
  return await caught(verifier, script, given);
}

function certificate(name: string): Promise<Buffer> {
  return readFile(inProject(`vectors/certificates/${name}.der`));
}

/** Certifies the authority's key once more, as it was, but for a day. */
async function certifyAuthorityForADay(file: string): Promise<Buffer> {
  const before = inProject("vectors/certificates/user-authentication-ca.der");
  const key = inProject("vectors/keys/user-authentication-ca.pem");
  const args = ["x509", "-inform", "DER", "-in", before, "-signkey", key, "-days", "1"];
  await run(["openssl", ...args, "-outform", "DER", "-out", file]);
  return await readFile(file);
}

function inDays(days: number): number {
  return Date.now() + days * 24 * 60 * 60 * 1000;
}
