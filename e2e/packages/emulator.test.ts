// The package of the emulator: a software card on the reader that comes with it, and back.

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ownFolder } from "../paths.ts";
import { Program, run } from "../program.ts";
import { DEBIAN, onDebian } from "../workstation/debian.ts";
import { CARD_NOTICED } from "../workstation/pcscd.ts";
import { install, ours, purge } from "./apt.ts";

const PATIENCE = 300_000;
vi.setConfig({ testTimeout: PATIENCE });

const folder = ownFolder();
const CARD = "/root/card";
const started: Program[] = [];
let before: string[];

beforeAll(async () => {
  before = await ours();
  await install("kazashi-emulator");
}, PATIENCE);

afterAll(async () => {
  for (const program of started.reverse()) await program.stop();
});

test("its manual has a page for each command", async () => {
  for (const page of ["kazashi-emulator", "kazashi-emulator-new", "kazashi-emulator-run"]) {
    expect(await ours()).toContain(`/usr/share/man/man1/${page}.1.gz`);
  }
});

test("pcscd sees its card on the reader that came with it", async () => {
  const made = await run(onDebian("kazashi-emulator", "new", CARD));
  expect(made).toContain("user authentication PIN");

  const service = onDebian("pcscd", "--foreground", "--info", ...DEBIAN.pcscd);
  const pcscd = Program.start("pcscd", service, { folder });
  started.push(pcscd);
  await pcscd.says("daemon ready");
  const holder = onDebian("kazashi-emulator", "run", "--image", CARD);
  started.push(await Program.ready("emulator", holder, "ready", { folder, env: DEBIAN.env }));
  await pcscd.says(CARD_NOTICED);
});

test("purged, it leaves nothing", async () => {
  await purge("kazashi-emulator");
  expect(await ours()).toEqual(before);
});
