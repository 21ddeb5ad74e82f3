import { beforeAll, expect, onTestFinished, test } from "vitest";
import { freePort } from "../ports.ts";
import type { Program } from "../program.ts";
import { setUp } from "../set-up.ts";
import { Balancer } from "./reception/balancer.ts";
import { REMEMBERED } from "./reception/desk.ts";
import { setUpReception } from "./reception/reception.ts";
import { ACCOUNT } from "./reception/server.ts";
import { PortalSession } from "./reception/session.ts";

// Two servers of the portal on one PostgreSQL, behind a balancer that brings each request to the one
// that did not have the last: to staff and visitors they are one server. The tests follow each other as
// the visits of a day.

const balancer = setUp(new Balancer());
const server = ["--trusted-proxy=127.0.0.1"];
const reception = setUpReception({ database: "postgres", balancer, server });
const { workstation } = reception;
let otherPort: number;
let otherServer: Program;

beforeAll(async () => {
  // Till now the balancer had one to bring everything to.
  otherPort = await freePort();
  otherServer = await reception.startServerAt(otherPort);
});

/** How many requests each server has answered. */
function answered(): number[] {
  return balancer.servers.map((port) => balancer.answered.get(port) ?? 0);
}

test("who is signed in at one is signed in at the other", async () => {
  const before = answered();
  for (const _ of balancer.servers) {
    const { body } = await reception.staff.get("/api/session");
    expect(body.account.name).toBe(ACCOUNT.name);
  }
  expect(answered()).toEqual(before.map((count) => count + 1));
});

test("a visit whose nonces, signature and record are of different servers is received", async () => {
  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234", "1234");
  await desk.choosePin("生年月日", REMEMBERED);
  expect(await desk.number()).toBe(1);
  await workstation.removeCard();
});

test("visits at both have the numbers of one day, and each server's board tells of all", async () => {
  const watching = new AbortController();
  onTestFinished(() => watching.abort());
  const boards = await Promise.all(
    balancer.servers.map((port) => reception.staff.watch(port, watching.signal)),
  );
  const desk = await reception.openDesk();
  for (const number of [2, 3, 4]) {
    await workstation.insertCard();
    await desk.page.locator(".big-number", { hasText: `${number}` }).waitFor();
    await workstation.removeCard();
  }
  for (const events of boards) {
    await expect.poll(() => events.map(({ data }) => data.number)).toEqual([2, 3, 4]);
  }
});

test("when one is killed, desk and board go on with the other", async () => {
  const board = await reception.open("board");
  await board.locator(".board-state[data-live=true]").waitFor();
  const desk = await reception.openDesk();
  const lives = async (number: number) => {
    await workstation.insertCard();
    await desk.page.locator(".big-number", { hasText: `${number}` }).waitFor();
    await board.locator("tbody th", { hasText: `${number}` }).waitFor();
    await workstation.removeCard();
  };
  // The board's stream is of one of the two.
  await otherServer.kill();
  await lives(5);
  otherServer = await reception.startServerAt(otherPort);
  await reception.server.kill();
  await lives(6);
  await reception.startServer();
});

test("a ticket admits once, though both are asked at the same time", async () => {
  const [subject] = await reception.staff.subjects();
  const event = await reception.staff.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
  const gate = await reception.openGate();
  const statuses: number[] = [];
  await gate.page.route("**/entries", async (route) => {
    const [answer, again] = await Promise.all([route.fetch(), route.fetch()]);
    statuses.push(answer.status(), again.status());
    expect(await again.json()).toEqual(await answer.json());
    await route.fulfill({ response: answer });
  });
  await workstation.insertCard();
  await gate.shows("admitted");
  expect(statuses.toSorted()).toEqual([200, 201]);
  await workstation.removeCard();
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await reception.staff.events()).toMatchObject([{ id: event, tickets: 1, admitted: 1 }]);
});

test("attempts to sign in are counted at both together", async () => {
  const guest = await PortalSession.open(balancer.origin);
  const statuses = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    statuses.push((await guest.signIn({ name: "nobody", password: "not the password" })).status);
  }
  expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
});
