// The packages of bridge and portal on one machine, set up as docs/deployment.md says and started by systemd:
// staff open a desk, and visitors are received.

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:https";
import { basename, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { launchChromium } from "../chromium.ts";
import { DEBIAN_ROOT, inProject, ownFolder, programs } from "../paths.ts";
import { Desk, REMEMBERED } from "../portal/reception/desk.ts";
import { enterAccount, SCOPES, WINDOW } from "../portal/reception/reception.ts";
import { ACCOUNT } from "../portal/reception/server.ts";
import { Program, run } from "../program.ts";
import { certify, onTheInternet } from "../public-site.ts";
import { CARD_SURFACE_ROOT, writePublicKey } from "../trust.ts";
import { writeCard } from "../workstation/card.ts";
import { DEBIAN, onDebian } from "../workstation/debian.ts";
import { Dialog } from "../workstation/dialog.ts";
import { install } from "./apt.ts";
import { BootedDebian } from "./booted-debian.ts";

const PATIENCE = 300_000;
vi.setConfig({ testTimeout: PATIENCE });

const ORIGIN = "https://portal.example";
const ETC = "/etc/kazashi-portal";

/** Who sits at the machine. */
const USER = "desk";
const ID = 1000;
const STATE = `/home/${USER}/.local/state/kazashi`;
/** Where the dialog that asks for PINs finds the person: in what the bridge may write. */
const PERSON = `${STATE}/person`;
const DIALOG = `KAZASHI_E2E_DIALOG=${PERSON}`;

/** By which Chromium lets the portal's page reach the bridge, without asking. */
const POLICY = "/etc/chromium/policies/managed/kazashi.json";

const folder = ownFolder();
const dialog = new Dialog(DEBIAN_ROOT + PERSON);
let debian: BootedDebian;
let browser: Browser;
let emulator: Program | undefined;
let desk: Desk;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await install("kazashi-bridge", "kazashi-portal");
  // The reader's driver, which comes with the hardware.
  await run(onDebian("apt-get", "install", "--yes", "vsmartcard-vpcd"));
  await setUpWorkstation();
  await setUpServer();
  debian = await BootedDebian.boot(folder);
  const args = ["--ignore-certificate-errors", ...onTheInternet(443)];
  const administrator = `install -D -m 644 ${DEBIAN_ROOT}${POLICY} ${POLICY}`;
  browser = await launchChromium(folder, args, { user: ID, administrator });
}, PATIENCE);

afterAll(async () => {
  await browser?.close();
  await emulator?.stop();
  await debian?.stop();
}, PATIENCE);

test("the portal starts with the machine", async () => {
  await debian.run("systemctl", "enable", "--now", "kazashi-portal");
  await vi.waitFor(async () => expect(await statusOf("/ready")).toBe(200), 20_000);
});

test("the bridge starts with the desktop of a user", async () => {
  await debian.run("systemctl", "start", `user@${ID}`);
  await asUser("systemctl", "--user", "set-environment", DIALOG);
  expect(await bridgeIs()).toBe("inactive");
  const isDesktop = ["BindsTo", "Before"].map((is) => `--property=${is}=graphical-session.target`);
  await asUser("systemd-run", "--user", "--unit=desktop", ...isDesktop, "sleep", "infinity");
  await vi.waitFor(async () => expect(await bridgeIs()).toBe("active"), 20_000);
});

test("staff open a desk, and the browser asks nothing", async () => {
  const page = await browser.newPage(WINDOW);
  await page.goto(ORIGIN);
  await enterAccount(page);
  await page.getByRole("link", { name: "受付窓口" }).click();
  desk = await new Desk(page).isReady();
});

test("a visitor without a PIN is received by eye, as the institution", async () => {
  await insertCard("without-pins");
  await desk.readFace();
  await desk.recognise();
  expect(await desk.number()).toBe(1);
});

test("a visitor is received with the PIN, and the card is remembered", async () => {
  await removeCard();
  await insertCard("normal");
  await desk.choosePin(REMEMBERED);
  await desk.shows("生年月日を入力");
  await desk.typeBirthDate();
  dialog.type("1234");
  await desk.press("進む");
  await desk.page.locator(".big-number", { hasText: "2" }).waitFor();
  expect(dialog.shown).toContain(ORIGIN);
});

test("a card that is known is received at once", async () => {
  await removeCard();
  await insertCard("normal");
  await desk.page.locator(".big-number", { hasText: "3" }).waitFor();
});

