import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Permission, permit } from "../chromium.ts";
import { freePort } from "../ports.ts";
import type { Program } from "../program.ts";
import { certify, onTheInternet } from "../public-site.ts";
import { setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";
import { Desk } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { enterAccount, SCOPES, WINDOW } from "./reception/reception.ts";
import { addAccount, startPortalServer } from "./reception/server.ts";

// A portal on the internet, with TLS: the browser has a say in whether its desk reaches the bridge
// (Local Network Access).

const workstation = setUp(new Workstation());
let origin: string;
let server: Program;

beforeAll(async () => {
  const { folder, card } = workstation;
  const port = await freePort();
  origin = `https://portal.example:${port}`;
  const database = `sqlite:${join(folder, "portal.db")}`;
  const { key, cert } = await certify(folder);
  const args = ["--tls-certificate", cert, "--tls-key", key];
  await addAccount(folder, database);
  server = await startPortalServer(folder, { port, database, origin, args });
  await workstation.startBridge({ origin, scopes: SCOPES, virtualCard: card });
  await workstation.startBrowser(onTheInternet(port));
});
afterAll(() => server?.stop());

/** Opens the desk in a browser that has this to say. */
async function openDesk(permission: Permission): Promise<Desk> {
  const page = await workstation.openPage(origin, { ...WINDOW, permission });
  onTestFinished(() => page.context().close());
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
