import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { Desk } from "../harness/desk.ts";
import { look } from "../harness/look.ts";
import { workFolder } from "../harness/paths.ts";
import { PortalSession } from "../harness/portal-session.ts";
import { Postgres } from "../harness/postgres.ts";
import { Reception } from "../harness/reception.ts";

// PostgreSQL is killed under the portal in the middle of visits, and started again. The portal's server
// runs all the while. After each test, what is recorded is what the desks have shown, each visit once.

const NAME = "portal-database";

let postgres: Postgres;
let reception: Reception;
/** The visits that a desk has shown as recorded. */
const shown: string[] = [];

beforeAll(async () => {
  postgres = await Postgres.start(`${workFolder(NAME)}-behind`);
  reception = await Reception.start({ name: NAME, database: postgres.url });
});
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
  expect(reception.server?.ended).toBe(false);
  const recorded = await reception.visits();
  expect(recorded.map(({ id }) => id).reverse()).toEqual(shown);
  expect(recorded.map(({ number }) => number).reverse()).toEqual(shown.map((_, at) => at + 1));
  expect(await retriesLeft(reception.card)).toBe(3);
});
afterAll(async () => {
  await reception?.stop();
  await postgres?.stop();
});

/** Opens a desk at which there is the card. */
async function openDesk(): Promise<Desk> {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await reception.insertCard();
  return desk;
}

/** Goes on until the dialog asks for the PIN. */
async function untilThePin(desk: Desk): Promise<void> {
  const asked = reception.pinentry.dialogs;
  await desk.press("暗証番号で受付");
  await desk.press("進む");
  await reception.pinentry.asked(asked + 1);
}

/** The desk shows that a visit is recorded: one that it has not shown before. */
async function received(desk: Desk): Promise<void> {
  const id = await desk.page.locator(".big-number").getAttribute("data-visit");
  expect(shown).not.toContain(id);
  shown.push(id ?? "");
}

test("while the visitor chooses, and one press goes on when it is back", async () => {
  const desk = await openDesk();
  await desk.press("暗証番号で受付");
  await desk.shows("お伝えいただく内容");
  await postgres.kill();
  await desk.press("進む");
  expect(await desk.trouble("unavailable")).toContain("サーバーが一時的に応答できません");
  await look(desk.page, "database-unavailable");
  await postgres.startAgain();
  await desk.press("もう一度試す");
  await untilThePin(desk);
  reception.pinentry.type("1234");
  await received(desk);
});

test("while the PIN is asked for, and the visit goes on by itself when it is back", async () => {
  const board = await reception.open("board");
  await board.locator("tbody tr").waitFor();
  const desk = await openDesk();
  await untilThePin(desk);
  await postgres.kill();
  reception.pinentry.type("1234");
  await desk.shows("サーバーの応答を待っています");
  expect(await desk.page.textContent("main")).toContain("二重に記録されることはありません");
  await postgres.startAgain();
  await received(desk);
  await board.locator("tbody tr").nth(1).waitFor();
});

// In milliseconds after the request was sent. Whether it got as far as the database is left to chance.
test.each([0, 10, 40])("%i ms after the visit was sent, which is sent again", async (delay) => {
  const desk = await openDesk();
  await desk.page.route(
    "**/api/desk/visits",
    async (route) => {
      void route.continue();
      await setTimeout(delay);
      await postgres.kill();
      await postgres.startAgain();
    },
    { times: 1 },
  );
  await untilThePin(desk);
  reception.pinentry.type("1234");
  await received(desk);
});

test("when the visit is recorded, though its answer is lost", async () => {
  const desk = await openDesk();
  let status = 0;
  await desk.page.route(
    "**/api/desk/visits",
    async (route) => {
      status = (await route.fetch()).status();
      await postgres.kill();
      await route.abort();
    },
    { times: 1 },
  );
  await untilThePin(desk);
  reception.pinentry.type("1234");
  await desk.shows("サーバーの応答を待っています");
  expect(status).toBe(201);
  await postgres.startAgain();
  await received(desk);
});

test("while the staff compare the photo, and their decision is recorded once when it is back", async () => {
  const desk = await openDesk();
  await desk.press("顔写真を見て受付");
  await desk.typeFace();
  await desk.press("券面を読み取る");
  await desk.shows("見比べて");
  await postgres.kill();
  await desk.press("本人と一致する");
  await desk.shows("サーバーの応答を待っています");
  expect(await desk.page.textContent("main")).toContain("カードは置いたまま");
  await look(desk.page, "database-decision-waits");
  await postgres.startAgain();
  await received(desk);
  const { entries } = (await reception.ask("/api/board/audit")).body;
  const actions = entries.map(({ action }: { action: string }) => action);
  expect(actions.filter((action: string) => action === "check-match")).toHaveLength(1);
});

test("while a card is remembered, whose visits go on when it is back", async () => {
  const desk = await openDesk();
  await desk.askToBeRemembered();
  await desk.typeBirthDate();
  const asked = reception.pinentry.dialogs;
  await desk.press("進む");
  await reception.pinentry.asked(asked + 1);
  await postgres.kill();
  reception.pinentry.type("1234");
  await desk.shows("サーバーの応答を待っています");
  await postgres.startAgain();
  await received(desk);
  await desk.press("次の方へ");
  await reception.removeCard();
  await desk.isReady();

  await postgres.kill();
  await reception.insertCard();
  await desk.trouble("unavailable");
  await postgres.startAgain();
  await desk.press("もう一度試す");
  await received(desk);
});

test("at the gate the list decides meanwhile, and the entry is sent once", async () => {
  const session = await PortalSession.signedIn(reception.origin);
  const subject = (await session.subjects()).at(-1);
  const event = await session.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
  const gate = await reception.open("gate");
  await gate.click("form .button.primary");
  await gate.locator(".gate-server[data-state=up]").waitFor();
  await postgres.kill();
  await reception.insertCard();
  await gate.locator(".gate-result[data-tone=provisional]").waitFor();
  await postgres.startAgain();
  await gate.locator(".gate-server[data-state=up]").waitFor();
  await gate.locator(".gate-count[data-kind=waiting] dd", { hasText: /^0$/ }).waitFor();
  const { events } = (await session.get("/api/gate/events")).body;
  expect(events).toMatchObject([{ id: event, tickets: 1, admitted: 1 }]);
});

test("while the holder's data is being deleted, which is done once", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await desk.press("登録した情報を削除する");
  await reception.insertCard();
  await desk.shows("この施設に保存した情報を削除します");
  await desk.page.route(
    "**/api/desk/deletions",
    async (route) => {
      await postgres.kill();
      await route.continue();
    },
    { times: 1 },
  );
  await desk.press("削除する");
  await desk.shows("サーバーの応答を待っています");
  await postgres.startAgain();
  await desk.shows("削除しました");
  expect(await desk.page.textContent("main")).toContain(`${shown.length}件の受付`);
  const { entries } = (await reception.ask("/api/board/audit")).body;
  const actions = entries.map(({ action }: { action: string }) => action);
  expect(actions.filter((action: string) => action === "visitor-forgotten")).toHaveLength(1);
});
