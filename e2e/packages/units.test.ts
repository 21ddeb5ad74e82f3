// The units of the packages, started by systemd: the bridge with the desktop of a user, who signs in at a
// page with it, and the portal, at port 443 with TLS.

import { appendFileSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { launchChromium, permit } from "../chromium.ts";
import { withCard } from "../package.ts";
import { DEBIAN_ROOT, inProject, ownFolder, programs } from "../paths.ts";
import { Program, run } from "../program.ts";
import { certify, PublicSite } from "../public-site.ts";
import { setUp } from "../set-up.ts";
import { writeCard } from "../workstation/card.ts";
import { DEBIAN, onDebian } from "../workstation/debian.ts";
import { Dialog } from "../workstation/dialog.ts";
import { install } from "./apt.ts";
import { BootedDebian } from "./booted-debian.ts";

const PATIENCE = 300_000;
vi.setConfig({ testTimeout: PATIENCE });

/** Who sits at the machine. */
const USER = "desk";
const ID = 1000;
const STATE = `/home/${USER}/.local/state/kazashi`;
/** Where the dialog that asks for PINs finds the person: in what the bridge may write. */
const PERSON = `${STATE}/person`;
const DIALOG = `KAZASHI_E2E_DIALOG=${PERSON}`;

const ETC = "/etc/kazashi-portal";
const NONCE = "bm9uY2Utbm9uY2Utbm9uY2Utbm9uY2Utbm9uY2Utbm9uY2U=";

const folder = ownFolder();
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});
const site = setUp(new PublicSite());
const dialog = new Dialog(DEBIAN_ROOT + PERSON);
let debian: BootedDebian;
let browser: Browser;
let emulator: Program;

beforeAll(async () => {
  await install("kazashi-bridge", "kazashi-portal");
  await run(onDebian("apt-get", "install", "--yes", "vsmartcard-vpcd"));
  await prepareBridge();
  await preparePortal();
  debian = await BootedDebian.boot(folder);
  browser = await launchChromium(
    folder,
    ["--ignore-certificate-errors", ...site.chromiumArguments],
    { user: ID },
  );
}, PATIENCE);

afterAll(async () => {
  await browser?.close();
  await emulator?.stop();
  await debian?.stop();
}, PATIENCE);

test("the bridge starts with the desktop of a user, and a page signs in", async () => {
  await debian.run("systemctl", "start", `user@${ID}`);
  await asUser("systemctl", "--user", "set-environment", DIALOG);
  expect(await bridgeIs()).toBe("inactive");
  await startDesktop();
  expect(await bridgeIs()).toBe("active");

  const card = join(folder, "card");
  await writeCard(card, "normal");
  const holder = [programs.emulator, "run", "--image", card];
  emulator = await Program.ready("emulator", holder, "ready", { folder });
  await vi.waitFor(async () => {
    const doctor = ["kazashi-bridge", "doctor", "--origin", site.origin];
    expect(await asUser("env", DIALOG, ...doctor)).toMatch(/^ok: /);
  }, 20_000);

  dialog.type("1234");
  const page = await openPage();
  const script = "return await card.authenticate({ nonce: given.nonce });";
  expect(await withCard(page, script, { nonce: NONCE })).toMatchObject({ format: "web-eid:1.0" });
  expect(dialog.shown).toContain(site.origin);
});

test("a bridge that is killed is there again, and ends with the desktop", async () => {
  const restarts = ["systemctl", "--user", "show", "--property=NRestarts", "kazashi-bridge"];
  expect(await asUser(...restarts)).toBe("NRestarts=0\n");
  await asUser("systemctl", "--user", "kill", "--signal=KILL", "kazashi-bridge");
  await vi.waitFor(async () => {
    expect(await asUser(...restarts)).toBe("NRestarts=1\n");
    expect(await bridgeIs()).toBe("active");
  }, 20_000);
  await asUser("systemctl", "--user", "stop", "desktop");
  await vi.waitFor(async () => expect(await bridgeIs()).toBe("inactive"), 20_000);
});

