import type { Page } from "playwright-core";
import { test } from "vitest";
import { Desk } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// The portal's screens that no other test comes past: what is short-lived, what is rare, and what is
// long. Where that takes a server in another state, its answers are changed on their way to the page.

const LONG_EVENT = "第三十七回かざし町文化協会合同発表会および姉妹都市交流記念式典";
const LONG_ACCOUNT = "wolfeschlegelsteinhausenbergerdorff";
const LONG_NAMES = [
  "ヴォルフェシュレーゲルシュタインハウゼンベルガードルフ　アレクサンドラマリア",
  "WOLFESCHLEGELSTEINHAUSENBERGERDORFF　HUBERTBLAINEALEXANDERMAXIMILIAN",
  "勅使河原　龍之介",
];

const reception = setUpReception();
const { workstation } = reception;

/** Has the server say this, too, whenever it is asked for that. */
async function saying(page: Page, address: string, more: object): Promise<void> {
  await page.route(address, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...more } });
  });
}

/** Holds back the answers to these requests until the function that it returns is called. */
async function holdBack(page: Page, address: string): Promise<() => Promise<void>> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(address, async (route) => {
    await released;
    await route.continue();
  });
  return async () => {
    release();
    await page.unrouteAll({ behavior: "wait" });
  };
}

test("what is missing or impossible in a form is said beside it", async () => {
  const desk = new Desk(await reception.open("desk"));
  await workstation.insertCard();
  await desk.choosePhoto({ month: "13", expiryYear: "35", securityCode: "" });
  await desk.page.locator("#birth-date-problem", { hasText: "この日付はありません" }).waitFor();
  await look(desk.page, "desk-number-impossible");
});

test("a wrong number and a card without a PIN leave room for what to type", async () => {
  const desk = await reception.openDeskFor(await workstation.newCard("without-pins"));
  await desk.readFace({ securityCode: "2286" });
  await desk.trouble("verification-number-incorrect");
  await look(desk.page, "desk-number-incorrect");
});

test("the desk says what it is doing while that takes time", async () => {
  await workstation.swapCard(workstation.card);
  const page = await reception.open("");
  const release = await holdBack(page, "**/api/nonces");
  await page.locator("a.choice", { hasText: "受付窓口" }).click();
  const desk = new Desk(page);
  await desk.shows("カードを確認しています");
  await look(page, "desk-recognising");
  await release();
  await desk.choosePin();
  await desk.shows("別のウィンドウで");
  const answered = await holdBack(page, "**/api/desk/visits");
  workstation.dialog.type("1234");
  await desk.shows("受付を記録しています");
  await look(page, "desk-recording");
  await answered();
  await desk.press("スマートフォンに写す");
  await page.locator("dialog[open] .qr").waitFor();
  await look(page, "desk-result-qr");
  await desk.press("閉じる");
  await page.emulateMedia({ media: "print" });
  await look(page, "desk-result-printed");
});

test("a server without the institution's key says which ways there are", async () => {
  const page = await reception.open("");
  await saying(page, "**/api/session", { terminalCertificates: [] });
  await page.reload();
  await page.locator("a.choice", { hasText: "受付窓口" }).click();
  const desk = new Desk(page);
  await workstation.swapCard(workstation.card);
  await desk.shows("受付の方法を選んで");
  await look(page, "desk-roads-only-pin");
  await workstation.removeCard();
  await workstation.swapCard(await workstation.newCard("blocked"));
  await desk.trouble("pin-blocked");
  await look(page, "desk-no-road");
});

test("somebody of whom nothing is kept is told so", async () => {
  const desk = await reception.openDesk();
  await desk.press("登録した情報を削除する");
  await look(desk.page, "desk-delete-waiting");
  await workstation.swapCard(await workstation.newCard("another-person"));
  await desk.shows("保存している情報はありません");
  await look(desk.page, "desk-delete-nothing");
});

test("somebody who deletes without a remembered card is asked for the PIN", async () => {
  const desk = await reception.openDesk();
  await desk.press("登録した情報を削除する");
  await workstation.swapCard(workstation.card);
  await desk.shows("この施設に保存した情報を削除します");
  await look(desk.page, "desk-delete-with-pin");
});

test("an address that there is not leads back", async () => {
  const page = await reception.open("");
  await page.goto(new URL("nowhere", reception.origin).href);
  await page.locator(".notice").waitFor();
  await look(page, "not-here");
});

