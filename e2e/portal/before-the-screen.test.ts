import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { Desk } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";
import { ACCOUNT } from "./reception/server.ts";

// Who is before the screen? Somebody who only clicks, and types nothing but what is printed on a card that
// they found, at a desk of the staff and at one that is turned to visitors.

const reception = setUpReception();
const { workstation } = reception;
const CODE = "271828";

/** Turns the workstation to visitors, and waits until it is ready for one. */
async function turnToVisitors(): Promise<Desk> {
  const page = await reception.open("");
  await page.getByRole("button", { name: "来られた方に向ける" }).click();
  return await new Desk(page).isReady();
}

async function turnToStaff(page: Page, code: string): Promise<void> {
  await page.getByRole("button", { name: "職員用", exact: true }).click();
  await page.fill("dialog [name=code]", code);
  await page.locator("dialog .primary").click();
}

/** What the page gets from the server, when somebody asks for it by hand. */
async function ask(page: Page, path: string): Promise<number> {
  return await page.evaluate(async (path) => (await fetch(path)).status, path);
}

test("at a desk of the staff, nobody decides that it is the holder who does not know the staff's code", async () => {
  const desk = await reception.openDeskForHolder();
  await desk.choosePhoto();
  await desk.shows("見比べて");
  await desk.press("本人と一致する");
  await desk.recognise("1234");
  await desk.page.locator(".field-problem", { hasText: "違います" }).waitFor();
  await look(desk.page, "wrong-code");
  await desk.shows("見比べて");
  expect(await reception.staff.timesRecorded("check-match")).toBe(0);
  expect(await reception.staff.visits()).toEqual([]);
});

test("the staff give themselves a code, with which they decide", async () => {
  const account = await reception.open("account");
  await account.fill("[name=password]", ACCOUNT.password);
  await account.fill("[name=code]", "111111");
  await account.getByRole("button", { name: "確認番号を決める" }).click();
  await account.locator(".notice[data-kind=problem]", { hasText: "6〜8桁" }).waitFor();
  await account.fill("[name=code]", CODE);
  await account.getByRole("button", { name: "確認番号を決める" }).click();
  await account.locator(".notice[data-kind=success]").waitFor();
  await look(account, "code-set");
  const desk = await reception.openDeskForHolder();
  await desk.choosePhoto();
  await desk.recognise(CODE);
  expect(await desk.number()).toBe(1);
});

test("on a screen that faces visitors, nothing leads to anybody else's data or to the staff's", async () => {
  const desk = await turnToVisitors();
  const { page } = desk;
  await look(page, "visitors-waiting");
  const buttons = await page.getByRole("button").allInnerTexts();
  expect(buttons).toEqual(["職員用", "日本語", "English", "登録した情報を削除する"]);
  expect(await page.locator("a:not(.skip)").count()).toBe(0);
  expect(await page.textContent("header")).not.toContain(ACCOUNT.name);
  for (const path of ["/board", "/settings", "/gate", "/"]) {
    await page.goto(reception.origin + path);
    await desk.isReady();
    expect(new URL(page.url()).pathname).toBe("/desk");
  }
  for (const path of ["board/visits", "board/export", "accounts", "gate/events"]) {
    expect(await ask(page, `/api/${path}`), path).toBe(403);
  }
  // Another tab of the same browser.
  const board = await reception.open("board");
  await new Desk(board).isReady();
  await board.close();

  // A card that was found, with everything that is printed on it.
  await workstation.swapCard(workstation.card);
  await desk.shows("受付の方法を選んで");
  const byEye = page.getByRole("button", { name: "顔写真を見て受付" });
  expect(await byEye.isDisabled()).toBe(true);
  expect(await byEye.textContent()).toContain("職員にお声がけください");
  await look(page, "visitors-roads");
  await workstation.swapCard(await workstation.newCard("without-pins"));
  expect(await desk.trouble("terminal-absent")).toContain("職員にお声がけください");
  await look(page, "visitors-no-road");
  await workstation.removeCard();
  await desk.isReady();
  expect(await reception.staff.visits()).toHaveLength(1);
});

test("the staff turn it back with their code, and nobody else does", async () => {
  const desk = new Desk(await reception.open(""));
  const { page } = await desk.isReady();
  await page.getByRole("button", { name: "職員用", exact: true }).click();
  await look(page, "visitors-staff-only");
  await page.locator("dialog .primary").click();
  await page.getByRole("button", { name: "やめる" }).click();
  await turnToStaff(page, "123456");
  await page.locator("dialog .field-problem", { hasText: "違います" }).waitFor();
  expect(await ask(page, "/api/board/visits")).toBe(403);
  await page.fill("dialog [name=code]", CODE);
  await page.locator("dialog .primary").click();
  await page.locator(".account").waitFor();
  expect(await ask(page, "/api/board/visits")).toBe(200);
});

test("what one visitor chose is not there for the next", async () => {
  const desk = await turnToVisitors();
  const { page } = desk;
  await workstation.swapCard(await workstation.newCard("another-person"));
  await desk.shows("受付の方法を選んで");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await desk.shows("カードをお取りください");
  await workstation.removeCard();
  await desk.isReady();

  // Somebody goes away, and puts no card there.
  await page.clock.install();
  await page.reload();
  await desk.isReady();
  await desk.press("登録した情報を削除する");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { name: "whose data is to be deleted" }).waitFor();
  await page.clock.fastForward(61_000);
  await desk.isReady();
  await page.getByRole("button", { name: "登録した情報を削除する" }).waitFor();
  await turnToStaff(page, CODE);
  await page.locator(".account").waitFor();
});
