// The package of the bridge: from a Debian that knows nothing of it to a page that signs in, and back.

import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { DEBIAN, onDebian } from "../workstation/debian.ts";
import { INSTALLATION, install, ours, purge } from "./apt.ts";

const PATIENCE = 300_000;
vi.setConfig({ testTimeout: PATIENCE });

let before: string[];
let work: number;
let seconds: number;
beforeAll(async () => {
  before = await ours();
  const start = performance.now();
  work = await install("kazashi-bridge");
  seconds = (performance.now() - start) / 1_000;
  // The reader's driver, which comes with the hardware.
  await run(onDebian("apt-get", "install", "--yes", "vsmartcard-vpcd"));
}, PATIENCE);

const site = setUp(new SignInSite({ cardIn: "reader", system: DEBIAN }), PATIENCE);

test("five commands at most install it, with a minute's work beside downloads", () => {
  // On a machine that does nothing else; this one may be busy.
  console.log(`${INSTALLATION.length} commands, ${work} s of a processor, ${seconds} s here`);
  expect(INSTALLATION.length).toBeLessThanOrEqual(5);
  expect(work).toBeGreaterThan(0);
  expect(work).toBeLessThan(60);
});

test("what it needs comes with it: pcscd, and a dialog with a window", async () => {
  const names = ["kazashi-bridge", "pcscd", "pinentry-gnome3"];
  const installed = await run(onDebian("dpkg-query", "--show", ...names));
  expect(installed.match(/^\S+/gm)).toEqual(names);
});

test("it starts with the desktop of every user", async () => {
  expect(await ours()).toContain(
    "/etc/systemd/user/graphical-session.target.wants/kazashi-bridge.service",
  );
});

test("whoever allows websites finds that in the menu", async () => {
  expect(await ours()).toContain("/usr/share/applications/kazashi-websites.desktop");
});

test("its example is a configuration, and its manual has a page for each command", async () => {
  const example = "/usr/share/doc/kazashi-bridge/examples/bridge.toml";
  const listed = await run([...DEBIAN.bridge, "origins", "list", "--config", example]);
  expect(listed).toContain("https://portal.example");
  for (const page of ["kazashi-bridge", "kazashi-bridge-serve", "kazashi-bridge-origins-allow"]) {
    expect(await ours()).toContain(`/usr/share/man/man1/${page}.1.gz`);
  }
});

test("doctor finds nothing in the way, and a page signs in", async () => {
  const { dialog, folder } = site.workstation;
  const files = ["--config", join(folder, "bridge.toml"), "--state", folder];
  const doctor = [...DEBIAN.bridge, "doctor", "--dev", "--origin", site.origin, ...files];
  const env = { ...process.env, ...DEBIAN.env, ...dialog.env };
  expect(await run(doctor, { env })).toBe("ok: Cards can be used.\n");

  const page = await site.openPage();
  dialog.type("1234");
  await page.pressSignIn();
  expect(await page.subject()).toBeTruthy();
});

test("purged, it leaves what a person wrote and nothing else", async () => {
  const written = "/etc/kazashi/bridge.toml";
  await run(onDebian("cp", "/usr/share/doc/kazashi-bridge/examples/bridge.toml", written));
  await purge("kazashi-bridge");
  expect(await ours()).toEqual([...before, "/etc/kazashi", written].sort());
});
