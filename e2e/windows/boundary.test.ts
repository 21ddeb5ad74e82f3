// Who comes in to the bridge on Windows: programs of its user, as Windows knows them. Of those outside of
// Wine it knows none.

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { launchChromium } from "../chromium.ts";
import { caught } from "../errors/caught.ts";
import { BRIDGE_PORT, RELAY_PORT } from "../ports.ts";
import { setUp } from "../set-up.ts";
import { IDLE_PAGE } from "../sign-in/site/server.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { WINDOWS } from "../workstation/wine.ts";
import { health } from "./health.ts";

const site = setUp(new SignInSite({ cardIn: "bridge", system: WINDOWS }));
const { workstation } = site;

test("a program of the user is answered", async () => {
  expect(await health(RELAY_PORT)).toBe(200);
});

test("one whom Windows does not know is hung up on, as if it were gone", async () => {
  const since = workstation.bridge.output.length;
  expect(await health(BRIDGE_PORT)).toBe("ECONNRESET");
  await workstation.bridge.says("whoever connected is gone again", since);
});

test("a page reaches the bridge in a browser of the user, and in no other", async () => {
  const page = await site.openIdlePage();
  await page.evaluate(`import("/kazashi/index.js").then(({ connect }) => connect())`);

  const stranger = await launchChromium(join(workstation.folder, "stranger"));
  onTestFinished(() => stranger.close());
  const same = await stranger.newPage();
  await same.goto(new URL(IDLE_PAGE, site.origin).href);
  const { code } = await caught(same, "await connect();");
  expect(code).toBe("bridge-unreachable");
});
