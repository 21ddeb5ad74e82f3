import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { removeApplication, retriesLeft } from "../harness/card.ts";
import { Desk } from "../harness/desk.ts";
import { mute } from "../harness/impostor.ts";
import { look } from "../harness/look.ts";
import { built } from "../harness/paths.ts";
import { Program } from "../harness/program.ts";
import { Reception } from "../harness/reception.ts";

// What can go wrong at the desk of the reception portal, caused for real, and what people are told.

let reception: Reception;

beforeAll(async () => {
  reception = await Reception.start({ name: "portal-trouble" });
});
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
});
afterAll(() => reception?.stop());

async function openDesk(): Promise<Desk> {
  return await new Desk(await reception.open("desk")).isReady();
}

/** Opens a desk at which a visitor has chosen the PIN, and the dialog asks for it. */
async function untilThePin(): Promise<Desk> {
  const desk = await openDesk();
  await reception.swapCard(reception.card);
  await desk.press("暗証番号で受付");
  await desk.press("進む");
  return desk;
}

/** How the server cannot be reached from a page, until the test ends or routes are removed. */
async function cutOff(page: Page): Promise<void> {
  await page.route("**/api/**", (route) => route.abort());
}

test("without a bridge the desk says what to do, and goes on once there is one", async () => {
  await reception.bridge?.stop();
  const desk = new Desk(await reception.open("desk"));
  expect(await desk.trouble("bridge-unreachable")).toContain(reception.origin);
  await look(desk.page, "trouble-no-bridge");
  await reception.startBridge();
  await desk.press("もう一度試す");
  await desk.isReady();
});

test("a bridge that is gone is waited for", async () => {
  const desk = await openDesk();
  await reception.bridge?.stop();
  await desk.trouble("disconnected");
  await look(desk.page, "trouble-disconnected");
  await reception.startBridge();
  await desk.isReady();
});

test("without a reader the desk says so, and goes on once there is one", async () => {
  const desk = await openDesk();
  const config = join(reception.folder, "no-readers.conf");
  await writeFile(config, "");
  await reception.restartPcscd(config);
  expect(await desk.trouble("no-reader")).toContain("USB");
  await look(desk.page, "trouble-no-reader");
  await reception.restartPcscd();
  await desk.isReady();
});

test("a card that is pulled too early is told so, and nothing is recorded", async () => {
  const desk = await openDesk();
  await reception.insertCard();
  await desk.press("暗証番号で受付");
  await desk.shows("お伝えいただく内容");
  await reception.removeCard();
  expect(await desk.trouble("removed-card")).toContain("途中で離れた");
  await look(desk.page, "trouble-removed");
  expect((await reception.ask("/api/board/visits")).body.total).toBe(0);
});

test("a card that is pulled while the PIN is asked for is told so too", async () => {
  const desk = await untilThePin();
  await desk.shows("別のウィンドウで");
  await reception.removeCard();
  await desk.trouble("removed-card");
});

test("a card that lies the wrong way up is told so", async () => {
  const desk = await openDesk();
  const card = await mute();
  onTestFinished(() => card.stop());
  expect(await desk.trouble("unresponsive-card")).toContain("ICチップの面と向き");
  await look(desk.page, "trouble-unresponsive");
  await card.stop();
  await desk.isReady();
});

test("a wrong PIN says how many tries are left, and the right one receives the visitor", async () => {
  reception.pinentry.type("9999");
  const desk = await untilThePin();
  expect(await desk.trouble("pin-incorrect")).toContain("2");
  await look(desk.page, "trouble-wrong-pin");
  expect(await retriesLeft(reception.card)).toBe(2);
  reception.pinentry.type("1234");
  await desk.press("もう一度入力する");
  expect(await desk.number()).toBe(1);
  expect(await retriesLeft(reception.card)).toBe(3);
});