test("the portal starts with the machine, writes to its own folder, and is there again when killed", async () => {
  await debian.run("systemctl", "enable", "--now", "kazashi-portal");
  await vi.waitFor(async () => expect(await statusOf("/ready")).toBe(200), 20_000);
  const owner = ["stat", "--format=%a %U", "/var/lib/kazashi-portal"];
  expect(await debian.run(...owner)).toBe("700 kazashi-portal\n");

  await debian.run("systemctl", "kill", "--signal=KILL", "kazashi-portal");
  await vi.waitFor(async () => {
    const shown = await debian.run("systemctl", "show", "--property=NRestarts", "kazashi-portal");
    expect(shown).toBe("NRestarts=1\n");
    expect(await statusOf("/ready")).toBe(200);
  }, 20_000);
});

/** Allows the site, and has the bridge ask a person who is in the tests. */
async function prepareBridge(): Promise<void> {
  copyFileSync(programs.scriptedPinentry, `${DEBIAN_ROOT}/usr/local/bin/scripted-pinentry`);
  mkdirSync(`${DEBIAN_ROOT}/etc/kazashi`, { recursive: true });
  writeFileSync(
    `${DEBIAN_ROOT}/etc/kazashi/bridge.toml`,
    `pinentry = "/usr/local/bin/scripted-pinentry"
[[origin]]
origin = "${site.origin}"
scopes = ["events", "authenticate"]
`,
  );
  // systemd knows of no seat here, at which polkit would let somebody use readers.
  writeFileSync(`${DEBIAN_ROOT}/etc/default/pcscd`, `PCSCD_ARGS=${DEBIAN.pcscd.join(" ")}\n`);
  await run(onDebian("useradd", "--create-home", `--uid=${ID}`, USER));
  const make = `install -d -o ${USER} -g ${USER} -m 700`;
  await run(
    onDebian("sh", "-ec", `cd /home/${USER}; ${make} .local .local/state ${STATE} ${PERSON}`),
  );
}

async function preparePortal(): Promise<void> {
  await certify(folder);
  const authority = inProject("vectors/certificates/user-authentication-ca.der");
  for (const file of [join(folder, "site.key"), join(folder, "site.crt"), authority]) {
    copyFileSync(file, `${DEBIAN_ROOT}${ETC}/${file.split("/").at(-1)}`);
  }
  appendFileSync(
    `${DEBIAN_ROOT}${ETC}/portal.toml`,
    `origin = "https://portal.example"
address = "0.0.0.0"
port = 443
tls-certificate = "${ETC}/site.crt"
tls-key = "${ETC}/site.key"
authorities = ["${ETC}/user-authentication-ca.der"]
accept-test-hierarchy = true
`,
  );
  const script = `cd ${ETC}; head -c 32 /dev/urandom > pairwise.key
    chgrp kazashi-portal pairwise.key site.key; chmod 640 pairwise.key site.key`;
  await run(onDebian("sh", "-ec", script));
}

/** Starts a desktop, as far as the target says that there is one. */
async function startDesktop(): Promise<void> {
  const isDesktop = ["BindsTo", "Before"].map((is) => `--property=${is}=graphical-session.target`);
  await asUser("systemd-run", "--user", "--unit=desktop", ...isDesktop, "sleep", "infinity");
  await vi.waitFor(async () => expect(await bridgeIs()).toBe("active"), 20_000);
}

async function bridgeIs(): Promise<string> {
  const shown = await asUser(
    "systemctl",
    "--user",
    "show",
    "--property=ActiveState",
    "kazashi-bridge",
  );
  return shown.trim().replace("ActiveState=", "");
}

async function asUser(...command: string[]): Promise<string> {
  return await debian.runAs(USER, ID, ...command);
}

async function openPage(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(site.page());
  await permit(page, "granted");
  return page;
}

function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host: "portal.example" }, rejectUnauthorized: false };
    get(`https://127.0.0.1${path}`, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}