test("doctor finds nothing in the way", async () => {
  expect(await doctor()).toMatch(/^ok: Cards can be used\.\nnote: By policy, Chromium/);
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

test("a portal that is killed is there again, with what it kept in a folder of its own", async () => {
  const state = ["stat", "--format=%a %U", "/var/lib/kazashi-portal"];
  expect(await debian.run(...state)).toBe("700 kazashi-portal\n");
  await debian.run("systemctl", "kill", "--signal=KILL", "kazashi-portal");
  await vi.waitFor(async () => {
    const shown = await debian.run("systemctl", "show", "--property=NRestarts", "kazashi-portal");
    expect(shown).toBe("NRestarts=1\n");
    expect(await statusOf("/ready")).toBe(200);
  }, 20_000);
});

/** What an administrator does on the workstation; and the dialog is a person who is in the tests. */
async function setUpWorkstation(): Promise<void> {
  await onMachine(`
    useradd --create-home --uid=${ID} ${USER}
    kazashi-bridge machine allow-in-browsers ${ORIGIN}
    install -d /etc/kazashi
    cd /home/${USER}
    install -d -o ${USER} -g ${USER} -m 700 .local .local/state ${STATE} ${PERSON}`);
  const dialogProgram = "/usr/local/bin/scripted-pinentry";
  copyFileSync(programs.scriptedPinentry, DEBIAN_ROOT + dialogProgram);
  writeFileSync(
    `${DEBIAN_ROOT}/etc/kazashi/bridge.toml`,
    `pinentry = "${dialogProgram}"
[[origin]]
origin = "${ORIGIN}"
scopes = ${JSON.stringify(SCOPES)}
`,
  );
  // systemd knows of no seat here, at which polkit would let somebody use readers.
  writeFileSync(`${DEBIAN_ROOT}/etc/default/pcscd`, `PCSCD_ARGS=${DEBIAN.pcscd.join(" ")}\n`);
}

/** What an administrator does on the server. */
async function setUpServer(): Promise<void> {
  await certify(folder);
  writePublicKey(folder, "card-surface-authority");
  const own = ["site.crt", "site.key", "card-surface-authority.pem"].map((it) => join(folder, it));
  const vectors = [
    ...["certificates/user-authentication-ca.der", "keys/terminal.pem"],
    ...["cv-certificates/terminal-intermediate.cv", "cv-certificates/terminal.cv"],
  ].map((it) => inProject(`vectors/${it}`));
  for (const file of [...own, ...vectors]) {
    copyFileSync(file, `${DEBIAN_ROOT}${ETC}/${basename(file)}`);
  }
  const bridge = await onMachine(`runuser -u ${USER} -- kazashi-bridge enrol --state ${STATE}`);
  appendFileSync(
    `${DEBIAN_ROOT}${ETC}/portal.toml`,
    `origin = "${ORIGIN}"
address = "0.0.0.0"
port = 443
tls-certificate = "${ETC}/site.crt"
tls-key = "${ETC}/site.key"
authorities = ["${ETC}/user-authentication-ca.der"]
accept-test-hierarchy = true
card-surface-root = ["${CARD_SURFACE_ROOT}=${ETC}/card-surface-authority.pem"]
terminal-certificate = ["${ETC}/terminal-intermediate.cv", "${ETC}/terminal.cv"]
terminal-key = "${ETC}/terminal.pem"
bridge = ["desk-1=${bridge.trim()}"]
`,
  );
  const portal = "runuser -u kazashi-portal -- kazashi-portal";
  await onMachine(`
    cd ${ETC}
    head -c 32 /dev/urandom > pairwise.key
    chgrp kazashi-portal *
    chmod 640 *
    cd /var/lib/kazashi-portal
    ${portal} serve --config ${ETC}/portal.toml --check
    echo '${ACCOUNT.password}' | ${portal} account add ${ACCOUNT.name} --role administrator`);
}

/** What root types there before it has booted. */
async function onMachine(commands: string): Promise<string> {
  return await run(onDebian("sh", "-ec", commands));
}

async function asUser(...command: string[]): Promise<string> {
  return await debian.runAs(USER, ID, ...command);
}

async function bridgeIs(): Promise<string> {
  const property = "--property=ActiveState";
  const shown = await asUser("systemctl", "--user", "show", property, "kazashi-bridge");
  return shown.trim().replace("ActiveState=", "");
}

/** Puts a new card of some kind on the reader; it is there until it is removed. */
async function insertCard(kind: string): Promise<void> {
  const card = join(folder, kind);
  if (!existsSync(card)) await writeCard(card, kind);
  const holder = [programs.emulator, "run", "--image", card];
  emulator = await Program.ready("emulator", holder, "ready", { folder });
}

/** Takes the card off, and waits until that was noticed: the next one would be taken for it. */
async function removeCard(): Promise<void> {
  await emulator?.stop();
  emulator = undefined;
  await vi.waitFor(async () => expect(await doctor()).toMatch(/^no-smartcard: /), 20_000);
}

async function doctor(): Promise<string> {
  const command = ["env", DIALOG, "kazashi-bridge", "doctor", "--origin", ORIGIN];
  // Whatever it finds, it says on standard output.
  return await asUser(...command).catch((error) => error.stdout);
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
