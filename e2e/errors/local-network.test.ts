import type { Frame, Page } from "playwright-core";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Permission } from "../chromium.ts";
import { ownFolder, programs } from "../paths.ts";
import { BRIDGE_PORT, NEXT_BRIDGE_PORT } from "../ports.ts";
import { type Outcome, PublicSite } from "../public-site.ts";
import { setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";

const workstation = setUp(new Workstation());
const site = setUp(new PublicSite());

beforeAll(() => workstation.startBrowser(site.chromiumArguments));

/** Starts a bridge with a card in it, for the pages of this origin. It ends with the test. */
async function serve(origin: string, where: { port?: number } = {}): Promise<void> {
  const { card } = workstation;
  await workstation.startBridge({ origin, scopes: ["events"], virtualCard: card, ...where });
  onTestFinished(() => workstation.bridge.stop());
}

/** Opens the site's page in a browser that has this to say. */
function open(permission: Permission, csp?: string): Promise<Page> {
  return workstation.openPage(site.page(csp), { permission });
}

/** Presses the button, and returns what the page says: of connecting and of diagnosing the same. */
async function outcome(page: Page, frame: Page | Frame = page): Promise<Outcome["diagnose"]> {
  await frame.click("button");
  const output = frame.locator("output", { hasText: "}" });
  const { connect, diagnose }: Outcome = JSON.parse((await output.textContent()) ?? "");
  expect(connect.code).toBe(diagnose.code);
  await page.context().close();
  return diagnose;
}

/**
 * Says what the site's page says in a frame of another site, which allows it this. (A permission that
 * the tests give would hold whatever a policy says.)
 */
async function outcomeInFrame(
  allow: string,
  permission?: Permission,
): Promise<Outcome["diagnose"]> {
  await serve(site.origin);
  const elsewhere = site.page().replace("portal.example", "elsewhere.example");
  const page = await workstation.openPage(elsewhere, permission && { permission });
  const frame = `<iframe src="${site.page()}" allow="${allow}"></iframe>`;
  await page.setContent(frame);
  const inside = page.frames().find((it) => it.url().startsWith(site.origin));
  if (!inside) throw new Error("there is no frame");
  return await outcome(page, inside);
}

it("a page that may reach the bridge finds the card", async () => {
  await serve(site.origin);
  const page = await open("granted");
  expect(await outcome(page)).toMatchObject({ code: "ok" });
});

it("a page of which the browser asks, and nobody answers, says what to do", async () => {
  await serve(site.origin);
  const page = await open("prompt");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("lna-prompt");
  expect(ja).toContain("ブラウザーの確認画面で許可してください");
  expect(en).toContain("Allow the connection");
});

it("a page that was refused says where to allow it", async () => {
  await serve(site.origin);
  const page = await open("denied");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("lna-denied");
  expect(ja).toContain("サイトの設定で許可してください");
  expect(en).toContain("Allow it in the site's settings");
});

it("a page that forbids itself to connect names its own policy", async () => {
  await serve(site.origin);
  const csp = "connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
  const page = await open("granted", csp);
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("csp-blocked");
  expect(ja).toContain("このサイトの設定が");
  expect(en).toContain("This site's own settings");
});

it.each([
  ["finds a bridge there", {}, "ok"],
  ["is not told of its policy where no bridge runs", undefined, "bridge-unreachable"],
  // As likely, to a page, as that none runs.
  ["is told the same of a bridge elsewhere", { port: NEXT_BRIDGE_PORT }, "bridge-unreachable"],
])("a page that lets itself connect to the first port %s", async (_, where, code) => {
  if (where) await serve(site.origin, where);
  const connect = `connect-src 'self' ws://127.0.0.1:${BRIDGE_PORT}`;
  const page = await open("granted", `${connect}; script-src 'self' 'wasm-unsafe-eval'`);
  expect(await outcome(page)).toMatchObject({ code });
});

it("a page in a frame that is not allowed to names that, and not the person's settings", async () => {
  const { code, ja, en } = await outcomeInFrame("");
  expect(code).toBe("permissions-policy-blocked");
  expect(ja).toContain("サイトの管理者に連絡してください");
  expect(en).toContain("Contact its administrator");
});

it("a page in a frame that is allowed to finds the card", async () => {
  expect(await outcomeInFrame("loopback-network", "granted")).toMatchObject({ code: "ok" });
});

it("a page whose own server forbids it names that, and not the person's settings", async () => {
  await serve(site.origin);
  const address = site.page("loopback-network=()", "Permissions-Policy");
  const page = await workstation.openPage(address);
  expect(await outcome(page)).toMatchObject({ code: "permissions-policy-blocked" });
});

it.each([
  ["that nobody started", undefined],
  ["that does not list the page", "https://elsewhere.example"],
])("a bridge %s cannot be reached, and that is not the browser's doing", async (_, origin) => {
  if (origin) await serve(origin);
  const page = await open("granted");
  const { code, ja, en } = await outcome(page);
  expect(code).toBe("bridge-unreachable");
  expect(ja).toContain("起動していることと、このサイトの登録を確認してください");
  expect(en).toContain("Check that it runs");
});

describe("an administrator's policy", () => {
  const managed = "/etc/chromium/policies/managed";
  const written = ownFolder("policies");
  const { bridge } = programs;

  it.each([
    [
      "set up by the bridge lets a page through unasked",
      (origin: string) => `${bridge} machine allow-in-browsers ${origin}`,
      "ok",
    ],
    [
      "written by the bridge lets a page through unasked",
      (origin: string) => `${bridge} policies --origin ${origin} --to ${written} &&
        install -D -m 644 ${written}/kazashi.json ${managed}/kazashi.json`,
      "ok",
    ],
    // Where the person would be asked, a browser that tests drive lets nobody through.
    [
      "taken back by the bridge holds no more",
      (origin: string) => `${bridge} machine allow-in-browsers ${origin} &&
        ${bridge} machine forget-in-browsers && test ! -e ${managed}`,
      "lna-denied",
    ],
    [
      "of its own keeps a page out",
      (origin: string) => `mkdir -p ${managed} &&
        echo '{ "LoopbackNetworkBlockedForUrls": ["${origin}"] }' >${managed}/own.json`,
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