test("a dialog that is cancelled can be opened again, or left", async () => {
  reception.pinentry.cancel();
  const desk = await untilThePin();
  await desk.trouble("pin-cancelled");
  await desk.press("戻る");
  await desk.shows("受付の方法を選んで");
});

test("a PIN that becomes blocked is told so, and the photo still receives the visitor", async () => {
  const card = await reception.newCard("normal", "to-be-blocked");
  await reception.swapCard(card);
  const desk = new Desk(await reception.open("desk"));
  await desk.press("暗証番号で受付");
  reception.pinentry.type("9999");
  await desk.press("進む");
  for (const anotherPin of ["9998", "9997"]) {
    await desk.trouble("pin-incorrect");
    reception.pinentry.type(anotherPin);
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
  await reception.swapCard(await reception.newCard("expired"));
  const desk = new Desk(await reception.open("desk"));
  expect(await desk.trouble("certificate-expired")).toContain("更新");
  await look(desk.page, "trouble-expired");
});

test("a card of another hierarchy is not believed", async () => {
  await reception.swapCard(await reception.newCard("foreign-root"));
  const desk = new Desk(await reception.open("desk"));
  await desk.trouble("certificate-untrusted");
  await look(desk.page, "trouble-foreign");
});

test("a card that is no My Number Card is told so", async () => {
  const card = await reception.newCard("normal", "no-my-number-card");
  await removeApplication(card, "jpki");
  await reception.swapCard(card);
  const desk = new Desk(await reception.open("desk"));
  expect(await desk.trouble("unsupported-card")).toContain("運転免許証");
  await look(desk.page, "trouble-unsupported");
});

test("a card that another program keeps to itself is told of, and goes on once it is free", async () => {
  await reception.swapCard(reception.card);
  const command = [built("other-program"), "exclusive", "--keep=60000"];
  const other = Program.start("other-program", command, { folder: reception.folder });
  await other.says("has the card");
  const desk = new Desk(await reception.open("desk"));
  expect(await desk.trouble("sharing-violation")).toContain("ほかのソフトウェア");
  await look(desk.page, "trouble-shared");
  await other.stop();
  await desk.press("もう一度試す");
  await desk.shows("受付の方法を選んで");
});

test("without its server the desk says so, and goes on once it is there", async () => {
  const desk = await openDesk();
  await cutOff(desk.page);
  await reception.swapCard(reception.card);
  expect(await desk.trouble("unreachable")).toContain("ネットワーク");
  await look(desk.page, "trouble-no-server");
  await desk.page.unrouteAll();
  await desk.press("もう一度試す");
  await desk.shows("受付の方法を選んで");
});

test("a server that takes requests and does not answer is given up on in time", async () => {
  const desk = await openDesk();
  // Till the page is closed.
  await desk.page.route("**/api/nonces", () => {}, { times: 1 });
  await reception.swapCard(reception.card);
  await desk.shows("カードを確認しています");
  await desk.trouble("unreachable");
  await desk.press("もう一度試す");
  await desk.shows("受付の方法を選んで");
});

test("a visit that the server does not answer is kept, and sent once", async () => {
  const before = (await reception.ask("/api/board/visits")).body.total;
  const { dialogs } = reception.pinentry;
  const desk = await untilThePin();
  await reception.pinentry.asked(dialogs + 1);
  await cutOff(desk.page);
  reception.pinentry.type("1234");
  await desk.shows("サーバーの応答を待っています");
  await look(desk.page, "trouble-kept");
  await desk.press("次の方へ");
  await reception.removeCard();
  await desk.isReady();
  await desk.page.locator(".notice", { hasText: "未送信の受付：1件" }).waitFor();
  await look(desk.page, "trouble-unsent");
  await desk.page.unrouteAll();
  await desk.page.locator(".notice", { hasText: "待っていた受付が記録されました" }).waitFor();
  await look(desk.page, "trouble-sent-late");
  expect((await reception.ask("/api/board/visits")).body.total).toBe(before + 1);
});
