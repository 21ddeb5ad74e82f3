import { expect, test } from "vitest";
import { REMEMBERED } from "./reception/desk.ts";
import { Keys } from "./reception/keys.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// The day things go wrong: a card is lost, a holder has no PIN at hand, a workstation is stolen.

const reception = setUpReception();
const { workstation } = reception;

test("the staff suspend a lost card by its holder's name, with keys alone", async () => {
  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234", "1234", "1234");
  await desk.choosePin("氏名", REMEMBERED);
  await desk.typeBirthDate();
  await desk.press("進む");
  expect(await desk.number()).toBe(1);
  await desk.press("次の方へ");
  await workstation.removeCard();
  await desk.isReady();
  const [visit] = await reception.staff.visits();
  // As it is typed, not as the card has it.
  const name = String(visit?.attributes?.name).replaceAll("　", " ");

  const page = await reception.open("people");
  await page.getByText("停止中のカードはありません").waitFor();
  const keys = new Keys(page);
  await keys.to("searchbox", "氏名、またはその一部");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.locator("section:has(#people-found) tbody tr").waitFor();
  await look(page, "people-found");
  await keys.press("停止する");
  await page.locator("dialog[open]").waitFor();
  await look(page, "people-suspend");
  await keys.press("停止する");
  await page.getByText("カードを停止しました").waitFor();
  await page.locator("section:has(#people-suspended) tbody tr").waitFor();
  await look(page, "people-suspended");
  expect(await reception.staff.timesRecorded("person-suspended")).toBe(1);
});

test("whoever finds the card is asked to speak to the staff, and no more is said", async () => {
  const desk = await reception.openDeskForHolder();
  expect(await desk.trouble("suspended")).toContain("職員にお声がけください");
  expect(await desk.page.textContent("main")).not.toContain("停止");
  await look(desk.page, "desk-suspended");
  await workstation.removeCard();
  await desk.isReady();
  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  await desk.trouble("suspended");
  expect(await reception.staff.visits()).toHaveLength(1);
});

test("a card that was found again is received as before, by keys alone", async () => {
  const page = await reception.open("people");
  await page.locator("section:has(#people-suspended) tbody tr").waitFor();
  const keys = new Keys(page);
  await keys.press("停止を解除");
  await page.locator("dialog[open]").waitFor();
  await keys.press("停止を解除");
  await page.getByText("停止を解除しました").waitFor();
  await page.close();
  const desk = await reception.openDeskForHolder();
  expect(await desk.number()).toBe(2);
});

test("a holder who does not know the PIN has their data deleted by eye, and sees when it is gone", async () => {
  const desk = await reception.openDesk();
  const keys = new Keys(desk.page);
  await keys.press("登録した情報を削除する");
  await workstation.insertCard();
  await desk.shows("この施設に保存した情報を削除します");
  await keys.press("顔写真で確認する");
  await desk.shows("3つの項目を入力してください");
  await keys.press("戻る");
  await desk.shows("この施設に保存した情報を削除します");
  await keys.press("顔写真で確認する");
  await desk.readFace();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await desk.page.route("**/api/desk/deletions/*", async (route) => {
    await released;
    await route.continue();
  });
  await desk.recognise();
  await desk.shows("削除しました");
  await desk.page.getByText("消去中です").waitFor();
  await look(desk.page, "desk-being-erased");
  release();
  await desk.page.getByText("データベースのファイルからも消えました").waitFor();
  expect(await reception.staff.timesRecorded("visitor-forgotten")).toBe(1);
});

test("a card without a PIN leaves the photo to delete by", async () => {
  const card = await workstation.newCard("without-pins");
  await workstation.removeCard();
  const visit = await reception.openDeskFor(card);
  await visit.readFace();
  await visit.recognise();
  await visit.number();
  await visit.press("次の方へ");
  await workstation.removeCard();
  await visit.isReady();
  await visit.press("登録した情報を削除する");
  await workstation.insertCard();
  await visit.shows("この施設に保存した情報を削除します");
  expect(await visit.page.textContent("main")).toContain("暗証番号が設定されていません");
  expect(await visit.page.getByRole("button", { name: "削除する", exact: true }).count()).toBe(0);
  await look(visit.page, "desk-delete-without-pin");
});

test("the staff delete somebody whom they find by the visit, with keys alone", async () => {
  const [visit] = await reception.staff.visits();
  const people = await reception.open("people");
  const keys = new Keys(people);
  await keys.to("spinbutton", "受付番号");
  await keys.fill([String(visit?.number)]);
  await people.keyboard.press("Enter");
  const found = people.locator("section:has(#people-found)");
  await found.locator("tbody tr").waitFor();
  await keys.press("削除");
  await people.locator("dialog[open]").waitFor();
  await look(people, "people-erase");
  await keys.press("削除");
  await people.getByText("1件の受付は、誰のものでもなくなりました").waitFor();
  await found.getByText("見つかりませんでした").waitFor();
  await look(people, "people-erased");
  expect(await reception.staff.timesRecorded("person-erased")).toBe(1);
});

test("what is kept is shown, with what is not gone from the files yet", async () => {
  const kept = await reception.open("kept");
  await kept.getByText("残っているものはありません").waitFor();
  await look(kept, "kept");
  await kept.route("**/api/kept", async (route) => {
    const response = await route.fetch();
    const json = { ...(await response.json()), erasures: { pending: 2, overdue: 1 } };
    await route.fulfill({ response, json });
  });
  await kept.reload();
  await kept.getByText("うち1件は予定の時刻を過ぎています").waitFor();
  await look(kept, "kept-overdue");
});

test("a stolen workstation is withdrawn with keys alone, and nobody is received by eye there", async () => {
  const settings = await reception.open("settings");
  const section = settings.locator("section:has(#workstations)");
  await section.locator("tbody tr").waitFor();
  const keys = new Keys(settings);
  await keys.press("desk: 取り消す");
  await settings.locator("dialog[open]").waitFor();
  await look(settings, "settings-withdraw");
  await keys.press("取り消す");
  await section.getByText("に取り消し").waitFor();
  await look(settings, "settings-withdrawn");
  const desk = await reception.openDeskFor(workstation.card);
  await desk.choosePhoto();
  await desk.recognise();
  await desk.trouble("terminal-not-signed");
});
