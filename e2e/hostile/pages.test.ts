// What hostile pages try against the bridge by way of a real browser, and why it comes to nothing.
// What the browser would never send is tried in bridge/tests/bridge/hostile.rs.

import { get } from "node:http";
import type { Frame, JSHandle, Page } from "playwright-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Permission } from "../chromium.ts";
import { BRIDGE_PORT, freePort } from "../ports.ts";
import { setUp } from "../set-up.ts";
import { SELECT_JPKI } from "../workstation/opensc.ts";
import { SELECT_CARD_MANAGER, Workstation } from "../workstation/workstation.ts";
import { dial, frameIn, type Line, type Place, tryFrom, type Way } from "./knock.ts";
import { Sites, servePlainly } from "./sites.ts";

const BRIDGE = `127.0.0.1:${BRIDGE_PORT}`;
/** What the bridge itself sends at the start of a transaction, before it judges any command. */
const KNOWN_STATE = `${SELECT_CARD_MANAGER} Ne=0`;
/** What it asks a card once, before that: whether it has the public key application. */
const RECOGNITION = "00 A4 04 0C Nc=10 Ne=0";

const workstation = setUp(new Workstation());
const sites = setUp(new Sites());
let pages: Awaited<ReturnType<typeof openPages>>;
let closedPort: number;

beforeAll(async () => {
  await workstation.startBrowser(sites.chromiumArguments);
  pages = await openPages();
  closedPort = await freePort();
  await workstation.startBridge({
    origin: `https://portal.example:${sites.secure}`,
    scopes: ["events", "authenticate"],
    virtualCard: workstation.card,
  });
});

/** What was sent to the card so far, as the bridge logs it: never with data. */
function commands(): string[] {
  return Array.from(
    workstation.bridge.output.matchAll(/ command=(.*?) response=/g),
    ([, it]) => it ?? "",
  );
}

/** No command of a page reached the card, and nobody was asked for a PIN. */
function expectNothingHappened(): void {
  const [first, ...others] = commands();
  expect([undefined, RECOGNITION]).toContain(first);
  expect(others.filter((command) => command !== KNOWN_STATE)).toEqual([]);
  expect(workstation.dialog.windows).toBe(0);
}

async function openPages() {
  const { secure, other, plain, near } = sites;
  const open = (url: string, permission?: Permission) =>
    workstation.openPage(url, permission && { permission });
  const granted = (url: string) => open(url, "granted");
  const listedUrl = `https://portal.example:${secure}`;
  const evilUrl = `https://evil.example:${secure}`;
  const [listed, evil] = [await granted(listedUrl), await granted(evilUrl)];
  return {
    listed,
    evil,
    // The browser slows down pages whose WebSockets fail often.
    "evil, once more": await granted(evilUrl),
    "evil, denied": await open(evilUrl, "denied"),
    "evil within listed": await frameIn(listed, evilUrl),
    "another port": await granted(`https://portal.example:${other}`),
    "name below": await granted(`https://sub.portal.example:${secure}`),
    "plain listed": await open(`http://portal.example:${plain}`),
    "plain listed, near": await open(`http://portal.example:${near}`),
    "plain evil": await open(`http://evil.example:${plain}`),
    "plain evil, near": await open(`http://evil.example:${near}`),
    rebound: await openRebound(),
  } satisfies Record<string, Page | Frame>;
}

/** A page that was served under its own name from the bridge's port before the bridge was there. */
async function openRebound(): Promise<Page> {
  const server = await servePlainly(BRIDGE_PORT);
  const page = await workstation.openPage(`http://evil.example:${BRIDGE_PORT}`);
  server.close();
  server.closeAllConnections();
  return page;
}

interface Attempt {
  /** What is tried. */
  what: string;
  from: keyof typeof pages;
  place?: Place;
  way: Way;
  host?: string;
  /** What the page sees. */
  sees: string;
  /** The statuses with which the bridge refuses. None: the browser sends it nothing, or see why. */
  refused?: readonly number[];
  why: string;
  /** What looks the same to the page: a port where nobody listens, unless it says otherwise. */
  looksLike?: "open port" | "nothing else";
}

const FAILED = "TypeError: Failed to fetch";
const CLOSED = "error, close 1006";
const HIDDEN = "SecurityError, 0 frames";

