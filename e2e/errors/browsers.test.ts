import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BrowserPlace, launchChromium, type Permission, permit } from "../chromium.ts";
import { launchFirefox, openInFirefox } from "../firefox.ts";
import { ownFolder, programs } from "../paths.ts";
import { BRIDGE_PORT, NEXT_BRIDGE_PORT } from "../ports.ts";
import { type Outcome, PublicSite, type Words } from "../public-site.ts";
import { Screen } from "../screen.ts";
import { setUp } from "../set-up.ts";
import { canBeNeighbour, Neighbour } from "../workstation/neighbour.ts";
import { Workstation } from "../workstation/workstation.ts";
import { documentedWords } from "./caught.ts";

// What may stand between a page and the bridge, caused in each browser, and the code that the page has for it.

const workstation = setUp(new Workstation());
const site = setUp(new PublicSite());
/** Sites of this workstation itself, which no browser takes for the internet. */
const siteHere = setUp(new PublicSite());
const screen = setUp(new Screen(workstation.folder));
const neighbour = new Neighbour();
if (canBeNeighbour) setUp(neighbour);

/**
 * Chromium asks, and where no screen shows it and somebody would be asked, it lets nobody through. Firefox
 * ESR asks only where it is set to.
 */
const BROWSERS = ["Chromium", "Firefox", "Firefox that asks"] as const;
type Browser = (typeof BROWSERS)[number];

interface Cause {
  what: string;
  /** The code in each browser, or in all of them; nothing where there is no such cause. */
  code: string | Record<Browser, string | undefined>;
  /** Has it so, and says what the page says. */
  cause: (browser: Browser) => Promise<Words>;
  /** Whether there must be another user of the machine. */
  byNeighbour?: boolean;
}

const CAUSES: Cause[] = [
  {
    what: "a person allowed it",
    code: "ok",
    cause: (browser) => beforeBridge(browser, { permission: "granted" }),
  },
  {
    what: "the browser asks, and nobody answers",
    code: { Chromium: "lna-prompt", Firefox: "ok", "Firefox that asks": "lna-prompt" },
    cause: (browser) => beforeBridge(browser, { isShown: true }),
  },
  {
    // Firefox takes it for a no.
    what: "the browser asks, and a person presses Escape",
    code: { Chromium: "lna-prompt", Firefox: undefined, "Firefox that asks": "lna-denied" },
    cause: (browser) => beforeBridge(browser, { isShown: true, key: "Escape" }),
  },
  {
    what: "a person refused it",
    code: { Chromium: "lna-denied", Firefox: "ok", "Firefox that asks": "lna-denied" },
    cause: (browser) => beforeBridge(browser, { permission: "denied" }),
  },
  {
    what: "a policy that the bridge wrote allows it",
    code: "ok",
    cause: (browser) => beforeBridge(browser, { administrator: writtenPolicy(browser) }),
  },
  {
    // Firefox tells no page of it.
    what: "an administrator's policy forbids it",
    code: { Chromium: "lna-denied", Firefox: "ok", "Firefox that asks": "bridge-unreachable" },
    cause: (browser) => beforeBridge(browser, { administrator: forbiddingPolicy(browser) }),
  },
  {
    what: "the page's own Content-Security-Policy forbids it",
    code: "csp-blocked",
    cause: (browser) =>
      beforeBridge(browser, {
        permission: "granted",
        url: site.page("connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'"),
      }),
  },
  {
    what: "the page is in a frame that is allowed to",
    code: "ok",
    cause: (browser) => beforeBridge(browser, { permission: "granted", frame: "loopback-network" }),
  },
  {
    // Firefox does not tell a page what its Permissions Policy is.
    what: "the page is in a frame that is not allowed to",
    code: {
      Chromium: "permissions-policy-blocked",
      Firefox: "ok",
      "Firefox that asks": "lna-denied",
    },
    cause: (browser) => beforeBridge(browser, { frame: "" }),
  },
  {
    what: "no bridge runs",
    code: "bridge-unreachable",
    cause: (browser) => outcome(browser, { permission: "granted" }),
  },
  {
    what: "the bridge does not list the page",
    code: "bridge-unreachable",
    cause: async (browser) => {
      await serve({ origin: "https://elsewhere.example" });
      return await outcome(browser, { permission: "granted" });
    },
  },
  {
    what: "the bridge does not list the page, and says so",
    code: "origin-refused",
    cause: async (browser) => {
      await serve({ origin: "https://elsewhere.example", disclose: true });
      return await outcome(browser, { permission: "granted" });
    },
  },
  {
    what: "another user's bridge has the port, and this one the next",
    code: "ok",
    byNeighbour: true,
    cause: async (browser) => {
      await serveNeighbour();
      await serve();
      expect(workstation.bridge.output).toContain(`listening on 127.0.0.1:${NEXT_BRIDGE_PORT}`);
      return await outcome(browser, { permission: "granted" });
    },
  },
  {
    what: "there is another user's bridge alone",
    code: "bridge-unreachable",
    byNeighbour: true,
    cause: async (browser) => {
      await serveNeighbour();
      return await outcome(browser, { permission: "granted" });
    },
  },
  {
    // Nobody is asked, or could have refused it.
    what: "the page comes from this workstation",
    code: "ok",
    cause: async (browser) => {
      await serve({ origin: originHere() });
      return await outcome(browser, { url: pageHere() });
    },
  },
  {
    what: "the page comes from this workstation, where no bridge runs",
    code: "bridge-unreachable",
    cause: (browser) => outcome(browser, { url: pageHere() }),
  },
];

