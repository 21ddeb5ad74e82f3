import { join } from "node:path";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Permission } from "../chromium.ts";
import { launchFirefox, openInFirefox } from "../firefox.ts";
import { ownFolder, programs } from "../paths.ts";
import { PublicSite } from "../public-site.ts";
import { setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";
import { type Caught, caught } from "./caught.ts";

// What stands between a page in Firefox and the bridge.

const workstation = setUp(new Workstation());
const site = setUp(new PublicSite());

/** Connects, and does not wait for a person longer than this. */
const CONNECT = "await connect({ timeout: 10_000 });";
const FIND_CARD = `${CONNECT} throw new KazashiError((await diagnose()).code);`;

/** Starts a bridge with a card in it, for the pages of this origin. It ends with the test. */
async function serve(origin = site.origin, disclose = false): Promise<void> {
  const { card } = workstation;
  await workstation.startBridge({ origin, disclose, scopes: ["events"], virtualCard: card });
  onTestFinished(() => workstation.bridge.stop());
}

/** Starts a Firefox that takes the site for one on the internet. */
function launch(preferences = {}, administrator?: string): Promise<Browser> {
  const home = join(workstation.folder, "home");
  return launchFirefox(home, { ...site.firefoxPreferences, ...preferences }, administrator);
}

/** What the site's page says of connecting; of a card that it finds, `ok`. */
async function outcome(
  browser: Browser,
  { permission, csp }: { permission?: Permission; csp?: string } = {},
): Promise<Caught> {
  const page = await openInFirefox(browser, site.page(csp), permission);
  try {
    return await caught(page, FIND_CARD);
  } finally {
    await page.browserContext().close();
  }
}

describe("as Debian ships it", () => {
  let firefox: Browser;
  beforeAll(async () => {
    firefox = await launch();
  });
  afterAll(() => firefox?.close());

  it("lets a page from the internet find the card, and asks nobody", async () => {
    await serve();
    expect(await outcome(firefox)).toMatchObject({ code: "ok" });
  });

  it("tells a page that its own policy forbids it", async () => {
    await serve();
    const csp = "connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    expect(await outcome(firefox, { csp })).toMatchObject({ code: "csp-blocked" });
  });

  it("tells a page that no bridge is there", async () => {
    expect(await outcome(firefox)).toMatchObject({ code: "bridge-unreachable" });
  });

  it.each([
    ["no more than that, by default", false, "bridge-unreachable"],
    ["so, where the administrator wants it", true, "origin-refused"],
  ])("tells a page that is not listed %s", async (_, disclose, code) => {
    await serve("https://elsewhere.example", disclose);
    expect(await outcome(firefox)).toMatchObject({ code });
  });
});

describe("set to ask about WebSockets, too", () => {
  const asking = { "network.lna.websocket.enabled": true };
  let firefox: Browser;
  beforeAll(async () => {
    firefox = await launch(asking);
  });
  afterAll(() => firefox?.close());

  it.each<[Permission, string]>([
    ["granted", "ok"],
    ["prompt", "lna-prompt"],
    ["denied", "lna-denied"],
  ])("has %s to say, and the page is told %s", async (permission, code) => {
    await serve();
    expect(await outcome(firefox, { permission })).toMatchObject({ code });
  });

  it("asks nobody under the policy that the bridge writes", async () => {
    await serve();
    const written = ownFolder("policies");
    const managed = await launch(
      asking,
      `${programs.bridge} policies --origin ${site.origin} --to ${written} &&
        install -D -m 644 ${written}/policies.json /etc/firefox/policies/policies.json`,
    );
    onTestFinished(() => managed.close());
    expect(await outcome(managed)).toMatchObject({ code: "ok" });
  });
});
