import { expect, test } from "vitest";
import { leaveRetries, retriesLeft } from "../workstation/card.ts";
import { type Desk, REMEMBERED } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// What goes wrong when a visitor wants to be remembered, and when one who is not wants to be forgotten.

const reception = setUpReception();
const { workstation } = reception;

/** Opens a desk for a visitor who wants this card to be remembered, and is asked for the birth date. */
async function untilTheBirthDate(card: string): Promise<Desk> {
  const desk = await reception.openDeskFor(card);
  await desk.choosePin(REMEMBERED);
  await desk.shows("生年月日を入力");
  return desk;
}

test("a card whose birth date is blocked is not remembered, and received in another way", async () => {
  const card = await workstation.newCard("normal", "blocked-birth-date");
  await leaveRetries(card, "birthDate", 0);
  const desk = await untilTheBirthDate(card);
  await desk.typeBirthDate();
  workstation.dialog.type("1234");
  await desk.press("進む");
  const told = await desk.trouble("birth-date-blocked");
  expect(told).toContain("生年月日の照合がロックされています");
  expect(told).toContain("この受付は記録されていません");
  await look(desk.page, "remember-birth-date-blocked");
  expect(await reception.staff.visits()).toEqual([]);
  await desk.press("ほかの方法で受付する");
  await desk.choosePin();
  workstation.dialog.type("1234");
  expect(await desk.number()).toBe(1);
});

test("the last two tries of a birth date are left alone by whoever does not agree", async () => {
  const card = await workstation.newCard("normal", "few-birth-dates");
  await leaveRetries(card, "birthDate", 2);
  workstation.dialog.decline();
  const desk = await untilTheBirthDate(card);
  await desk.typeBirthDate();
  workstation.dialog.type("1234");
  await desk.press("進む");
  const told = await desk.trouble("too-few-retries");
  expect(told).toContain("残り2回");
  expect(told).toContain("別の方法で受付してください");
  expect(await retriesLeft(card, "birthDate")).toBe(2);
  expect(await reception.staff.visits()).toHaveLength(1);
});

test("a wrong birth date says how many tries are left, and the right one has the card remembered", async () => {
  const desk = await untilTheBirthDate(workstation.card);
  await desk.typeBirthDate({ day: "18" });
  workstation.dialog.type("1234");
  await desk.press("進む");
  expect(await desk.trouble("birth-date-incorrect")).toContain("あと9回");
  await look(desk.page, "remember-wrong-birth-date");
  expect(await retriesLeft(workstation.card, "birthDate")).toBe(9);
  expect(await reception.staff.visits()).toHaveLength(1);
  await desk.typeBirthDate();
  workstation.dialog.type("1234");
  await desk.press("進む");
  expect(await desk.number()).toBe(2);
  expect(await desk.page.textContent(".result")).toContain("次からは、カードを置くだけ");
  expect(await retriesLeft(workstation.card, "birthDate")).toBe(10);
  expect(await retriesLeft(workstation.card)).toBe(3);
});

test("a card that is remembered and no longer compares birth dates is received in another way", async () => {
  const before = await retriesLeft(workstation.card, "birthDate");
  await leaveRetries(workstation.card, "birthDate", 0);
  const desk = await reception.openDeskFor(workstation.card);
  await desk.shows("受付の方法を選んで");
  expect(await desk.trouble("birth-date-blocked")).toContain("ロックされています");
  await look(desk.page, "remembered-birth-date-blocked");
  await desk.choosePin();
  workstation.dialog.type("1234");
  expect(await desk.number()).toBe(3);
  await workstation.removeCard();
  await leaveRetries(workstation.card, "birthDate", before);
});

test("a visitor who is not remembered has their data deleted with the PIN", async () => {
  const card = await workstation.newCard("another-person");
  const visit = await reception.openDeskFor(card);
  workstation.dialog.type("1234", "1234");
  await visit.choosePin("氏名");
  expect(await visit.number()).toBe(4);
  await visit.page.close();
  const [latest] = await reception.staff.visits();
  const name = latest?.attributes?.name ?? "";
  expect(name).not.toBe("");
  expect(reception.keeps(name)).toBe(true);
  await workstation.removeCard();

  const board = await reception.open("board");
  await board.locator("tbody tr", { hasText: name }).waitFor();
  const desk = await reception.openDesk();
  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  await desk.shows("この施設に保存した情報を削除します");
  expect(await desk.page.textContent("main")).toContain("暗証番号（利用者証明用、数字4桁）");
  await look(desk.page, "delete-with-pin");

  // A wrong PIN deletes nothing.
  workstation.dialog.type("9999");
  await desk.press("削除する");
  expect(await desk.trouble("pin-incorrect")).toContain("あと2回");
  expect((await reception.staff.visits())[0]).toMatchObject({ attributes: { name } });
  await desk.press("もう一度試す");
  workstation.dialog.type("1234");
  await desk.press("削除する");
  await desk.shows("削除しました");
  expect(await desk.page.textContent("main")).toContain("1件の受付");
  await desk.page.getByText("データベースのファイルからも消えました").waitFor();
  await look(desk.page, "deleted-with-pin");
  expect(await retriesLeft(card)).toBe(3);

  // The visit stays, as nobody's; the board shows so at once.
  await board.locator("tbody tr", { hasText: name }).waitFor({ state: "detached" });
  expect(await board.locator("tbody tr").count()).toBe(4);
  await look(board, "board-after-deletion");
  expect((await reception.staff.visits())[0]).not.toHaveProperty("attributes");
  expect((await reception.staff.visits())[0]).toMatchObject({ number: 4, returning: false });
  expect(reception.keeps(name)).toBe(false);
  await desk.press("次の方へ");
  await workstation.removeCard();

  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  await desk.shows("保存している情報はありません");
  await look(desk.page, "delete-nothing");
});