const unlisted = { from: "evil", why: "it is listed nowhere" } as const;
const again = { from: "evil, once more" } as const;
const unread = { from: "evil", why: "no method but GET is known, and no body is read" } as const;
const denied = { from: "evil, denied", why: "the browser keeps it from this workstation" } as const;
const frame = {
  way: "WebSocket",
  sees: CLOSED,
  refused: [403],
  why: "null may be anybody",
} as const;
const elsewhere = { sees: CLOSED, refused: [403], way: "WebSocket" } as const;
const insecure = { why: "the browser keeps insecure pages from this workstation" } as const;
const misdirected = { host: "evil.example", why: "the bridge has no such name" } as const;
/** Browsers try twice where they are told that a request was misdirected. */
const TWICE = [421, 421];

const attempts: Attempt[] = [
  { what: "a WebSocket", ...unlisted, way: "WebSocket", sees: CLOSED, refused: [403] },
  {
    ...{ what: "a WebSocket to localhost", ...unlisted, way: "WebSocket", host: "localhost" },
    ...{ sees: CLOSED, refused: [403] },
  },
  {
    ...{ what: "a WebSocket by IPv6", ...unlisted, way: "WebSocket", host: "[::1]" },
    ...{ sees: CLOSED, refused: [403] },
  },
  {
    ...{ what: "another protocol", ...unlisted, way: "WebSocket of another protocol" },
    ...{ sees: CLOSED, refused: [403] },
  },
  {
    ...{ what: "no protocol", ...unlisted, way: "WebSocket of no protocol" },
    ...{ sees: CLOSED, refused: [403] },
  },
  { what: "a fetch", ...unlisted, way: "fetch", sees: FAILED, refused: [403] },
  {
    what: "a fetch of /health",
    ...unlisted,
    way: "fetch of /health",
    sees: FAILED,
    refused: [403],
  },
  {
    ...{ what: "an opaque fetch", ...unlisted, way: "fetch that is opaque" },
    ...{ sees: FAILED, refused: [403] },
  },
  {
    ...{ what: "an opaque fetch of /health", from: "evil", way: "fetch of /health that is opaque" },
    ...{ sees: FAILED, why: "who asks is not said; the browser keeps the answer from other sites" },
  },
  { what: "a HEAD", ...unread, way: "HEAD that is opaque", sees: FAILED, refused: [405] },
  { what: "a simple POST", ...unread, way: "POST that is simple", sees: FAILED, refused: [405] },
  { what: "an opaque POST", ...unread, way: "POST that is opaque", sees: FAILED, refused: [405] },
  {
    ...{ what: "a preflight for a header", from: "evil", way: "fetch with a header of its own" },
    ...{ sees: FAILED, refused: [405], why: "nothing is ever allowed by a preflight" },
  },
  {
    ...{ what: "a preflight for a method", from: "evil", way: "PUT", sees: FAILED, refused: [405] },
    why: "nothing is ever allowed by a preflight",
  },
  {
    what: "an XMLHttpRequest",
    ...unlisted,
    way: "XMLHttpRequest",
    sees: "error 0",
    refused: [403],
  },
  { what: "a beacon", ...unread, way: "beacon", sees: "true", refused: [405] },
  // By this the browser itself tells every page which ports are open, even those it keeps from it.
  {
    ...{ what: "an EventSource", ...unlisted, way: "EventSource", sees: "error, state 2" },
    ...{ refused: [403], looksLike: "open port" },
  },
  { what: "a picture", ...unlisted, way: "picture", sees: "error", refused: [403] },
  { what: "a script", ...unlisted, way: "script", sees: "error", refused: [403] },
  { what: "a style sheet", ...unlisted, way: "style sheet", sees: "error", refused: [403] },
  { what: "a form", ...unread, way: "form", sees: `load, ${HIDDEN}`, refused: [405] },
  { what: "a frame", ...unlisted, way: "frame", sees: `load, ${HIDDEN}`, refused: [403] },
  { what: "a window", ...unlisted, way: "window", sees: HIDDEN, refused: [403] },
  {
    ...{ what: "a srcdoc frame", ...unlisted, ...again, place: "srcdoc frame", way: "WebSocket" },
    ...{ sees: CLOSED, refused: [403] },
  },
  {
    ...{ what: "a blob: worker", ...unlisted, ...again, place: "blob: worker", way: "WebSocket" },
    ...{ sees: CLOSED, refused: [403] },
  },
  { what: "a sandboxed frame", ...again, ...frame, place: "sandboxed frame" },
  { what: "a data: frame", ...again, ...frame, place: "data: frame" },
  { what: "a data: worker", ...again, ...frame, place: "data: worker" },

  { what: "a WebSocket", ...denied, way: "WebSocket", sees: CLOSED },
  { what: "a fetch", ...denied, way: "fetch", sees: FAILED },
  { what: "an opaque fetch", ...denied, way: "fetch that is opaque", sees: FAILED },
  { what: "an opaque POST", ...denied, way: "POST that is opaque", sees: FAILED },
  { what: "a preflight", ...denied, way: "fetch with a header of its own", sees: FAILED },
  { what: "a beacon", ...denied, way: "beacon", sees: "true" },
  {
    ...{ what: "an EventSource", ...denied, way: "EventSource", sees: "error, state 2" },
    looksLike: "open port",
  },
  { what: "a picture", ...denied, way: "picture", sees: "error" },
  { what: "a form", ...denied, way: "form", sees: `load, ${HIDDEN}` },
  {
    what: "a sandboxed frame",
    ...denied,
    place: "sandboxed frame",
    way: "WebSocket",
    sees: CLOSED,
  },
  { what: "a blob: worker", ...denied, place: "blob: worker", way: "WebSocket", sees: CLOSED },
  {
    ...{ what: "a window", from: "evil, denied", way: "window", sees: HIDDEN, refused: [403] },
    why: "whoever comes without an origin is refused",
  },

  { what: "a sandboxed frame", from: "listed", ...frame, place: "sandboxed frame" },
  { what: "a data: frame", from: "listed", ...frame, place: "data: frame" },
  { what: "a data: worker", from: "listed", ...frame, place: "data: worker" },
  {
    ...{ what: "/health in a sandboxed frame", from: "listed", ...frame },
    ...{ place: "sandboxed frame", way: "fetch of /health", sees: FAILED },
  },
  {
    ...{ what: "/health in a data: worker", from: "listed", ...frame },
    ...{ place: "data: worker", way: "fetch of /health", sees: FAILED },
  },
  {
    ...{ what: "a frame in a listed page, with its leave", ...elsewhere },
    ...{ from: "evil within listed", why: "its own origin is what counts" },
  },
  {
    ...{ what: "another protocol", from: "listed", way: "WebSocket of another protocol" },
    ...{ sees: CLOSED, refused: [426], why: "kazashi.v1 is spoken" },
  },
  {
    ...{ what: "no protocol", from: "listed", way: "WebSocket of no protocol" },
    ...{ sees: CLOSED, refused: [426], why: "kazashi.v1 is spoken" },
  },
  {
    ...{ what: "a fetch", from: "listed", way: "fetch", sees: FAILED, refused: [426] },
    why: "nothing is answered but upgrades",
  },
  {
    ...{ what: "a simple POST", from: "listed", way: "POST that is simple", sees: FAILED },
    ...{ refused: [405], why: "no method but GET is known, and no body is read" },
  },
  {
    ...{ what: "a preflight", from: "listed", way: "PUT", sees: FAILED, refused: [405] },
    why: "nothing is ever allowed by a preflight",
  },

  { what: "a WebSocket", from: "another port", ...elsewhere, why: "ports count" },
  {
    ...{ what: "/health", from: "another port", ...elsewhere, why: "ports count" },
    ...{ way: "fetch of /health", sees: FAILED },
  },
  { what: "a WebSocket", from: "name below", ...elsewhere, why: "it may be anybody's" },
  {
    ...{ what: "/health", from: "name below", ...elsewhere, why: "it may be anybody's" },
    ...{ way: "fetch of /health", sees: FAILED },
  },
  { what: "a WebSocket", from: "plain listed", ...insecure, way: "WebSocket", sees: CLOSED },
  { what: "/health", from: "plain listed", ...insecure, way: "fetch of /health", sees: FAILED },
  { what: "a form", from: "plain listed", ...insecure, way: "form", sees: `load, ${HIDDEN}` },
  {
    ...{ what: "a WebSocket", from: "plain listed, near", ...elsewhere },
    why: "anybody on the way wrote it",
  },
  {
    ...{ what: "/health", from: "plain listed, near", ...elsewhere },
    ...{ way: "fetch of /health", sees: FAILED, why: "anybody on the way wrote it" },
  },
  {
    ...{ what: "the listed name, rebound", from: "plain listed, near", way: "WebSocket" },
    ...{ host: "portal.example", sees: CLOSED, refused: [421], why: "the bridge has no such name" },
  },

  {
    ...{ what: "a rebound name", from: "plain evil", ...misdirected, ...insecure },
    ...{ way: "WebSocket", sees: CLOSED },
  },
  {
    ...{ what: "a fetch of it", from: "plain evil", ...misdirected, ...insecure },
    ...{ way: "fetch", sees: FAILED },
  },
  {
    ...{ what: "a rebound name", from: "plain evil, near", ...misdirected },
    ...{ way: "WebSocket", sees: CLOSED, refused: [421] },
  },
  {
    ...{ what: "a fetch of it", from: "plain evil, near", ...misdirected },
    ...{ way: "fetch", sees: FAILED, refused: TWICE },
  },
  {
    ...{ what: "an opaque fetch of /health", from: "plain evil, near", ...misdirected },
    ...{ way: "fetch of /health that is opaque", sees: FAILED, refused: TWICE },
  },
  {
    ...{ what: "an opaque POST", from: "plain evil, near", ...misdirected },
    ...{ way: "POST that is opaque", sees: FAILED, refused: TWICE },
  },
  {
    ...{ what: "a form", from: "plain evil, near", ...misdirected },
    ...{ way: "form", sees: `load, ${HIDDEN}`, refused: TWICE },
  },
  {
    ...{ what: "a window", from: "plain evil, near", ...misdirected },
    ...{ way: "window", sees: HIDDEN, refused: TWICE },
  },
  {
    ...{ what: "its own origin", from: "rebound", ...misdirected, way: "WebSocket", sees: CLOSED },
    refused: [421],
  },
  // A page may read what its own origin answers. If it comes from the internet, the browser keeps it
  // from this workstation, as it does above.
  {
    ...{ what: "a fetch of its own origin", from: "rebound", ...misdirected, way: "fetch" },
    ...{ sees: "basic 421", refused: TWICE, looksLike: "nothing else" },
  },
  {
    ...{ what: "/health of its own origin", from: "rebound", ...misdirected },
    ...{ way: "fetch of /health", sees: "basic 421", refused: TWICE, looksLike: "nothing else" },
  },
  {
    ...{ what: "a POST to its own origin", from: "rebound", ...misdirected },
    ...{ way: "POST that is simple", sees: "basic 421", refused: TWICE, looksLike: "nothing else" },
  },
  {
    ...{ what: "a WebSocket to the bridge", from: "rebound", ...elsewhere },
    why: "only https is listed, and pages of this machine",
  },
];