test("a board with a thousand visits and long names keeps its columns", async () => {
  const page = await reception.open("");
  const visits = Array.from({ length: 50 }, (_, index) => ({
    id: crypto.randomUUID(),
    number: 999 - index,
    at: new Date(Date.UTC(2026, 10, 25, 6, 59 - index)).toISOString(),
    road: (["presence", "pin", "visual"] as const)[index % 3],
    returning: index % 3 === 0,
    account: index % 4 === 0 ? LONG_ACCOUNT : "hana",
    revocation: index % 2 === 0 ? "not-checked" : "good",
    ...(index % 3 === 1 && { attributes: { name: LONG_NAMES[index % LONG_NAMES.length] } }),
    ...(index % 3 === 2 && { decision: "match", checkedBy: LONG_ACCOUNT }),
  }));
  for (const [index, visit] of visits.entries()) {
    if (index % 2 === 0) Object.assign(visit, { attributes: { name: LONG_NAMES[index % 3] } });
  }
  await saying(page, "**/api/board/visits*", { visits, total: 999 });
  await page.locator("a.choice", { hasText: "受付状況" }).click();
  await page.locator("tbody tr").nth(49).waitFor();
  await look(page, "board-full");
});

test("a board without visits says so, and one that is cut off, too", async () => {
  const page = await reception.open("board");
  await page.locator(".board-state[data-live=true]").waitFor();
  await page.fill("#board-search", "誰でもない");
  await page.locator(".board-none", { hasText: "一致する受付はありません" }).waitFor();
  await look(page, "board-none-found");
  await page.fill("#board-search", "");
  await page.getByRole("button", { name: "前の日" }).click();
  await page.locator(".board-none", { hasText: "この日の受付はまだありません" }).waitFor();
  await look(page, "board-empty");
  await reception.server.stop();
  await page.locator(".board-state[data-live=false]").waitFor();
  await page.getByRole("button", { name: "次の日" }).click();
  await page.locator(".notice[data-kind=problem]").waitFor();
  await look(page, "board-cut-off");
  await reception.startServer();
  await page.locator(".board-state[data-live=true]").waitFor();
});

test("the settings hold long names, and ask before they change an account", async () => {
  const page = await reception.open("settings");
  const accounts = page.locator("section:has(#accounts)");
  await accounts.locator("form[aria-labelledby=add-account] [name=name]").fill(LONG_ACCOUNT);
  await accounts.locator("form[aria-labelledby=add-account] [name=password]").fill("correct horse");
  await accounts.getByRole("button", { name: "アカウントを追加" }).click();
  await accounts.locator(".notice[data-kind=success]").waitFor();
  await look(page, "settings-account-added");
  await page.getByRole("button", { name: `${LONG_ACCOUNT}: パスワードを変更` }).click();
  await look(page, "settings-change-password");
  await page.locator("dialog[open]").getByRole("button", { name: "やめる" }).click();
  await page.getByRole("button", { name: `${LONG_ACCOUNT}: 削除` }).click();
  await look(page, "settings-remove-account");
  await page.locator("dialog[open]").getByRole("button", { name: "やめる" }).click();
});

test("a gate without events says where they are added, and one with them which they are", async () => {
  const page = await reception.open("gate");
  await page.locator(".notice", { hasText: "催しがまだありません" }).waitFor();
  await look(page, "gate-no-events");
  const settings = await reception.open("settings");
  const events = settings.locator("section:has(#events)");
  await events.locator("[name=name]").fill(LONG_EVENT);
  await events.getByRole("button", { name: "催しを追加" }).click();
  await events.locator(".notice[data-kind=success]").waitFor();
  await look(settings, "settings-event-added");

  await page.reload();
  await page.getByText(LONG_EVENT).waitFor();
  await look(page, "gate-choose");
});

test("a gate says what it does, and what it cannot do", async () => {
  const gate = await reception.openGate();
  const { page } = gate;
  await look(page, "gate-long-name");
  // A gate waits for its server a moment only.
  await page.evaluate("AbortSignal.timeout = () => new AbortController().signal");
  const release = await holdBack(page, "**/api/desk/arrivals");
  await workstation.swapCard(workstation.card);
  await page.locator(".gate-call", { hasText: "確認しています" }).waitFor();
  await look(page, "gate-checking");
  await release();
  await gate.shows("refused");
  await look(page, "gate-not-enrolled");
  await workstation.removeCard();
  await gate.isFree();
  await workstation.swapCard(await workstation.newCard("foreign-root"));
  await gate.shows("refused");
  await look(page, "gate-foreign");
  await workstation.removeCard();
  await gate.isFree();
  await workstation.bridge.stop();
  await page.locator(".gate-stage .notice").waitFor();
  await look(page, "gate-no-bridge");
  await workstation.restartBridge();
});
