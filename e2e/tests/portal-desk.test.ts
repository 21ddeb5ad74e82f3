import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Desk } from "../harness/desk.ts";
import { look, speak } from "../harness/look.ts";
import { enterAccount, Reception } from "../harness/reception.ts";

// The desk of the reception portal: page, server, bridge, pcscd, vpcd and card, by each way in which
// visitors are received. The tests follow each other as the visits of a day.

const NAME = "架空　花子";
const ADDRESS = "東京都清瀬市架空一丁目２番地３";

let reception: Reception;

beforeAll(async () => {
  reception = await Reception.start({ name: "portal-desk" });
});
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
});
afterAll(() => reception?.stop());

async function openDesk(): Promise<Desk> {
  return await new Desk(await reception.open("desk")).isReady();
}

test("the staff sign in, and are told when the password is wrong", async () => {
  const page = await reception.openSignedOut();
  await look(page, "sign-in");
  await enterAccount(page, "not the password");
  await page.locator(".notice[data-kind=problem]").waitFor();
  await look(page, "sign-in-wrong");
  await enterAccount(page);
  await page.locator(".choices").waitFor();
  await look(page, "home");
});

test("a visitor whose photo does not match is not received, and that is recorded", async () => {
  const desk = await openDesk();
  await look(desk.page, "desk-waiting");
  await reception.insertCard();
  await desk.shows("受付の方法を選んで");
  await look(desk.page, "desk-roads");
  await desk.press("顔写真を見て受付");
  await desk.shows("カードの表面の3つ");
  await look(desk.page, "desk-number");
  await desk.typeFace();
  await desk.press("券面を読み取る");
  await desk.shows("見比べて");
  await look(desk.page, "desk-compare");
  await desk.press("一致しない");
  await desk.trouble("no-match");
  await look(desk.page, "desk-no-match");
  expect(await audit()).toContain("check-no-match");
  expect(await reception.visits()).toEqual([]);
});

test("a visitor whom the staff recognise by the photo is received without the PIN", async () => {
  const desk = await openDesk();
  await reception.insertCard();
  await desk.press("顔写真を見て受付");
  await desk.typeFace();
  await desk.press("券面を読み取る");
  await desk.press("本人と一致する");
  expect(await desk.number()).toBe(1);
  expect(await reception.visits()).toMatchObject([
    { number: 1, road: "visual", decision: "match" },
  ]);
  expect(reception.keeps(NAME)).toBe(false);
});

test("a wrong number from the card's front says how many tries are left", async () => {
  const desk = await openDesk();
  await reception.insertCard();
  await desk.press("顔写真を見て受付");
  await desk.typeFace({ securityCode: "2286" });
  await desk.press("券面を読み取る");
  expect(await desk.trouble("verification-number-incorrect")).toContain("9");
});

test("a card without a PIN takes its way by itself", async () => {
  await reception.swapCard(await reception.newCard("without-pins"));
  const desk = new Desk(await reception.open("desk"));
  await desk.shows("カードの表面の3つ");
  expect(await desk.page.textContent("form .notice")).toContain("顔写真を見て受付します");
  await look(desk.page, "desk-without-pin");
  await desk.typeFace();
  await desk.press("券面を読み取る");
  await desk.press("本人と一致する");
  expect(await desk.number()).toBe(2);
});

test("a visitor shares name and sex, and nothing else of them is kept", async () => {
  await reception.swapCard(reception.card);
  const desk = new Desk(await reception.open("desk"));
  await desk.press("暗証番号で受付");
  await desk.tick("氏名");
  await desk.tick("性別");
  await look(desk.page, "desk-consent");
  await desk.press("進む");
  await reception.pinentry.asked(1);
  await look(desk.page, "desk-pin");
  reception.pinentry.type("1234");
  reception.pinentry.type("1234");
  expect(await desk.number()).toBe(3);
  await look(desk.page, "desk-result");
  const [read, kept] = await desk.receipt();
  expect(read).toEqual(expect.arrayContaining(["氏名", "性別"]));
  expect(kept).toEqual(expect.arrayContaining(["氏名", "性別"]));
  expect(kept).not.toContain("住所");
  expect(reception.keeps(NAME)).toBe(true);
  for (const notShared of [ADDRESS, "清瀬", "1980-02-17", "19800217"]) {
    expect(reception.keeps(notShared), notShared).toBe(false);
  }
  await desk.press("次の方へ");
  await desk.shows("カードをお取りください");
  await look(desk.page, "desk-take-card");
});

