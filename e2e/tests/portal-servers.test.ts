import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Balancer } from "../harness/balancer.ts";
import { bridgeKey } from "../harness/bridge.ts";
import { Desk } from "../harness/desk.ts";
import { workFolder } from "../harness/paths.ts";
import { ACCOUNT, startPortalServer } from "../harness/portal-server.ts";
import { PortalSession } from "../harness/portal-session.ts";
import { Postgres } from "../harness/postgres.ts";
import type { Program } from "../harness/program.ts";
import { Reception } from "../harness/reception.ts";
import { freePort } from "../harness/sign-in.ts";

// Two servers of the portal on one PostgreSQL, behind a balancer that brings each request to the one
// that did not have the last: to staff and visitors they are one server. The tests follow each other as
// the visits of a day.

const behind = workFolder("portal-servers-behind");
const server = ["--trusted-proxy=127.0.0.1"];

let balancer: Balancer;
let postgres: Postgres;
let reception: Reception;
let otherPort: number;
let otherServer: Program;
let session: PortalSession;

beforeAll(async () => {
  balancer = await Balancer.start();
  postgres = await Postgres.start(behind);
  const [database, origin, port] = [postgres.url, balancer.origin, await freePort()];
  otherPort = await freePort();
  balancer.servers.push(port, otherPort);
  const name = "portal-servers";
  // While the other is not there, the balancer passes it over.
  reception = await Reception.start({ name, database, origin, port, server });
  await startOtherServer();
  session = await PortalSession.signedIn(origin);
});
afterAll(async () => {
  await reception?.stop();
  await otherServer?.stop();
  balancer?.stop();
  await postgres?.stop();
});

async function startOtherServer(): Promise<void> {
  const args = [`--bridge=desk=${await bridgeKey(reception.folder)}`, ...server];
  const { database, origin } = reception;
  otherServer = await startPortalServer({
    folder: behind,
    port: otherPort,
    database,
    origin,
    args,
  });
}

/** How many requests each server has answered. */
function answered(): number[] {
  return balancer.servers.map((port) => balancer.answered.get(port) ?? 0);
}

test("who is signed in at one is signed in at the other", async () => {
  const before = answered();
  for (const _ of balancer.servers) {
    const { body } = await session.get("/api/session");
    expect(body.account.name).toBe(ACCOUNT.name);
  }
  expect(answered()).toEqual(before.map((count) => count + 1));
});

test("a visit whose nonces, signature and record are of different servers is received", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await reception.insertCard();
  await desk.press("暗証番号で受付");
  await desk.tick("生年月日");
  await desk.page.locator("[name=remember]").check();
  reception.pinentry.type("1234");
  reception.pinentry.type("1234");
  await desk.press("進む");
  expect(await desk.number()).toBe(1);
  await reception.removeCard();
});

test("visits at both have the numbers of one day, and each server's board tells of all", async () => {
  const watching = new AbortController();
  onTestFinished(() => watching.abort());
  const boards = await Promise.all(
    balancer.servers.map((port) => session.watch(port, watching.signal)),
  );
  const desk = await new Desk(await reception.open("desk")).isReady();
  for (const number of [2, 3, 4]) {
    await reception.insertCard();
    await desk.page.locator(".big-number", { hasText: `${number}` }).waitFor();
    await reception.removeCard();
  }
  for (const events of boards) {
    await expect.poll(() => events.map(({ data }) => data.number)).toEqual([2, 3, 4]);
  }
});

test("when one is killed, desk and board go on with the other", async () => {
  const board = await reception.open("board");
  await board.locator(".board-state[data-live=true]").waitFor();
  const desk = await new Desk(await reception.open("desk")).isReady();
  const lives = async (number: number) => {
    await reception.insertCard();
    await desk.page.locator(".big-number", { hasText: `${number}` }).waitFor();
    await board.locator("tbody th", { hasText: `${number}` }).waitFor();
    await reception.removeCard();
  };
  // The board's stream is of one of the two.
  await otherServer.kill();
  await lives(5);
  await startOtherServer();
  await reception.server?.kill();
  await lives(6);
  await reception.startServer();
});

test("a ticket admits once, though both are asked at the same time", async () => {
  const [subject] = await session.subjects();
  const event = await session.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
  const gate = await reception.open("gate");
  await gate.click("form .button.primary");
  await gate.locator(".gate-server[data-state=up]").waitFor();
  const statuses: number[] = [];
  await gate.route("**/entries", async (route) => {
    const [answer, again] = await Promise.all([route.fetch(), route.fetch()]);
    statuses.push(answer.status(), again.status());
    expect(await again.json()).toEqual(await answer.json());
    await route.fulfill({ response: answer });
  });
  await reception.insertCard();
  await gate.locator(".gate-result[data-tone=admitted]").waitFor();
  expect(statuses.toSorted()).toEqual([200, 201]);
  await reception.removeCard();
  await reception.insertCard();
  await gate.locator(".gate-result[data-tone=refused]").waitFor();
  const { events } = (await session.get("/api/gate/events")).body;
  expect(events).toMatchObject([{ id: event, tickets: 1, admitted: 1 }]);
});

test("attempts to sign in are counted at both together", async () => {
  const guest = await PortalSession.open(balancer.origin);
  const statuses = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    statuses.push((await guest.signIn({ name: "nobody", password: "not the password" })).status);
  }
  expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
});
