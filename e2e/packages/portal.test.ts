// The package of the portal: installed, configured as its file says, run as its unit would, and purged.

import { appendFileSync, copyFileSync, mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DEBIAN_ROOT, inProject, ownFolder } from "../paths.ts";
import { Program, run } from "../program.ts";
import { onDebian } from "../workstation/debian.ts";
import { install, ours, purge } from "./apt.ts";

const PATIENCE = 300_000;
vi.setConfig({ testTimeout: PATIENCE });

const ETC = "/etc/kazashi-portal";
const STATE = "/var/lib/kazashi-portal";
const folder = ownFolder();
let before: string[];
let portal: Program | undefined;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  before = await ours();
  await install("kazashi-portal");
}, PATIENCE);

afterAll(() => portal?.stop());

test("its configuration is for administrators and for the portal alone", async () => {
  const folder = await run(onDebian("stat", "--format=%a %U %G", ETC));
  expect(folder).toBe("750 root kazashi-portal\n");
  expect(await run(onDebian("ls", ETC))).toBe("portal.toml\n");
});

test("as it comes, it says what it wants", async () => {
  await expect(run(asUnit("--check"))).rejects.toThrow(`${ETC}/pairwise.key`);
});

test("configured as its file says, it serves", async () => {
  await run(onDebian("sh", "-c", `head -c 32 /dev/urandom > ${ETC}/pairwise.key`));
  const authority = `${ETC}/user-authentication-ca.cer`;
  copyFileSync(
    inProject("vectors/certificates/user-authentication-ca.der"),
    DEBIAN_ROOT + authority,
  );
  const options = `authorities = ["${authority}"]\naccept-test-hierarchy = true\n`;
  appendFileSync(`${DEBIAN_ROOT}${ETC}/portal.toml`, options);

  portal = await Program.ready("portal", asUnit(), "serving http", { folder });
  expect((await fetch("http://127.0.0.1:8080/ready")).status).toBe(200);
  expect(await run(onDebian("ls", STATE))).toContain("kazashi-portal.db");
  await portal.stop();
});

test("purged, it leaves what a person wrote and nothing else", async () => {
  await purge("kazashi-portal");
  const written = [ETC, `${ETC}/pairwise.key`, `${ETC}/user-authentication-ca.cer`];
  expect(await ours()).toEqual([...before, ...written].sort());
});

/** The command of the unit, by its user and in its folder. */
function asUnit(...args: string[]): string[] {
  const script = `
    cd ${STATE}
    command=$(sed -n s/^ExecStart=//p /lib/systemd/system/kazashi-portal.service)
    exec setpriv --reuid=kazashi-portal --regid=kazashi-portal --clear-groups $command "$@"`;
  return onDebian("sh", "-ec", script, "sh", ...args);
}
