// An upgrade from an older package: what people and the bridge wrote before stays, and counts.

import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { DEBIAN_ROOT } from "../paths.ts";
import { run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { DEBIAN, onDebian } from "../workstation/debian.ts";
import { install, installOlder, versionOf } from "./apt.ts";

const PATIENCE = 300_000;
vi.setConfig({ testTimeout: PATIENCE });

const PACKAGES = ["kazashi-bridge", "kazashi-portal"];
const PORTAL = `${DEBIAN_ROOT}/etc/kazashi-portal/portal.toml`;
const GRANTED = "https://granted.example";

beforeAll(async () => {
  await installOlder(...PACKAGES);
  await run(onDebian("apt-get", "install", "--yes", "vsmartcard-vpcd"));
}, PATIENCE);

const site = setUp(new SignInSite({ cardIn: "reader", system: DEBIAN }), PATIENCE);

test("grants, log and changed configuration outlive it, and pages go on", async () => {
  for (const name of PACKAGES) expect(await versionOf(name)).toBe("0.0.1-1");
  await signIn();
  await bridge("origins", "allow", GRANTED, "--scopes", "events", ...configuration());
  appendFileSync(PORTAL, 'origin = "https://portal.example"\n');
  const granted = await bridge("origins", "list", ...configuration());
  expect(granted).toContain(GRANTED);
  const logged = await bridge("log", "show");
  const configured = readFileSync(PORTAL, "utf8");

  await install(...PACKAGES);
  for (const name of PACKAGES) expect(await versionOf(name)).not.toBe("0.0.1-1");
  expect(await bridge("origins", "list", ...configuration())).toBe(granted);
  expect(await bridge("log", "show")).toBe(logged);
  await bridge("log", "verify");
  expect(readFileSync(PORTAL, "utf8")).toBe(configured);

  await site.workstation.restartBridge();
  await signIn();
  await bridge("log", "verify");
});

async function signIn(): Promise<void> {
  const page = await site.openPage();
  site.workstation.dialog.type("1234");
  await page.pressSignIn();
  expect(await page.subject()).toBeTruthy();
}

const configuration = (): string[] => [
  "--dev",
  "--config",
  join(site.workstation.folder, "bridge.toml"),
];

/** Runs the bridge's program on the state of the bridge that serves. */
async function bridge(...command: string[]): Promise<string> {
  const env = { ...process.env, ...DEBIAN.env };
  return await run([...DEBIAN.bridge, ...command, "--state", site.workstation.folder], { env });
}
