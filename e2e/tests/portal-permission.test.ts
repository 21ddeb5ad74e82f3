import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startBridge } from "../harness/bridge.ts";
import { newCard } from "../harness/card.ts";
import { Desk } from "../harness/desk.ts";
import { look } from "../harness/look.ts";
import { workFolder } from "../harness/paths.ts";
import { makeCertificate, permit, publicSite } from "../harness/portal.ts";
import { addAccount, startPortalServer } from "../harness/portal-server.ts";
import type { Program } from "../harness/program.ts";
import { enterAccount, SCOPES } from "../harness/reception.ts";
import { freePort, launchChromium } from "../harness/sign-in.ts";

// A portal on the internet, with TLS: the browser has a say in whether its desk reaches the bridge
// (Local Network Access).

const folder = workFolder("portal-permission");
let origin: string;
let server: Program;
let bridge: Program;
let browser: Browser;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  origin = `https://portal.example:${port}`;
  const database = `sqlite:${join(folder, "portal.db")}`;
  const { key, cert } = await makeCertificate(folder);
  const args = ["--tls-certificate", cert, "--tls-key", key];
  await addAccount(folder, database);
  server = await startPortalServer({ folder, port, database, origin, args });
  const virtualCard = await newCard(folder);
  bridge = await startBridge({
    folder,
    origin,
    scopes: SCOPES,
    pinentry: "/bin/false",
    virtualCard,
  });
  browser = await launchChromium(publicSite(port));
});
afterAll(async () => {
  await browser?.close();
  await bridge?.stop();
  await server?.stop();
});

/** Opens the desk in a browser that has this to say. */
async function openDesk(setting: "granted" | "denied" | "prompt"): Promise<Desk> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "ja-JP" });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.goto(origin);
  await permit(page, setting);
  await enterAccount(page);
  await page.locator("a.choice", { hasText: "受付窓口" }).click();
  return new Desk(page);
}

test("a desk that the browser lets through finds the card", async () => {
  await (await openDesk("granted")).shows("受付の方法を選んで");
});

test("a desk of which the browser asks says what to press, and goes on when it is allowed", async () => {
  const desk = await openDesk("prompt");
  expect(await desk.trouble("lna-prompt")).toContain("「許可」を押します");
  await look(desk.page, "trouble-permission-asked");
  await permit(desk.page, "granted");
  await desk.press("カードリーダーに接続する");
  await desk.shows("受付の方法を選んで");
});

test("a desk that the browser refuses shows where to allow it", async () => {
  const desk = await openDesk("denied");
  expect(await desk.trouble("lna-denied")).toContain("アドレス欄");
  await look(desk.page, "trouble-permission-denied");
});
