import { setTimeout } from "node:timers/promises";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { type Desk, REMEMBERED } from "./reception/desk.ts";
import { setUpReception } from "./reception/reception.ts";
import { setUpShownVisits } from "./reception/shown-visits.ts";

// Server, bridge and pcscd are killed in the middle of visits, without a chance to tidy up. Each time
// the visitor is received in the end, at the same page. After each test, what the server has recorded is
// what the desks have shown, each visit once.

/** How long the card takes to sign, in milliseconds: time enough to be interrupted. */
const SIGNATURE = 400;

const emulator = ["--signature-time", `${SIGNATURE}`];
const reception = setUpReception({ emulator });
const { workstation } = reception;
const shown = setUpShownVisits(reception);

/** How far a visitor is, who has come to be received with the PIN. */
const points: Record<string, (desk: Desk) => Promise<void>> = {
  "the visitor chooses": async (desk) => {
    await desk.press("暗証番号で受付");
    await desk.shows("お伝えいただく内容");
  },
  "the dialog asks for the PIN": (desk) => reception.untilThePin(desk),
  "the card signs": async (desk) => {
    await reception.untilThePin(desk);
    const since = workstation.holder.output.length;
    workstation.dialog.type("1234");
    await workstation.holder.says("00 20 00 98 Nc=4", since);
    await setTimeout(SIGNATURE / 4);
  },
};

/** Kills one of them, and starts it again. */
const kills: Record<string, () => Promise<void>> = {
  async "the bridge"() {
    await workstation.bridge.kill();
    await workstation.restartBridge();
  },
  async pcscd() {
    await workstation.pcscd.kill();
    await workstation.restartPcscd();
  },
};

describe.each(Object.entries(kills))("%s is killed", (_, kill) => {
  test.each(Object.entries(points))("while %s, and the visitor begins anew", async (_, reach) => {
    const desk = await reception.openDeskForHolder();
    await reach(desk);
    await kill();
    await desk.shows("受付の方法を選んで");
    await reception.untilThePin(desk);
    workstation.dialog.type("1234");
    await shown.add(desk);
  });
});

test("the bridge is killed while the number is shown, and the next visitor is received", async () => {
  const desk = await reception.openDeskForHolder();
  await reception.untilThePin(desk);
  workstation.dialog.type("1234");
  await shown.add(desk);
  await kills["the bridge"]?.();
  await desk.press("次の方へ");
  // The card that is still there is known, whatever the bridge that started anew calls its stay.
  await desk.shows("カードをお取りください");
  await workstation.removeCard();
  await workstation.insertCard();
  await reception.untilThePin(desk);
  workstation.dialog.type("1234");
  await shown.add(desk);
});

describe("the server is killed", () => {
  test("while the visitor chooses, who tries again when it is back", async () => {
    const desk = await reception.openDeskForHolder();
    await points["the visitor chooses"]?.(desk);
    await reception.server.kill();
    await desk.press("進む");
    await desk.trouble("unreachable");
    await reception.startServer();
    await desk.press("もう一度試す");
    await reception.untilThePin(desk);
    workstation.dialog.type("1234");
    await shown.add(desk);
  });

  test("while the card signs, and the visit waits for it", async () => {
    const desk = await reception.openDeskForHolder();
    await points["the card signs"]?.(desk);
    await reception.server.kill();
    await desk.shows("サーバーの応答を待っています");
    await reception.startServer();
    await shown.add(desk);
  });

  // In milliseconds after the request was sent. Whether it got as far as the database is left to chance.
  test.each([0, 20])("%i ms after the visit was sent, which is sent again", async (delay) => {
    const desk = await reception.openDesk();
    await desk.page.route(
      "**/api/desk/visits",
      async (route) => {
        void route.continue();
        await setTimeout(delay);
        await reception.server.kill();
      },
      { times: 1 },
    );
    await workstation.insertCard();
    await reception.untilThePin(desk);
    workstation.dialog.type("1234");
    await expect.poll(() => reception.server.ended).toBe(true);
    await reception.startServer();
    await shown.add(desk);
  });

  test("when it has recorded the visit and its answer is on the way", async () => {
    const desk = await reception.openDesk();
    const recorded = loseAnswer(desk.page, "**/api/desk/visits");
    await workstation.insertCard();
    await reception.untilThePin(desk);
    workstation.dialog.type("1234");
    expect(await recorded).toBe(201);
    await reception.startServer();
    await shown.add(desk);
  });
});

test("a match of the photo is recorded once, though its answer is lost with the server", async () => {
  const desk = await reception.openDesk();
  const recorded = loseAnswer(desk.page, "**/api/desk/checks");
  await workstation.insertCard();
  await desk.choosePhoto();
  await desk.recognise();
  expect(await recorded).toBe(201);
  await reception.startServer();
  await shown.add(desk);
  expect(await reception.staff.timesRecorded("check-match")).toBe(1);
});

/** Kills the server when it has answered, of which the page never hears. Returns the answer's status. */
async function loseAnswer(page: Page, path: string): Promise<number> {
  return await new Promise((resolve) => {
    void page.route(
      path,
      async (route) => {
        const answer = await route.fetch();
        await reception.server.kill();
        await route.abort();
        resolve(answer.status());
      },
      { times: 1 },
    );
  });
}

test("a visitor whose admission is lost with the server comes in by the list, and is admitted once", async () => {
  const id = await enrolledForEvent();
  const gate = await reception.openGate();
  const recorded = loseAnswer(gate.page, "**/entries");
  await workstation.insertCard();
  expect(await recorded).toBe(201);
  await gate.shows("provisional");
  await reception.startServer();
  await gate.hasSentAll();
  expect(await reception.staff.events()).toMatchObject([{ id, tickets: 1, admitted: 1 }]);
});

test("a visitor is received by the card alone, though the answer is lost with the server", async () => {
  const desk = await reception.openDesk();
  const recorded = loseAnswer(desk.page, "**/api/desk/visits");
  await workstation.insertCard();
  expect(await recorded).toBe(201);
  await reception.startServer();
  await shown.add(desk);
});

test("a visitor is forgotten once, though the answer is lost with the server", async () => {
  const desk = await reception.openDesk();
  const recorded = loseAnswer(desk.page, "**/api/desk/deletions");
  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  workstation.dialog.type("1234");
  await desk.press("削除する");
  expect(await recorded).toBe(201);
  await reception.startServer();
  await desk.shows("削除しました");
  expect(await reception.staff.timesRecorded("visitor-forgotten")).toBe(1);
});

/** The visitor has their card remembered, and gets a ticket for an event, of which this is the `id`. */
async function enrolledForEvent(): Promise<string> {
  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234", "1234");
  await desk.choosePin("生年月日", REMEMBERED);
  await shown.add(desk);
  // It would receive the card that is for the gate.
  await desk.page.close();
  await workstation.removeCard();
  const subject = (await reception.staff.subjects()).at(-1);
  return await reception.staff.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
}
