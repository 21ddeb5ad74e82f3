// The installer for Windows: what it leaves on a machine, what it takes away again, and what runs in between.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { installers, windowsPrograms } from "../paths.ts";
import { Program, run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { onDriveC, WINDOWS } from "../workstation/wine.ts";
import { health } from "./health.ts";
import {
  added,
  endBridge,
  installed,
  type Listing,
  list,
  msiexec,
  runInWine,
  signInToWindows,
  withoutItsNotes,
} from "./installation.ts";

const LOG = onDriveC("users/root/AppData/Local/kazashi/data/bridge.log");
const ADMINISTRATORS_FILE = onDriveC("ProgramData/kazashi/bridge.toml");
const FILES = [
  "Program Files/Kazashi/kazashi-background.exe",
  "Program Files/Kazashi/kazashi-bridge.exe",
  "Program Files/Kazashi/kazashi-pinentry.exe",
  "Program Files/Kazashi/sbom.cdx.json",
  "Program Files/Kazashi/third-party-licences.txt",
];
// To Wine's installer the menu of all users is that of its own.
const MENU = "users/root/AppData/Roaming/Microsoft/Windows/Start Menu/Programs";
const START_MENU_ENTRY = `${MENU}/Kazashi websites.lnk`;
const RUN = "Microsoft\\Windows\\CurrentVersion\\Run";
const NOTHING: Listing = { files: [], values: [] };

// The card is nowhere yet: the site starts no bridge of its own.
const site = setUp(new SignInSite({ cardIn: "page", system: WINDOWS }));
const { workstation } = site;
let before: Listing;

// What Windows Installer does takes its time, and so does a list of the registry.
vi.setConfig({ testTimeout: 300_000 });
afterAll(endBridge);
beforeAll(async () => {
  await workstation.startReader();
  before = await list();
});

test("where programs and version are the same, so is the installer", () => {
  expect(readFileSync(installers.this).equals(readFileSync(installers.again))).toBe(true);
});

test("it puts three programs and a start menu entry on the machine, and has a program started at sign-in", async () => {
  await msiexec("/i", installers.this);

  const { files, values } = withoutItsNotes(added(before, await list()));
  expect(files).toEqual([...FILES, START_MENU_ENTRY]);
  expect(values).toEqual([
    `${RUN} "Kazashi"="\\"C:\\\\Program Files\\\\Kazashi\\\\kazashi-background.exe\\""`,
  ]);
});

test("who signs in has a bridge, and has one again after it crashed", async () => {
  await signInToWindows();
  await expect.poll(() => health()).toBe(200);

  await runInWine("taskkill", "/f", "/im", "kazashi-bridge.exe");
  await expect.poll(() => readFileSync(LOG, "utf8").match(/listening/g)?.length).toBe(2);
  await expect.poll(() => health()).toBe(200);
  await endBridge();
});

test("a page signs in that the person allowed it", async () => {
  const allow = ["origins", "allow", site.origin, "--scopes", "events,authenticate", "--dev"];
  await run(installed("kazashi-bridge", ...allow), { env: { ...process.env, ...WINDOWS.env } });
  await signIn();
});

test("it signs in after an upgrade, too", async () => {
  const log = readFileSync(LOG, "utf8");
  await msiexec("/i", installers.higher);

  const { files } = added(before, await list());
  expect(files.filter((file) => file.startsWith("Program Files/"))).toEqual(FILES);
  await signIn();
  expect(readFileSync(LOG, "utf8").startsWith(log)).toBe(true);
});

test("the version before is not put in its place", async () => {
  await expect(msiexec("/i", installers.this)).rejects.toThrow();
});

test("what is left in the end is what the bridge keeps for its user", async () => {
  await msiexec("/x", installers.higher);

  const after = await list();
  const { files, values } = added(before, after);
  expect(files.filter((file) => !file.startsWith("users/root/AppData/Local/kazashi/"))).toEqual([]);
  expect(values).toEqual([]);
  expect(added(after, before)).toEqual(NOTHING);
});

test("an administrator's file is put in its place, websites are named to browsers, and nothing is started", async () => {
  const between = await list();
  const config = join(workstation.folder, "config.toml");
  writeFileSync(config, '[[origin]]\norigin = "https://portal.example"\nscopes = ["events"]\n');
  const origins = "POLICY_ORIGINS=https://portal.example,https://b.example";
  await msiexec("/i", installers.this, `CONFIG=Z:${config}`, origins, "AUTOSTART=0");

  const { files, values } = withoutItsNotes(added(between, await list()));
  expect(files).toEqual([...FILES, "ProgramData/kazashi/bridge.toml", START_MENU_ENTRY]);
  expect(readFileSync(ADMINISTRATORS_FILE, "utf8")).toBe(readFileSync(config, "utf8"));
  const policy = (browser: string) => `Policies\\${browser}\\LoopbackNetworkAllowedForUrls`;
  expect(values).toEqual([
    `${policy("Chromium")} "27390000"="https://portal.example"`,
    `${policy("Chromium")} "27390001"="https://b.example"`,
    `${policy("Google\\Chrome")} "27390000"="https://portal.example"`,
    `${policy("Google\\Chrome")} "27390001"="https://b.example"`,
    `${policy("Microsoft\\Edge")} "27390000"="https://portal.example"`,
    `${policy("Microsoft\\Edge")} "27390001"="https://b.example"`,
  ]);

  // Wine's installer does not tell the version that goes that a higher one comes.
  await msiexec("/i", installers.higher, origins, "AUTOSTART=0");
  expect(withoutItsNotes(added(between, await list()))).toEqual({ files, values });

  await msiexec("/x", installers.higher);
  const left = { files: ["ProgramData/kazashi/bridge.toml"], values: [] };
  expect(added(between, await list())).toEqual(left);
});

test("an administrator's file is refused with a mistake, and where others could change it", async () => {
  const between = await list();
  const there = readFileSync(ADMINISTRATORS_FILE, "utf8");
  // To Wine every folder is its user's, also the one that the installer made.
  for (const text of ["orgins = []", "disclose = true"]) {
    const config = join(workstation.folder, "config.toml");
    writeFileSync(config, text);
    await expect(msiexec("/i", installers.this, `CONFIG=Z:${config}`)).rejects.toThrow();
  }
  expect(readFileSync(ADMINISTRATORS_FILE, "utf8")).toBe(there);
  expect(added(between, await list())).toEqual(NOTHING);
});

/** A page of the site signs in with the bridge that is installed. */
async function signIn(): Promise<void> {
  const config = join(workstation.folder, "bridge.toml");
  writeFileSync(config, `pinentry = ${JSON.stringify(windowsPrograms.scriptedPinentry)}\n`);
  const env = { ...WINDOWS.env, ...workstation.dialog.env };
  const { folder } = workstation;
  const command = installed("kazashi-background", "--dev", "--config", config);
  const background = Program.start("background", command, { folder, env });
  await expect.poll(() => health()).toBe(200);
  const page = await site.openPage();
  workstation.dialog.type("1234");
  await page.pressSignIn();
  await page.subject();
  await endBridge();
  await background.stop();
}
