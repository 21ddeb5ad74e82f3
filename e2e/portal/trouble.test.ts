import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { removeApplication, retriesLeft } from "../workstation/card.ts";
import { mute } from "../workstation/odd-cards.ts";
import { Desk } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// What can go wrong at the desk of the reception portal, caused for real, and what people are told.

const reception = setUpReception();
const { workstation } = reception;

/** Opens a desk at which a visitor has chosen the PIN, and the dialog asks for it. */
async function untilThePin(): Promise<Desk> {
  const desk = await reception.openDesk();
  await workstation.swapCard(workstation.card);
  await desk.choosePin();
  return desk;
}

/** How the server cannot be reached from a page, until the test ends or routes are removed. */
async function cutOff(page: Page): Promise<void> {
  await page.route("**/api/**", (route) => route.abort());
}

test("without a bridge the desk says what to do, and goes on once there is one", async () => {
  await workstation.bridge.stop();
  const desk = new Desk(await reception.open("desk"));
  expect(await desk.trouble("bridge-unreachable")).toContain(reception.origin);
  await look(desk.page, "trouble-no-bridge");
  await workstation.restartBridge();
  await desk.press("もう一度試す");
  await desk.isReady();
});

test("a bridge that is gone is waited for", async () => {
  const desk = await reception.openDesk();
  await workstation.bridge.stop();
  await desk.trouble("disconnected");
  await look(desk.page, "trouble-disconnected");
  await workstation.restartBridge();
  await desk.isReady();
});

test("a bridge that stays away is not waited for, and the desk says what to do", async () => {
  const desk = await reception.openDesk();
  await desk.page.clock.install();
  await desk.page.reload();
  await desk.isReady();
  await workstation.bridge.stop();
  await desk.trouble("disconnected");
  await desk.page.clock.fastForward(21_000);
  expect(await desk.trouble("bridge-unreachable")).toContain(reception.origin);
  await workstation.restartBridge();
  await desk.press("もう一度試す");
  await desk.isReady();
});

test("without a reader the desk says so, and goes on once there is one", async () => {
  const desk = await reception.openDesk();
  await workstation.restartPcscd("none");
  expect(await desk.trouble("no-reader")).toContain("USB");
  await look(desk.page, "trouble-no-reader");
  await workstation.restartPcscd();
  await desk.isReady();
});

test("a card that is pulled too early is told so, and nothing is recorded", async () => {
  const desk = await reception.openDeskForHolder();
  await desk.press("暗証番号で受付");
  await desk.shows("お伝えいただく内容");
  await workstation.removeCard();
  expect(await desk.trouble("removed-card")).toContain("途中で離れた");
  await look(desk.page, "trouble-removed");
  expect(await reception.staff.visits()).toEqual([]);
});

test("a card that is pulled while the PIN is asked for is told so too", async () => {
  const desk = await untilThePin();
  await desk.shows("別のウィンドウで");
  await workstation.removeCard();
  await desk.trouble("removed-card");
});

test("a card that lies the wrong way up is told so", async () => {
  const desk = await reception.openDesk();
  const card = await mute();
  onTestFinished(() => card.stop());
  expect(await desk.trouble("unresponsive-card")).toContain("ICチップの面と向き");
  await look(desk.page, "trouble-unresponsive");
  await card.stop();
  await desk.isReady();
});

test("a wrong PIN says how many tries are left, and the right one receives the visitor", async () => {
  workstation.dialog.type("9999");
  const desk = await untilThePin();
  expect(await desk.trouble("pin-incorrect")).toContain("2");
  await look(desk.page, "trouble-wrong-pin");
  expect(await retriesLeft(workstation.card)).toBe(2);
  workstation.dialog.type("1234");
  await desk.press("もう一度入力する");
  expect(await desk.number()).toBe(1);
  expect(await retriesLeft(workstation.card)).toBe(3);
});

test("a dialog that is cancelled can be opened again, or left", async () => {
  workstation.dialog.cancel();
  const desk = await untilThePin();
  await desk.trouble("pin-cancelled");
  await desk.press("戻る");
  await desk.shows("受付の方法を選んで");
});