test("a card is remembered with the PIN and the birth date", async () => {
  const desk = await openDesk();
  await reception.insertCard();
  await desk.askToBeRemembered();
  await desk.shows("生年月日を入力");
  await look(desk.page, "desk-birth-date");
  await desk.typeBirthDate();
  reception.pinentry.type("1234");
  await desk.press("進む");
  expect(await desk.number()).toBe(4);
  expect(await desk.page.textContent(".result")).toContain("次からは、カードを置くだけ");
});

test("a card that is remembered is received by itself", async () => {
  const desk = await openDesk();
  await reception.insertCard();
  expect(await desk.number()).toBe(5);
  expect(await desk.page.textContent(".result")).toContain("いつもありがとうございます");
  expect((await reception.visits())[0]).toMatchObject({
    number: 5,
    road: "presence",
    returning: true,
  });
});

test("in English the same card is received with English words", async () => {
  const { page } = await openDesk();
  await speak(page, "en");
  await page.getByRole("heading", { name: "Please put your My Number Card" }).waitFor();
  await reception.insertCard();
  await page.getByRole("heading", { name: "You are checked in" }).waitFor();
  expect(await page.textContent(".result")).not.toMatch(/[ぁ-ん]/);
  expect(await page.getAttribute("html", "lang")).toBe("en");
});

test("two desks receive visitors at once, and the board shows both as they come", async () => {
  const board = await reception.open("board");
  await board.locator("tbody tr").nth(5).waitFor();
  const taro = await reception.newCard("another-person");
  const second = await reception.openSecondDesk(taro);
  const desks = [await openDesk(), new Desk(second.page)] as const;
  await desks[1].press("暗証番号で受付");
  await desks[1].press("進む");
  await second.pinentry.asked(1);
  await Promise.all([reception.insertCard(), second.pinentry.type("1234")]);
  const numbers = await Promise.all(desks.map((desk) => desk.number()));
  expect(numbers.sort()).toEqual([7, 8]);
  await board.locator("tbody tr").nth(7).waitFor();
});

test("the board shows the day, and the settings what the staff did", async () => {
  const board = await reception.open("board");
  await board.locator("tbody tr").nth(5).waitFor();
  await look(board, "board");
  const settings = await reception.open("settings");
  await settings.locator("section:has(#audit) form .button").click();
  await settings.locator(".settings-audit").waitFor();
  await look(settings, "settings");
});

test("the holder has their data deleted with the card", async () => {
  const desk = await openDesk();
  await desk.press("登録した情報を削除する");
  await reception.insertCard();
  await desk.shows("この施設に保存した情報を削除します");
  await look(desk.page, "desk-delete");
  await desk.press("削除する");
  await desk.shows("削除しました");
  await look(desk.page, "desk-deleted");
  expect(JSON.stringify(await reception.visits())).not.toContain(NAME);
  for (const words of [NAME, "1980-02-17", "19800217"])
    expect(reception.keeps(words), words).toBe(false);

  await desk.press("次の方へ");
  await reception.removeCard();
  await desk.isReady();
  await reception.insertCard();
  await desk.shows("受付の方法を選んで");
  expect(await desk.page.textContent(".lead")).toContain("登録されていません");
});

/** What the record says that the staff did today. */
async function audit(): Promise<string[]> {
  const { body } = await reception.ask("/api/board/audit");
  return body.entries.map(({ action }: { action: string }) => action);
}
