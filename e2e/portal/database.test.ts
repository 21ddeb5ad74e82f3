import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { REMEMBERED } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";
import { setUpShownVisits } from "./reception/shown-visits.ts";

// PostgreSQL is killed under the portal in the middle of visits, and started again. The portal's server
// runs all the while. After each test, what is recorded is what the desks have shown, each visit once.

const reception = setUpReception({ database: "postgres" });
const { workstation } = reception;
const shown = setUpShownVisits(reception);

test("while the visitor chooses, and one press goes on when it is back", async () => {
  const desk = await reception.openDeskForHolder();
  await desk.press("暗証番号で受付");
  await desk.shows("お伝えいただく内容");
  await reception.postgres.kill();
  await desk.press("進む");
  expect(await desk.trouble("unavailable")).toContain("サーバーが一時的に応答できません");
  await look(desk.page, "database-unavailable");
  await reception.postgres.startAgain();
  await desk.press("もう一度試す");
  await reception.untilThePin(desk);
  workstation.dialog.type("1234");
  await shown.add(desk);
});

test("while the PIN is asked for, and the visit goes on by itself when it is back", async () => {
  const board = await reception.open("board");
  await board.locator("tbody tr").waitFor();
  const desk = await reception.openDeskForHolder();
  await reception.untilThePin(desk);
  await reception.postgres.kill();
  workstation.dialog.type("1234");
  await desk.shows("サーバーの応答を待っています");
  expect(await desk.page.textContent("main")).toContain("二重に記録されることはありません");
  await reception.postgres.startAgain();
  await shown.add(desk);
  await board.locator("tbody tr").nth(1).waitFor();
});

// In milliseconds after the request was sent. Whether it got as far as the database is left to chance.
test.each([0, 10, 40])("%i ms after the visit was sent, which is sent again", async (delay) => {
  const desk = await reception.openDeskForHolder();
  await desk.page.route(
    "**/api/desk/visits",
    async (route) => {
      void route.continue();
      await setTimeout(delay);
      await reception.postgres.kill();
      await reception.postgres.startAgain();
    },
    { times: 1 },
  );
  await reception.untilThePin(desk);
  workstation.dialog.type("1234");
  await shown.add(desk);
});

test("when the visit is recorded, though its answer is lost", async () => {
  const desk = await reception.openDeskForHolder();
  let status = 0;
  await desk.page.route(
    "**/api/desk/visits",
    async (route) => {
      status = (await route.fetch()).status();
      await reception.postgres.kill();
      await route.abort();
    },
    { times: 1 },
  );
  await reception.untilThePin(desk);
  workstation.dialog.type("1234");
  await desk.shows("サーバーの応答を待っています");
  expect(status).toBe(201);
  await reception.postgres.startAgain();
  await shown.add(desk);
});

test("while the staff compare the photo, and their decision is recorded once when it is back", async () => {
  const desk = await reception.openDeskForHolder();
  await desk.choosePhoto();
  await desk.shows("見比べて");
  await reception.postgres.kill();
  await desk.recognise();
  await desk.shows("サーバーの応答を待っています");
  expect(await desk.page.textContent("main")).toContain("カードは置いたまま");
  await look(desk.page, "database-decision-waits");
  await reception.postgres.startAgain();
  await shown.add(desk);
  expect(await reception.staff.timesRecorded("check-match")).toBe(1);
});

test("while a card is remembered, whose visits go on when it is back", async () => {
  const desk = await reception.openDeskForHolder();
  await desk.choosePin(REMEMBERED);
  await desk.typeBirthDate();
  await workstation.dialog.asksUpon(() => desk.press("進む"));
  await reception.postgres.kill();
  workstation.dialog.type("1234");
  await desk.shows("サーバーの応答を待っています");
  await reception.postgres.startAgain();
  await shown.add(desk);
  await desk.press("次の方へ");
  await workstation.removeCard();
  await desk.isReady();

  await reception.postgres.kill();
  await workstation.insertCard();
  await desk.trouble("unavailable");
  await reception.postgres.startAgain();
  await desk.press("もう一度試す");
  await shown.add(desk);
});

test("at the gate the list decides meanwhile, and the entry is sent once", async () => {
  const subject = (await reception.staff.subjects()).at(-1);
  const event = await reception.staff.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
  const gate = await reception.openGate();
  await reception.postgres.kill();
  await workstation.insertCard();
  await gate.shows("provisional");
  await reception.postgres.startAgain();
  await gate.hasSentAll();
  expect(await reception.staff.events()).toMatchObject([{ id: event, tickets: 1, admitted: 1 }]);
});

test("while the holder's data is being deleted, which is done once", async () => {
  const desk = await reception.openDesk();
  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  await desk.shows("この施設に保存した情報を削除します");
  await desk.page.route(
    "**/api/desk/deletions",
    async (route) => {
      await reception.postgres.kill();
      await route.continue();
    },
    { times: 1 },
  );
  workstation.dialog.type("1234");
  await desk.press("削除する");
  await desk.shows("サーバーの応答を待っています");
  await reception.postgres.startAgain();
  await desk.shows("削除しました");
  expect(await desk.page.textContent("main")).toContain(`${shown.visits.length}件の受付`);
  expect(await reception.staff.timesRecorded("visitor-forgotten")).toBe(1);
});
