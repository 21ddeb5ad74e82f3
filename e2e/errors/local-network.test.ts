import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ownFolder, programs } from "../paths.ts";
import { BRIDGE_PORT, NEXT_BRIDGE_PORT } from "../ports.ts";
import { type Outcome, PublicSite } from "../public-site.ts";
import { setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";

// What a page's own site and the bridge's command for administrators have Chromium do; the rest of what
// stands between a page and the bridge is in `browsers.test.ts`.

const workstation = setUp(new Workstation());
const site = setUp(new PublicSite());

beforeAll(() => workstation.startBrowser(site.chromiumArguments));

/** Starts a bridge with a card in it, for the pages of this origin. It ends with the test. */
async function serve(origin: string, where: { port?: number } = {}): Promise<void> {
  const { card } = workstation;
  await workstation.startBridge({ origin, scopes: ["events"], virtualCard: card, ...where });
  onTestFinished(() => workstation.bridge.stop());
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

it.each([
  ["finds a bridge there", {}, "ok"],
  ["is not told of its policy where no bridge runs", undefined, "bridge-unreachable"],
  // As likely, to a page, as that none runs.
  ["is told the same of a bridge elsewhere", { port: NEXT_BRIDGE_PORT }, "bridge-unreachable"],
])("a page that lets itself connect to the first port %s", async (_, where, code) => {
  if (where) await serve(site.origin, where);
  const connect = `connect-src 'self' ws://127.0.0.1:${BRIDGE_PORT}`;
  const address = site.page(`${connect}; script-src 'self' 'wasm-unsafe-eval'`);
  const page = await workstation.openPage(address, { permission: "granted" });
  expect(await outcome(page)).toMatchObject({ code });
});

it("a page whose own server forbids it names that, and not the person's settings", async () => {
  await serve(site.origin);
  const address = site.page("loopback-network=()", "Permissions-Policy");
  const page = await workstation.openPage(address);
  expect(await outcome(page)).toMatchObject({ code: "permissions-policy-blocked" });
});

describe("an administrator's policy", () => {
  const { bridge } = programs;

  it.each([
    [
      "put there by the bridge lets a page through unasked",
      (origin: string) => `${bridge} machine allow-in-browsers ${origin}`,
      "ok",
    ],
    // Where the person would be asked, a browser that tests drive lets nobody through.
    [
      "taken back by the bridge holds no more",
      (origin: string) => `${bridge} machine allow-in-browsers ${origin} &&
        ${bridge} machine forget-in-browsers && test ! -e /etc/chromium/policies/managed`,
      "lna-denied",
    ],
  ])("%s", async (_, administrator, code) => {
    await serve(site.origin);
    const workstation = new Workstation(ownFolder("managed"));
    onTestFinished(() => workstation.stop());
    await workstation.start();
    await workstation.startBrowser(site.chromiumArguments, administrator(site.origin));
    expect(await outcome(await workstation.openPage(site.page()))).toMatchObject({ code });
  });
});