let words: Map<string, { ja: string; en: string }>;
beforeAll(async () => {
  words = await documentedWords();
  words.set("ok", { ja: "カードを使えます。", en: "Cards can be used." });
});

/** The one that most causes have in common. */
let common: Launched;

describe.each(BROWSERS)("%s", (browser) => {
  beforeAll(async () => {
    common = await launch(browser);
  });
  afterAll(() => common?.close());

  for (const { what, code, cause, byNeighbour } of CAUSES) {
    const expected = typeof code === "string" ? code : code[browser];
    if (!expected) continue;
    test.runIf(canBeNeighbour || !byNeighbour)(`${what}: ${expected}`, async () => {
      expect(await cause(browser)).toEqual({ code: expected, ...words.get(expected) });
    });
  }
});

/** How the page is opened. */
interface Opening extends Omit<BrowserPlace, "display"> {
  /** What somebody said to the browser before. */
  permission?: Permission;
  /** Whether there is a screen, on which the browser can ask. */
  isShown?: boolean;
  /** The key that a person presses when it asks. */
  key?: string;
  /** The page's address, if it is not the usual. */
  url?: string;
  /** What a page of another site allows it, if it is in a frame there. */
  frame?: string;
}

/** What the page says where there is a bridge for it. */
async function beforeBridge(browser: Browser, opening: Opening): Promise<Words> {
  await serve();
  return await outcome(browser, opening);
}

/** Starts a bridge with a card in it, for the site's pages. It ends with the test. */
async function serve(changed: { origin?: string; disclose?: boolean } = {}): Promise<void> {
  const { card } = workstation;
  const options = { origin: site.origin, scopes: ["events"], virtualCard: card, ...changed };
  await workstation.startBridge(options);
  onTestFinished(() => workstation.bridge.stop());
}

/** Starts another user's, who lists the same pages. */
async function serveNeighbour(): Promise<void> {
  await neighbour.startBridge({ origin: site.origin, scopes: ["events"] });
  onTestFinished(() => neighbour.bridge.stop());
  expect(neighbour.bridge.output).toContain(`listening on 127.0.0.1:${BRIDGE_PORT}`);
}

