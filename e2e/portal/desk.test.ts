import { expect, test } from "vitest";
import { REMEMBERED } from "./reception/desk.ts";
import { look, speak } from "./reception/look.ts";
import { enterAccount, setUpReception } from "./reception/reception.ts";

// The desk of the reception portal: page, server, bridge, pcscd, vpcd and card, by each way in which
// visitors are received. The tests follow each other as the visits of a day.

const NAME = "架空　花子";
const ADDRESS = "東京都清瀬市架空一丁目２番地３";

const reception = setUpReception();
const { workstation } = reception;

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
  const desk = await reception.openDesk();
  await look(desk.page, "desk-waiting");
  await workstation.insertCard();
  await desk.shows("受付の方法を選んで");
  await look(desk.page, "desk-roads");
  await desk.press("顔写真を見て受付");
  await desk.shows("カードの表面の3つ");
  await look(desk.page, "desk-number");
  await desk.readFace();
  await desk.shows("見比べて");
  await look(desk.page, "desk-compare");
  await desk.press("一致しない");
  await desk.trouble("no-match");
  await look(desk.page, "desk-no-match");
  expect(await reception.staff.timesRecorded("check-no-match")).toBe(1);
  expect(await reception.staff.visits()).toEqual([]);
});

test("a visitor whom the staff recognise by the photo is received without the PIN", async () => {
  const desk = await reception.openDeskForHolder();
  // A day that never was in that era is not tried on the card; numbers are typed as people write them.
  await desk.choosePhoto({ year: "64", month: "1", day: "8" });
  await desk.page.locator("#birth-date-problem:visible").waitFor();
  await desk.readFace({ year: "五十五年", month: "２", day: "十七" });
  await desk.recognise();
  expect(await desk.number()).toBe(1);
  expect(await reception.staff.visits()).toMatchObject([
    { number: 1, road: "visual", decision: "match" },
  ]);
  expect(reception.keeps(NAME)).toBe(false);
});

test("a wrong number from the card's front says how many tries are left", async () => {
  const desk = await reception.openDeskForHolder();
  await desk.choosePhoto({ securityCode: "2286" });
  expect(await desk.trouble("verification-number-incorrect")).toContain("9");
});

test("a card without a PIN takes its way by itself", async () => {
  const desk = await reception.openDeskFor(await workstation.newCard("without-pins"));
  await desk.shows("カードの表面の3つ");
  expect(await desk.page.textContent("form .notice")).toContain("顔写真を見て受付します");
  await look(desk.page, "desk-without-pin");
  await desk.readFace();
  await desk.recognise();
  expect(await desk.number()).toBe(2);
});

test("a visitor shares name and sex, and nothing else of them is kept", async () => {
  const desk = await reception.openDeskFor(workstation.card);
  await desk.press("暗証番号で受付");
  await desk.tick("氏名");
  await desk.tick("性別");
  await look(desk.page, "desk-consent");
  await workstation.dialog.asksUpon(() => desk.press("進む"));
  await look(desk.page, "desk-pin");
  workstation.dialog.type("1234", "1234");
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
  const desk = await reception.openDeskForHolder();
  await desk.choosePin(REMEMBERED);
  await desk.shows("生年月日を入力");
  await look(desk.page, "desk-birth-date");
  await desk.typeBirthDate();
  workstation.dialog.type("1234");
  await desk.press("進む");
  expect(await desk.number()).toBe(4);
  expect(await desk.page.textContent(".result")).toContain("次からは、カードを置くだけ");
});

test("a card that is remembered is received by itself", async () => {
  const desk = await reception.openDeskForHolder();
  expect(await desk.number()).toBe(5);
  expect(await desk.page.textContent(".result")).toContain("いつもありがとうございます");
  expect((await reception.staff.visits())[0]).toMatchObject({
    number: 5,
    road: "presence",
    returning: true,
  });
});

test("in English the same card is received with English words", async () => {
  const { page } = await reception.openDesk();
  await speak(page, "en");
  await page.getByRole("heading", { name: "Please put your My Number Card" }).waitFor();
  await workstation.insertCard();
  await page.getByRole("heading", { name: "You are checked in" }).waitFor();
  expect(await page.textContent(".result")).not.toMatch(/[ぁ-ん]/);
  expect(await page.getAttribute("html", "lang")).toBe("en");
});

test("two desks receive visitors at once, and the board shows both as they come", async () => {
  const board = await reception.open("board");
  await board.locator("tbody tr").nth(5).waitFor();
  const taro = await workstation.newCard("another-person");
  const second = await reception.openSecondDesk(taro);
  const desk = await reception.openDesk();
  await second.workstation.dialog.asksUpon(() => second.desk.choosePin());
  await Promise.all([workstation.insertCard(), second.workstation.dialog.type("1234")]);
  const numbers = await Promise.all([desk.number(), second.desk.number()]);
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

test("the holder has their data deleted with the PIN, until none of it is in any file", async () => {
  const desk = await reception.openDesk();
  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  await desk.shows("この施設に保存した情報を削除します");
  await look(desk.page, "desk-delete");
  workstation.dialog.type("1234");
  await desk.press("削除する");
  await desk.shows("削除しました");
  await desk.page.getByText("データベースのファイルからも消えました").waitFor();
  await look(desk.page, "desk-deleted");
  expect(JSON.stringify(await reception.staff.visits())).not.toContain(NAME);
  for (const words of [NAME, "1980-02-17", "19800217"])
    expect(reception.keeps(words), words).toBe(false);

  await desk.press("次の方へ");
  await workstation.removeCard();
  await desk.isReady();
  await workstation.insertCard();
  await desk.shows("受付の方法を選んで");
  expect(await desk.page.textContent(".lead")).toContain("登録されていません");
});
