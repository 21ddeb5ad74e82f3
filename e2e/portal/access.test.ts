import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { Gate } from "./reception/gate.ts";
import { Keys } from "./reception/keys.ts";
import { setUpReception } from "./reception/reception.ts";
import { ScreenReader } from "./reception/screen-reader.ts";
import { ACCOUNT } from "./reception/server.ts";

// The portal for those who use it by keys alone, who have it read to them, and who bear no motion.

const EVENT = "市民ホール秋の音楽会";

/** Which of the eras, from the first. */
const [HEISEI, SHOWA] = [2, 3];

/** How much of the screen may move while nobody touches it, in a whole visit (Cumulative Layout Shift). */
const MOST_SHIFT = 0.1;

const reception = setUpReception();
const { workstation } = reception;

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
  await workstation.insertCard();
  await reader.isAt("受付の方法を選んでください");
  await keys.press("暗証番号で受付");
  await reader.isAt("お伝えいただく内容");
  await keys.tick("氏名");
  await keys.tick("このカードを覚えて");
  await keys.press("進む");
  await workstation.dialog.asked(1);
  await reader.isAt("別のウィンドウで暗証番号を入力してください");
  workstation.dialog.type("1234");
  await reader.isAt("生年月日を入力してください");
  await keys.to("combobox", "元号");
  await keys.choose(SHOWA);
  await page.keyboard.press("Tab");
  await keys.fill(["55", "2", "17"]);
  await page.keyboard.press("Enter");
  await workstation.dialog.asked(2);
  workstation.dialog.type("1234");
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
  await workstation.removeCard();
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
  expect(await layoutShift(page)).toBeLessThan(MOST_SHIFT);
});

test("with keys alone the staff receive a visitor by the photo, and each step is read out", async () => {
  const { page } = await reception.openDesk();
  const reader = await ScreenReader.listen(page);
  const keys = new Keys(page);
  await workstation.swapCard(await workstation.newCard("another-person"));
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
  await keys.to("button", "一致しない");
  await page.keyboard.press("Tab");
  await keys.fill([ACCOUNT.password]);
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
    "カードが施設を確認しています",
    "受付を記録しています",
    "受付しました",
  ]);
});

test("whoever pulls a card too early has it read to them", async () => {
  const { page } = await reception.openDesk();
  const reader = await ScreenReader.listen(page);
  await workstation.swapCard(await workstation.newCard("another-person", "pulled"));
  await reader.isAt("受付の方法を選んでください");
  await workstation.removeCard();
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
  expect((await reader.heard()).slice(-3)).toEqual([
    "受付の方法を選んでください",
    "マイナンバーカードを カードリーダーに置いてください",
    "カードが途中で離れたため、受付を取り消しました。何も記録していません。もう一度置いてください。",
  ]);
});

test("with keys alone the staff open a gate, and its results are read out", async () => {
  const [subject] = await reception.staff.subjects();
  await reception.staff.newEvent(EVENT, `ticket,subject\nA-1,${subject}\n`);
  const gate = new Gate(await reception.open("gate"));
  const { page } = gate;
  const keys = new Keys(page);
  await page.locator("h1:focus").waitFor();
  await keys.to("radio", EVENT);
  const reader = await ScreenReader.listen(page);
  await keys.press("入場確認を始める");
  await reader.isAt(EVENT);
  await gate.isConnected();
  await workstation.swapCard(workstation.card);
  await gate.shows("admitted");
  await workstation.removeCard();
  await gate.isFree();
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

test("with keys alone the staff turn the screen to visitors, and back with what only they know", async () => {
  const page = await reception.open("");
  const keys = new Keys(page);
  await page.locator("h1:focus").waitFor();
  const reader = await ScreenReader.listen(page);
  await keys.press("来られた方に向ける");
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
  // The heading is behind the buttons at the top.
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.getByRole("button", { name: "職員用" }).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await keys.fill(["not the password"]);
  await page.keyboard.press("Enter");
  await page.locator("[name=code]:focus").waitFor();
  await expect.poll(() => reader.heard()).toContainEqual(expect.stringContaining("違います"));
  await keys.fill([ACCOUNT.password]);
  await page.keyboard.press("Enter");
  await page.locator(".account").waitFor();
  await reader.isAt("マイナンバーカードを カードリーダーに置いてください");
});

test("who wants less motion sees none while they wait", async () => {
  const desk = await reception.openDesk();
  expect(await animations(desk.page)).toEqual({ reduced: 0, usual: 1 });
  await workstation.swapCard(await workstation.newCard("another-person", "waiting"));
  await desk.choosePin();
  await desk.shows("別のウィンドウで");
  expect(await animations(desk.page)).toEqual({ reduced: 0, usual: 1 });
});
