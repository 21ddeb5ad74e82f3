import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startBridge } from "../harness/bridge.ts";
import { newCard } from "../harness/card.ts";
import { workFolder } from "../harness/paths.ts";
import { type Outcome, Portal, permit } from "../harness/portal.ts";
import type { Program } from "../harness/program.ts";
import { launchChromium } from "../harness/sign-in.ts";

/** Where Debian's Chromium looks for policies of the administrator. */
const POLICY = "/etc/chromium/policies/managed/kazashi-e2e.json";

const folder = workFolder("local-network");
let card: string;
let portal: Portal;
let bridge: Program | undefined;
let browser: Browser;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  card = await newCard(folder);
  portal = await Portal.start(folder);
  browser = await launchChromium(portal.chromiumArguments);
});
afterEach(async () => {
  await bridge?.stop();
  bridge = undefined;
});
afterAll(async () => {
  await browser?.close();
  portal?.stop();
});

/** Starts a bridge with a card in it, for the pages of this origin. */
async function serve(origin: string): Promise<void> {
  const pinentry = "/bin/false";
  bridge = await startBridge({ folder, origin, scopes: ["events"], pinentry, virtualCard: card });
}

/** Presses the button, and returns what the page says: of connecting and of diagnosing the same. */
async function outcome(page: Page): Promise<Outcome["diagnose"]> {
  await page.click("button");
  const output = page.locator("output", { hasText: "}" });
  const { connect, diagnose }: Outcome = JSON.parse((await output.textContent()) ?? "");
  expect(connect.code).toBe(diagnose.code);
  await page.context().close();
  return diagnose;
}

it("a page that may reach the bridge finds the card", async () => {
  await serve(portal.origin);
  const page = await portal.open(browser);
  await permit(page, "granted");
  expect(await outcome(page)).toMatchObject({ code: "ok" });
});

it("a page of which the browser asks, and nobody answers, says what to do", async () => {
  await serve(portal.origin);
  const page = await portal.open(browser);
  await permit(page, "prompt");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("lna-prompt");
  expect(ja).toContain("ブラウザーの確認画面で許可してください");
  expect(en).toContain("Allow the connection");
});

it("a page that was refused says where to allow it", async () => {
  await serve(portal.origin);
  const page = await portal.open(browser);
  await permit(page, "denied");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("lna-denied");
  expect(ja).toContain("サイトの設定で許可してください");
  expect(en).toContain("Allow it in the site's settings");
});

it("a page that forbids itself to connect names its own policy", async () => {
  await serve(portal.origin);
  const csp = "connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
  const page = await portal.open(browser, `/?csp=${encodeURIComponent(csp)}`);
  await permit(page, "granted");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("csp-blocked");
  expect(ja).toContain("このサイトの設定が");
  expect(en).toContain("This site's own settings");
});

it.each([
  ["that nobody started", undefined],
  ["that does not list the page", "https://elsewhere.example"],
])("a bridge %s cannot be reached, and that is not the browser's doing", async (_, origin) => {
  if (origin) await serve(origin);
  const page = await portal.open(browser);
  await permit(page, "granted");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("bridge-unreachable");
  expect(ja).toContain("起動と、このサイトの登録を確認してください");
  expect(en).toContain("Check that it runs");
});

describe("an administrator's policy", () => {
  /** The folder that had to be made for it, to be removed with it. */
  let made: string | undefined;
  afterEach(() => rmSync(made ?? POLICY, { recursive: true, force: true }));

  it.each([
    ["lets a page through unasked", "LoopbackNetworkAllowedForUrls", "ok"],
    ["keeps a page out", "LoopbackNetworkBlockedForUrls", "lna-denied"],
  ])("%s", async (_, policy, code) => {
    await serve(portal.origin);
    made = mkdirSync(dirname(POLICY), { recursive: true });
    writeFileSync(POLICY, JSON.stringify({ [policy]: [portal.origin] }));
    const managed = await launchChromium(portal.chromiumArguments);
    try {
      expect(await outcome(await portal.open(managed))).toMatchObject({ code });
    } finally {
      await managed.close();
    }
  });
});