test("a PIN that becomes blocked is told so, and the photo still receives the visitor", async () => {
  const card = await workstation.newCard("normal", "to-be-blocked");
  const desk = await reception.openDeskFor(card);
  await desk.press("暗証番号で受付");
  workstation.dialog.type("9999");
  await desk.press("進む");
  for (const anotherPin of ["9998", "9997"]) {
    await desk.trouble("pin-incorrect");
    workstation.dialog.type(anotherPin);
    await desk.press("もう一度入力する");
  }
  expect(await desk.trouble("pin-blocked")).toContain("市区町村の窓口");
  await look(desk.page, "trouble-blocked-pin");
  expect(await retriesLeft(card)).toBe(0);
  await desk.press("もう一度試す");
  await desk.shows("カードの表面の3つ");
  expect(await desk.page.textContent("form .notice")).toContain("ロック");
});

test("a card whose certificate has expired is told so", async () => {
  const desk = await reception.openDeskFor(await workstation.newCard("expired"));
  expect(await desk.trouble("certificate-expired")).toContain("更新");
  await look(desk.page, "trouble-expired");
});

test("a card of another hierarchy is not believed", async () => {
  const desk = await reception.openDeskFor(await workstation.newCard("foreign-root"));
  await desk.trouble("certificate-untrusted");
  await look(desk.page, "trouble-foreign");
});

test("a card that is no My Number Card is told so", async () => {
  const card = await workstation.newCard("normal", "no-my-number-card");
  await removeApplication(card, "jpki");
  const desk = await reception.openDeskFor(card);
  expect(await desk.trouble("unsupported-card")).toContain("運転免許証");
  await look(desk.page, "trouble-unsupported");
});

test("a card that another program keeps to itself is told of, and goes on once it is free", async () => {
  await workstation.swapCard(workstation.card);
  const other = workstation.startOtherProgram("exclusive", "--keep=60000");
  await other.says("has the card");
  const desk = new Desk(await reception.open("desk"));
  expect(await desk.trouble("sharing-violation")).toContain("ほかのソフトウェア");
  await look(desk.page, "trouble-shared");
  await other.stop();
  await desk.press("もう一度試す");
  await desk.shows("受付の方法を選んで");
});

test("without its server the desk says so, and goes on once it is there", async () => {
  const desk = await reception.openDesk();
  await cutOff(desk.page);
  await workstation.swapCard(workstation.card);
  expect(await desk.trouble("unreachable")).toContain("ネットワーク");
  await look(desk.page, "trouble-no-server");
  await desk.page.unrouteAll();
  await desk.press("もう一度試す");
  await desk.shows("受付の方法を選んで");
});

test("a server that takes requests and does not answer is given up on in time", async () => {
  const desk = await reception.openDesk();
  // Till the page is closed.
  await desk.page.route("**/api/nonces", () => {}, { times: 1 });
  await workstation.swapCard(workstation.card);
  await desk.shows("カードを確認しています");
  await desk.trouble("unreachable");
  await desk.press("もう一度試す");
  await desk.shows("受付の方法を選んで");
});

test("a visit that the server does not answer is kept, and sent once", async () => {
  const before = (await reception.staff.visits()).length;
  const { times } = workstation.dialog;
  const desk = await untilThePin();
  await workstation.dialog.asked(times + 1);
  await cutOff(desk.page);
  workstation.dialog.type("1234");
  await desk.shows("サーバーの応答を待っています");
  await look(desk.page, "trouble-kept");
  await desk.press("次の方へ");
  await workstation.removeCard();
  await desk.isReady();
  await desk.page.locator(".notice", { hasText: "未送信の受付：1件" }).waitFor();
  await look(desk.page, "trouble-unsent");
  await desk.page.unrouteAll();
  await desk.page.locator(".notice", { hasText: "待っていた受付が記録されました" }).waitFor();
  await look(desk.page, "trouble-sent-late");
  expect((await reception.staff.visits()).length).toBe(before + 1);
});