describe("a hostile page tries", () => {
  afterEach(() => {
    expect(commands()).toEqual([]);
    expectNothingHappened();
  });

  it.each(attempts)("$what ($from): $why", async (attempt) => {
    const { from, place = "page", way, host = "127.0.0.1", refused = [] } = attempt;
    const since = workstation.bridge.output.length;
    const knock = (port: number) => tryFrom(pages[from], place, way, `${host}:${port}`);
    expect(await knock(BRIDGE_PORT)).toBe(attempt.sees);
    expect(await refusals(since, refused.at(-1))).toEqual(refused);

    if (attempt.looksLike === "nothing else") return;
    const other = attempt.looksLike === "open port" ? sites.near : closedPort;
    expect(await knock(other)).toBe(attempt.sees);
  });
});

/** The statuses with which the bridge refused pages from there on. One is waited for. */
async function refusals(since: number, last?: number): Promise<number[]> {
  if (last) await workstation.bridge.says(`status=${last}`, since);
  // All is said that was to be said before this is refused.
  await new Promise((resolve) => {
    get(`http://${BRIDGE}/mark`, (response) => resolve(response.resume()));
  });
  await workstation.bridge.says("status=404", since);
  const statuses = workstation.bridge.output.slice(since).matchAll(/ refused status=(\d+)/g);
  return Array.from(statuses, ([, status]) => Number(status)).filter((status) => status !== 404);
}

