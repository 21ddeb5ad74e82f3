import { setTimeout } from "node:timers/promises";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { Desk } from "../harness/desk.ts";
import { PortalSession } from "../harness/portal-session.ts";
import { Reception } from "../harness/reception.ts";

// Server, bridge and pcscd are killed in the middle of visits, without a chance to tidy up. Each time
// the visitor is received in the end, at the same page. After each test, what the server has recorded is
// what the desks have shown, each visit once.

/** How long the card takes to sign, in milliseconds: time enough to be interrupted. */
const SIGNATURE = 400;

let reception: Reception;
/** The visits that a desk has shown as recorded. */
const shown: string[] = [];

beforeAll(async () => {
  const emulator = ["--signature-time", `${SIGNATURE}`];
  reception = await Reception.start({ name: "portal-killed", emulator });
});
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
  const recorded = await reception.visits();
  expect(recorded.map(({ id }) => id).sort()).toEqual(shown.toSorted());
  expect(recorded.map(({ number }) => number).sort((one, other) => one - other)).toEqual(
    shown.map((_, index) => index + 1),
  );
  expect(await retriesLeft(reception.card)).toBe(3);
});
afterAll(() => reception?.stop());

/** Goes on at a desk that shows the ways of being received, until the PIN is asked for. */
async function untilThePin(desk: Desk): Promise<void> {
  const asked = dialogs();
  await desk.press("暗証番号で受付");
  await desk.press("進む");
  await reception.pinentry.asked(asked + 1);
}

function dialogs(): number {
  return reception.pinentry.shown.split("\n").filter((line) => line === "GETPIN").length;
}

/** The desk shows that a visit is recorded: one that it has not shown before. */
async function received(desk: Desk): Promise<void> {
  const id = await desk.page.locator(".big-number").getAttribute("data-visit");
  expect(shown).not.toContain(id);
  shown.push(id ?? "");
}

/** How far a visitor is, who has come to be received with the PIN. */
const points: Record<string, (desk: Desk) => Promise<void>> = {
  "the visitor chooses": async (desk) => {
    await desk.press("暗証番号で受付");
    await desk.shows("お伝えいただく内容");
  },
  "the dialog asks for the PIN": untilThePin,
  "the card signs": async (desk) => {
    await untilThePin(desk);
    const since = reception.insertedCard?.program.output.length;
    reception.pinentry.type("1234");
    await reception.insertedCard?.program.says("00 20 00 98 Nc=4", since);
    await setTimeout(SIGNATURE / 4);
  },
};

/** Kills one of them, and starts it again. */
const kills: Record<string, () => Promise<void>> = {
  async "the bridge"() {
    await reception.bridge?.kill();
    await reception.startBridge();
  },
  async pcscd() {
    await reception.pcscd?.kill();
    await reception.restartPcscd();
  },
};

describe.each(Object.entries(kills))("%s is killed", (_, kill) => {
  test.each(Object.entries(points))("while %s, and the visitor begins anew", async (_, reach) => {
    const desk = await new Desk(await reception.open("desk")).isReady();
    await reception.insertCard();
    await reach(desk);
    await kill();
    await desk.shows("受付の方法を選んで");
    await untilThePin(desk);
    reception.pinentry.type("1234");
    await received(desk);
  });
});

test("the bridge is killed while the number is shown, and the next visitor is received", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await reception.insertCard();
  await untilThePin(desk);
  reception.pinentry.type("1234");
  await received(desk);
  await kills["the bridge"]?.();
  await desk.press("次の方へ");
  await untilThePin(desk);
  reception.pinentry.type("1234");
  await received(desk);
});