/** Presses the page's button, and returns what it says: of connecting and of diagnosing the same. */
async function outcome(browser: Browser, opening: Opening): Promise<Words> {
  const { permission, isShown, key, frame, administrator } = opening;
  const place = { administrator, display: isShown ? screen.display : undefined };
  const launched = isShown || administrator ? await launch(browser, place) : common;
  if (launched !== common) onTestFinished(() => launched.close());
  const elsewhere = site.page().replace("portal.example", "elsewhere.example");
  const url = opening.url ?? (frame === undefined ? site.page() : elsewhere);
  const page = await launched.open(url, permission);
  onTestFinished(() => page.close());
  const inside = frame === undefined ? page : await inFrame(page, frame);
  await inside.click("button");
  let said = "";
  while (!said) {
    await setTimeout(100);
    // It may ask again.
    if (key) await screen.press(key, "Portal");
    said = String(await inside.evaluate("document.querySelector('output').textContent"));
  }
  const { connect, diagnose }: Outcome = JSON.parse(said);
  expect(connect.code).toBe(diagnose.code);
  return diagnose;
}

/** A browser, whoever drives it. */
interface Launched {
  /** Opens a page in a window of its own. */
  open(url: string, permission?: Permission): Promise<Page>;
  close(): Promise<void>;
}

interface Frame {
  url(): string;
  click(selector: string): Promise<void>;
  evaluate(script: string): Promise<unknown>;
}

interface Page extends Frame {
  setContent(html: string): Promise<void>;
  frames(): Frame[];
  close(): Promise<void>;
}

async function launch(browser: Browser, place: BrowserPlace = {}): Promise<Launched> {
  const home = join(workstation.folder, "home");
  if (browser === "Chromium") {
    const chromium = await launchChromium(home, site.chromiumArguments, place);
    const open = async (url: string, permission?: Permission) => {
      const page = await chromium.newPage({ ignoreHTTPSErrors: true });
      await page.goto(url);
      if (permission) await permit(page, permission);
      return page;
    };
    return { open, close: () => chromium.close() };
  }
  const asks = { "network.lna.websocket.enabled": browser === "Firefox that asks" };
  const firefox = await launchFirefox(home, { ...site.firefoxPreferences, ...asks }, place);
  const open = (url: string, permission?: Permission) => openInFirefox(firefox, url, permission);
  return { open, close: () => firefox.close() };
}

/** Has a page of another site show the site's page, in a frame which it allows this. */
async function inFrame(page: Page, allow: string): Promise<Frame> {
  await page.setContent(`<iframe src="${site.page()}" allow="${allow}"></iframe>`);
  const inside = () => page.frames().find((it) => it.url().startsWith(site.origin));
  await expect.poll(inside).toBeTruthy();
  return inside() as Frame;
}

function originHere(): string {
  return siteHere.origin.replace("portal.example", "localhost");
}

function pageHere(): string {
  return siteHere.page().replace("portal.example", "localhost");
}

/** The command by which an administrator puts there what the bridge writes. */
function writtenPolicy(browser: Browser): string {
  const written = ownFolder("policies");
  const [file, place] =
    browser === "Chromium"
      ? ["kazashi.json", "/etc/chromium/policies/managed"]
      : ["policies.json", "/etc/firefox/policies"];
  return `${programs.bridge} policies --origin ${site.origin} --to ${written} &&
    install -D -m 644 ${written}/${file} ${place}/${file}`;
}

/** The command by which an administrator has the browser refuse. */
function forbiddingPolicy(browser: Browser): string {
  return browser === "Chromium"
    ? `mkdir -p /etc/chromium/policies/managed &&
        echo '{ "LoopbackNetworkBlockedForUrls": ["${site.origin}"] }' \\
          >/etc/chromium/policies/managed/own.json`
    : `echo 'pref("permissions.default.loopback-network", 2);' >/etc/firefox-esr/own.js`;
}