describe("a listed page that means no good", () => {
  let owner: JSHandle<Line>;
  let other: JSHandle<Line>;
  let reader: string;
  let lease: string;

  const ask = (line: JSHandle<Line>, request: object | string) =>
    line.evaluate((line, request) => line.ask(request), request);

  beforeAll(async () => {
    owner = await dial(pages.listed, BRIDGE);
    const { readers } = await ask(owner, { type: "list-readers" });
    reader = (readers as { id: string }[])[0]?.id ?? "";
    lease = String((await ask(owner, { type: "acquire", reader })).lease);
    const page = await workstation.openPage(pages.listed.url(), { permission: "granted" });
    other = await dial(page, BRIDGE);
  });

  const nonce = "A".repeat(44);
  const guess = "0".repeat(32);
  const transmit = (command: string) => () => ({ type: "transmit", lease, command });
  const notOurs = "a lease is of one connection";
  const noPin = "only the bridge presents PINs";
  const noSignature = "only the bridge has statements signed";

  it.each([
    ["the lease of another page", transmit(SELECT_JPKI), "lease-lost", notOurs],
    ["to end it", () => ({ type: "release", lease }), "lease-lost", notOurs],
    [
      "a signature under it",
      () => ({ type: "sign-challenge", lease, key: "user-authentication", nonce, pin: {} }),
      "lease-lost",
      notOurs,
    ],
    [
      "a dialog under it",
      () => ({ type: "verify-pin", lease, reference: "user-authentication" }),
      "lease-lost",
      notOurs,
    ],
    ["the reader in use", () => ({ type: "acquire", reader }), "reader-busy", "one page has it"],
    [
      "the same by a guessed lease",
      () => ({ type: "acquire", reader, expected: guess }),
      "reader-busy",
      "only who knows the lease takes over",
    ],
  ])("tries %s", async (_, request, code, why) => {
    expect(await ask(other, request()), why).toMatchObject({ code });
    expectNothingHappened();
  });

  it.each([
    ["VERIFY", transmit("002000800431323334"), "not-permitted", noPin],
    ["how many tries a PIN has left", transmit("00200082"), "not-permitted", noPin],
    ["CHANGE REFERENCE DATA", transmit("00240001083132333435363738"), "not-permitted", noPin],
    ["a signature", transmit("802A008001FF00"), "not-permitted", noSignature],
    ["the other key's signature", transmit("802A009701FF00"), "not-permitted", noSignature],
    ["INTERNAL AUTHENTICATE", transmit("00880000040102030400"), "not-permitted", noSignature],
    ["an ENVELOPE", transmit("00C2000009002000980431323334"), "not-permitted", noPin],
    [
      "a document without the scope",
      () => ({ type: "sign", lease, title: "t", hash: "SHA-256", digest: "00".repeat(32) }),
      "not-permitted",
      "sign was not granted",
    ],
    [
      "a PIN of its own",
      () => ({
        ...{ type: "sign-challenge", lease, key: "user-authentication", nonce },
        pin: { value: "1234" },
      }),
      "not-permitted",
      "page-pin was not granted",
    ],
    [
      "an institution without the scope",
      () => ({ type: "terminal-request", lease, nonce }),
      "not-permitted",
      "authenticate-pinless was not granted",
    ],
    [
      "a birth date without the scope",
      () => ({ type: "verify-birth-date", lease, birthDate: "1980-02-17" }),
      "not-permitted",
      "card-presence was not granted",
    ],
    [
      "a reader by its name",
      () => ({ type: "acquire", reader: "Kazashi virtual card" }),
      "unknown-reader",
      "readers have opaque names",
    ],
  ])("tries %s", async (_, request, code, why) => {
    expect(await ask(owner, request()), why).toMatchObject({ code });
    expectNothingHappened();
  });

  it.each([
    ["no JSON", "hello"],
    ["an unknown request", '{"id":1,"type":"shutdown"}'],
    ["what is too long", `{"id":1,"type":"hello","x":"${"x".repeat(70_000)}"}`],
  ])("is hung up on for %s", async (_, message) => {
    const line = await dial(pages.listed, BRIDGE);
    // The connection may be gone before the page has heard the goodbye.
    expect(await ask(line, message)).toEqual({ code: expect.stringMatching(/^close 100[56]$/) });
    expectNothingHappened();
  });

  it("was not disturbed", async () => {
    expectNothingHappened();
    const since = workstation.bridge.output.length;
    expect(await ask(owner, transmit(SELECT_JPKI)())).toMatchObject({ response: "9000" });
    await workstation.bridge.says(" command=00 A4 04 0C Nc=10 ", since);
  });
});
