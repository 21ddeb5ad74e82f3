// The portal on Windows: a page and its server from one program, and a database in a file, with a path of
// Windows. From nothing to staff who are signed in.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProject, ownFolder } from "../paths.ts";
import { addAccount, startPortalServer } from "../portal/reception/server.ts";
import { PortalSession } from "../portal/reception/session.ts";
import { freePort } from "../ports.ts";
import type { Program } from "../program.ts";
import { WINDOWS } from "../workstation/wine.ts";

// It is forgotten with the machine.
const database = "sqlite:C:\\users\\Public\\portal.db";
const folder = ownFolder();
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
let server: Program;

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await addAccount(folder, database, WINDOWS);
  const check = { port, database, args: ["--check"] };
  await (await startPortalServer(folder, check, WINDOWS)).finish();
  server = await startPortalServer(folder, { port, database }, WINDOWS);
});

afterAll(() => server?.stop());

test("the page comes out of the program", async () => {
  const built = (file: string) =>
    readFileSync(inProject(`examples/reception-portal/page/dist/${file}`), "utf8");
  const served = async (path: string) => await (await fetch(origin + path)).text();
  const page = built("index.html");
  expect(await served("/desk")).toBe(page);
  const [, script = ""] = /src="(\/assets\/[^"]+\.js)"/.exec(page) ?? [];
  expect(await served(script)).toBe(built(script));
});

test("staff sign in, and what they entered outlives a server that is killed", async () => {
  const staff = await PortalSession.signedIn(origin);
  const id = await staff.newEvent("春の催し", `ticket,subject\nA-1,${"A".repeat(43)}\n`);
  await server.kill();
  server = await startPortalServer(folder, { port, database }, WINDOWS);
  const events = await (await PortalSession.signedIn(origin)).events();
  expect(events).toMatchObject([{ id, name: "春の催し", tickets: 1, admitted: 0 }]);
});
