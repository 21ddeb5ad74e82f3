import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Desk } from "../harness/desk.ts";
import { Keys } from "../harness/keys.ts";
import { ACCOUNT } from "../harness/portal-server.ts";
import { PortalSession } from "../harness/portal-session.ts";
import { Reception } from "../harness/reception.ts";
import { ScreenReader } from "../harness/screen-reader.ts";

// The portal for those who use it by keys alone, who have it read to them, and who bear no motion.

const EVENT = "市民ホール秋の音楽会";

/** Which of the eras, from the first. */
const [HEISEI, SHOWA] = [2, 3];

/** How much of the screen may move while nobody touches it, in a whole visit (Cumulative Layout Shift). */
const MOST_SHIFT = 0.1;

let reception: Reception;

beforeAll(async () => {
  reception = await Reception.start({ name: "portal-access" });
});
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
});
afterAll(() => reception?.stop());

/** How far what was already there has moved since the page was opened. */
async function layoutShift(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    let sum = 0;
    new PerformanceObserver((list) => {
      const shifts = list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[];
      for (const { value, hadRecentInput } of shifts) if (!hadRecentInput) sum += value;
    }).observe({ type: "layout-shift", buffered: true });
    // What is buffered comes a little later.
    await new Promise((resolve) => setTimeout(resolve, 200));
    return sum;
  });
}

/** How many animations run where somebody wants less motion, and where nobody does. */
async function animations(page: Page): Promise<{ reduced: number; usual: number }> {
  const count = () => page.evaluate(() => document.getAnimations().length);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const reduced = await count();
  await page.emulateMedia({ reducedMotion: "no-preference" });
  return { reduced, usual: await count() };
}

test("with keys alone the staff sign in, and receive a visitor with the PIN", async () => {
  const page = await reception.openSignedOut();
  const keys = new Keys(page);
  await page.locator("[name=name]:focus").waitFor();
  await keys.fill([ACCOUNT.name, ACCOUNT.password]);
  await page.keyboard.press("Enter");
  const reader = await ScreenReader.listen(page);
  await reader.isAt("この端末で何をしますか");
  await keys.to("link", "受付窓口");
  await page.keyboard.press("Enter");
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
  await reception.insertCard();
  await reader.isAt("受付の方法を選んでください");
  await keys.press("暗証番号で受付");
  await reader.isAt("お伝えいただく内容");
  await keys.tick("氏名");
  await keys.tick("このカードを覚えて");
  await keys.press("進む");
  await reception.pinentry.asked(1);
  await reader.isAt("別のウィンドウで暗証番号を入力してください");
  reception.pinentry.type("1234");
  await reader.isAt("生年月日を入力してください");
  await keys.to("combobox", "元号");
  await keys.choose(SHOWA);
  await page.keyboard.press("Tab");
  await keys.fill(["55", "2", "17"]);
  await page.keyboard.press("Enter");
  await reception.pinentry.asked(2);
  reception.pinentry.type("1234");
  await reader.isAt("受付しました");
  await keys.press("スマートフォンに写す");
  await page.locator("dialog[open]").waitFor();
  await keys.press("閉じる");
  await page
    .getByRole("button", { name: "スマートフォンに写す" })
    .and(page.locator(":focus"))
    .waitFor();
  await keys.press("次の方へ");
  await reader.isAt("カードをお取りください");
  await reception.removeCard();
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
  expect(await layoutShift(page)).toBeLessThan(MOST_SHIFT);
});

test("with keys alone the staff receive a visitor by the photo, and each step is read out", async () => {
  const { page } = await new Desk(await reception.open("desk")).isReady();
  const reader = await ScreenReader.listen(page);
  const keys = new Keys(page);
  await reception.swapCard(await reception.newCard("another-person"));
  await reader.isAt("受付の方法を選んでください");
  await keys.press("顔写真を見て受付");
  await reader.isAt("カードの表面の3つの項目を入力してください");
  await keys.press("券面を読み取る");
  await page.locator("[name=year]:focus").waitFor();
  await page.keyboard.press("Shift+Tab");
  await keys.choose(HEISEI);
  await page.keyboard.press("Tab");
  await keys.fill(["7", "2", "17", "2035", "7491"]);
  await page.keyboard.press("Enter");
  await reader.isAt("ご本人と見比べてください");
  await keys.press("本人と一致する");
  await reader.isAt("受付しました");
  expect(await layoutShift(page)).toBeLessThan(MOST_SHIFT);
  expect(await reader.heard()).toEqual([
    "カードを確認しています",
    "受付の方法を選んでください",
    "カードの表面の3つの項目を入力してください",
    "この日付はありません。元号と数字を確かめてください。",
    "数字4桁を入力してください。",
    "券面を読み取っています",
    "ご本人と見比べてください",
    "判断を記録しています",
    "施設の署名でカードを確認しています",
    "受付を記録しています",
    "受付しました",
  ]);
});

test("whoever pulls a card too early has it read to them", async () => {
  const { page } = await new Desk(await reception.open("desk")).isReady();
  const reader = await ScreenReader.listen(page);
  await reception.swapCard(await reception.newCard("another-person", "pulled"));
  await reader.isAt("受付の方法を選んでください");
  await reception.removeCard();
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
  expect((await reader.heard()).slice(-3)).toEqual([
    "受付の方法を選んでください",
    "マイナンバーカードを カードリーダーに置いてください",
    "カードが途中で離れたため、受付を取り消しました。何も記録していません。もう一度置いてください。",
  ]);
});

test("with keys alone the staff open a gate, and its results are read out", async () => {
  const session = await PortalSession.signedIn(reception.origin);
  await session.newEvent(EVENT, `ticket,subject\nA-1,${(await session.subjects())[0]}\n`);
  const page = await reception.open("gate");
  const keys = new Keys(page);
  await page.locator("h1:focus").waitFor();
  await keys.to("radio", EVENT);
  const reader = await ScreenReader.listen(page);
  await keys.press("入場確認を始める");
  await reader.isAt(EVENT);
  await page.locator(".gate-server[data-state=up]").waitFor();
  await reception.swapCard(reception.card);
  await page.locator(".gate-result[data-tone=admitted]").waitFor();
  await reception.removeCard();
  await page.locator(".gate-result").waitFor({ state: "detached" });
  await keys.press("終了する");
  await reader.isAt("入場確認");
  expect(await layoutShift(page)).toBeLessThan(MOST_SHIFT);
  const hold = expect.stringContaining("カードを置いてください Hold your card");
  expect(await reader.heard()).toEqual([
    EVENT,
    "サーバーに接続しています",
    hold,
    expect.stringContaining("確認しています Checking"),
    "お入りください Welcome チケット A-1",
    hold,
    "入場確認",
  ]);
});

test("who wants less motion sees none while they wait", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  expect(await animations(desk.page)).toEqual({ reduced: 0, usual: 1 });
  await reception.swapCard(await reception.newCard("another-person", "waiting"));
  await desk.press("暗証番号で受付");
  await desk.press("進む");
  await desk.shows("別のウィンドウで");
  expect(await animations(desk.page)).toEqual({ reduced: 0, usual: 1 });
});