describe("the server is killed", () => {
  test("while the visitor chooses, who tries again when it is back", async () => {
    const desk = await new Desk(await reception.open("desk")).isReady();
    await reception.insertCard();
    await points["the visitor chooses"]?.(desk);
    await reception.server?.kill();
    await desk.press("進む");
    await desk.trouble("unreachable");
    await reception.startServer();
    await desk.press("もう一度試す");
    await untilThePin(desk);
    reception.pinentry.type("1234");
    await received(desk);
  });

  test("while the card signs, and the visit waits for it", async () => {
    const desk = await new Desk(await reception.open("desk")).isReady();
    await reception.insertCard();
    await points["the card signs"]?.(desk);
    await reception.server?.kill();
    await desk.shows("サーバーの応答を待っています");
    await reception.startServer();
    await received(desk);
  });

  // In milliseconds after the request was sent. Whether it got as far as the database is left to chance.
  test.each([0, 20])("%i ms after the visit was sent, which is sent again", async (delay) => {
    const desk = await new Desk(await reception.open("desk")).isReady();
    await desk.page.route(
      "**/api/desk/visits",
      async (route) => {
        void route.continue();
        await setTimeout(delay);
        await reception.server?.kill();
      },
      { times: 1 },
    );
    await reception.insertCard();
    await untilThePin(desk);
    reception.pinentry.type("1234");
    await expect.poll(() => reception.server?.ended, { timeout: 20_000 }).toBe(true);
    await reception.startServer();
    await received(desk);
  });

  test("when it has recorded the visit and its answer is on the way", async () => {
    const desk = await new Desk(await reception.open("desk")).isReady();
    const recorded = loseAnswer(desk.page, "**/api/desk/visits");
    await reception.insertCard();
    await untilThePin(desk);
    reception.pinentry.type("1234");
    expect(await recorded).toBe(201);
    await reception.startServer();
    await received(desk);
  });
});

test("a match of the photo is recorded once, though its answer is lost with the server", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  const recorded = loseAnswer(desk.page, "**/api/desk/checks");
  await reception.insertCard();
  await desk.press("顔写真を見て受付");
  await desk.typeFace();
  await desk.press("券面を読み取る");
  await desk.press("本人と一致する");
  expect(await recorded).toBe(201);
  await reception.startServer();
  await received(desk);
  expect(await timesRecorded("check-match")).toBe(1);
});

/** Kills the server when it has answered, of which the page never hears. Returns the answer's status. */
async function loseAnswer(page: Page, path: string): Promise<number> {
  return await new Promise((resolve) => {
    void page.route(
      path,
      async (route) => {
        const answer = await route.fetch();
        await reception.server?.kill();
        await route.abort();
        resolve(answer.status());
      },
      { times: 1 },
    );
  });
}

test("a visitor whose admission is lost with the server comes in by the list, and is admitted once", async () => {
  const id = await enrolledForEvent();
  const gate = await reception.open("gate");
  await gate.click("form .button.primary");
  await gate.locator(".gate-server[data-state=up]").waitFor();
  const recorded = loseAnswer(gate, "**/entries");
  await reception.insertCard();
  expect(await recorded).toBe(201);
  await gate.locator(".gate-result[data-tone=provisional]").waitFor();
  await reception.startServer();
  await gate.locator(".gate-count[data-kind=waiting] dd", { hasText: /^0$/ }).waitFor();
  const { events } = (await reception.ask("/api/gate/events")).body;
  expect(events).toMatchObject([{ id, tickets: 1, admitted: 1 }]);
});

test("a visitor is received by the card alone, though the answer is lost with the server", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  const recorded = loseAnswer(desk.page, "**/api/desk/visits");
  await reception.insertCard();
  expect(await recorded).toBe(201);
  await reception.startServer();
  await received(desk);
});

test("a visitor is forgotten once, though the answer is lost with the server", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  const recorded = loseAnswer(desk.page, "**/api/desk/deletions");
  await desk.press("登録した情報を削除する");
  await reception.insertCard();
  await desk.press("削除する");
  expect(await recorded).toBe(201);
  await reception.startServer();
  await desk.shows("削除しました");
  expect(await timesRecorded("visitor-forgotten")).toBe(1);
});

/** How often something was done, by the record of who did what. */
async function timesRecorded(action: string): Promise<number> {
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo" }).format();
  const { entries } = (await reception.ask(`/api/board/audit?day=${day}`)).body;
  return entries.filter((entry: { action: string }) => entry.action === action).length;
}

/** The visitor has their card remembered, and gets a ticket for an event, of which this is the `id`. */
async function enrolledForEvent(): Promise<string> {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await reception.insertCard();
  await desk.press("暗証番号で受付");
  await desk.tick("生年月日");
  await desk.page.locator("[name=remember]").check();
  reception.pinentry.type("1234");
  reception.pinentry.type("1234");
  await desk.press("進む");
  await received(desk);
  // It would receive the card that is for the gate.
  await desk.page.close();
  await reception.removeCard();
  const session = await PortalSession.signedIn(reception.origin);
  const subject = (await session.subjects()).at(-1);
  return await session.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
}
