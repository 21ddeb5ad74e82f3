import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { removeApplication } from "../workstation/card.ts";
import { REMEMBERED } from "./reception/desk.ts";
import { cut, Gate } from "./reception/gate.ts";
import { Keys } from "./reception/keys.ts";
import { look, speak } from "./reception/look.ts";
import { enterAccount, setUpReception } from "./reception/reception.ts";

// The gate of an event: with the server, with the network cut, and when it is back. The tests follow
// each other as an evening does.

const EVENT = "市民ホール秋の音楽会";
const OTHER_EVENT = "年末コンサート";
const THIRD_EVENT = "新年会";
const FOURTH_EVENT = "春まつり";
const FIFTH_EVENT = "夏の夜市";
const SIXTH_EVENT = "市民講座";
const SEVENTH_EVENT = "朗読会";
const EIGHTH_EVENT = "写真展";
const NINTH_EVENT = "花火大会";

const reception = setUpReception();
const { workstation } = reception;
/** By which a list of tickets names the holder of the card. */
let subject: string;

test("a visitor is remembered at the desk", async () => {
  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234", "1234");
  await desk.choosePin("生年月日", REMEMBERED);
  expect(await desk.number()).toBe(1);
  [subject = ""] = await reception.staff.subjects();
  expect(subject).toMatch(/^[\w-]{43}$/);
});

test("an administrator imports tickets, and is told of lines that cannot be taken", async () => {
  const page = await reception.open("settings");
  await addEvent(page, EVENT);
  const csv = `チケット,識別子,備考\nA-0012,${subject},x\n,abc,\nA-0013,${subject},\n1.23E+15,${subject},\n`;
  await importTickets(page, EVENT, csv);
  expect(await page.locator(".settings-refused").textContent()).toContain("別のチケット");
  await look(page, "settings-refused-lines");
  const file = {
    name: "list.csv",
    mimeType: "text/csv",
    buffer: Buffer.alloc(4 * 1024 * 1024 + 1),
  };
  await page.getByLabel(`${EVENT}: CSVを取り込む`).setInputFiles(file);
  await page.getByText("ファイルが大きすぎます").waitFor();
  const workbook = { ...file, buffer: Buffer.from("PK\x03\x04") };
  await page.getByLabel(`${EVENT}: CSVを取り込む`).setInputFiles(workbook);
  await page.getByText("これはCSVではありません").waitFor();
});

test("whoever has a ticket is let in once", async () => {
  const gate = await reception.openGate(EVENT);
  await look(gate.page, "gate-waiting");
  await workstation.insertCard();
  await gate.shows("admitted");
  expect(await gate.page.locator(".gate-ticket").textContent()).toBe("チケット A-0012");
  await look(gate.page, "gate-admitted");
  await workstation.removeCard();
  await workstation.insertCard();
  await gate.shows("refused");
  await look(gate.page, "gate-refused");
  expect(await gate.why.textContent()).toContain("使用済み");
  expect(await admitted(EVENT)).toBe(1);
});

test("nobody is let in without a ticket", async () => {
  await addEvent(await reception.open("settings"), OTHER_EVENT);
  const gate = await reception.openGate(OTHER_EVENT);
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await gate.why.textContent()).toContain("チケットがありません");
});

test("nobody is let in with a card that is not good, though its holder has a ticket", async () => {
  await prepare(FIFTH_EVENT, "E-1");
  const gate = await reception.openGate(FIFTH_EVENT);
  const refuses = async (card: string, words: string, picture: string) => {
    await workstation.swapCard(card);
    await gate.shows("refused");
    const why = gate.why.filter({ hasText: words });
    await why.waitFor();
    expect(await gate.page.locator(".gate-word").textContent()).toContain("入場できません");
    expect(await gate.page.locator(".gate-ticket").textContent()).not.toContain("E-1");
    await look(gate.page, `gate-${picture}`);
    await workstation.removeCard();
    await gate.isFree();
  };
  const expired = await workstation.newCard("expired");
  await refuses(expired, "有効期限が切れています", "expired");
  const foreign = await workstation.newCard("foreign-root");
  await refuses(foreign, "電子証明書を確認できません。係員に", "foreign");
  const noSurface = await workstation.newCard("normal", "no-card-surface");
  await removeApplication(noSurface, "card-surface");
  await refuses(noSurface, "入場の確認に使う機能がありません", "no-card-surface");
  const another = await workstation.newCard("normal", "no-my-number-card");
  await removeApplication(another, "jpki");
  await refuses(another, "マイナンバーカードではありません", "no-my-number-card");
  expect(await gate.count("refused").textContent()).toBe("4");
  expect(await admitted(FIFTH_EVENT)).toBe(0);

  // The holder with their own card is let in.
  await workstation.swapCard(workstation.card);
  await gate.shows("admitted");
  expect(await admitted(FIFTH_EVENT)).toBe(1);
});

test("with the network cut, a certificate that expired meanwhile lets nobody in", async () => {
  await prepare(SIXTH_EVENT, "F-1");
  const gate = await reception.openGate(SIXTH_EVENT);
  await cut(gate.page);
  // Not by `page.clock`, which is that of all pages.
  await gate.page.evaluate(() => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + 25 * 365 * 86_400_000;
  });
  await workstation.insertCard();
  await gate.shows("refused");
  const why = await gate.why.textContent();
  expect(why).toContain("有効期限が切れています");
  expect(why).toContain("手元の名簿で確認");
  expect(await gate.count("waiting").textContent()).toBe("0");
  expect(await admitted(SIXTH_EVENT)).toBe(0);
});

test("with the network cut and this machine's clock ahead, the gate goes by the server's time", async () => {
  const gate = await reception.openGate(SIXTH_EVENT);
  await cut(gate.page);
  await gate.page.evaluate(`Date = class extends Date {
    constructor(...given) {
      super(...(given.length > 0 ? given : ["2050-01-01"]));
    }
    static now() {
      return new Date("2050-01-01").getTime();
    }
  }`);
  await workstation.insertCard();
  await gate.shows("provisional");
  await workstation.removeCard();
  await gate.isFree();
  expect(await gate.page.textContent(".gate-clock")).toContain("この端末の時計が合っていません");
  await look(gate.page, "gate-clock-wrong");
  await gate.page.unrouteAll();
  await gate.hasSentAll();
  expect(await admitted(SIXTH_EVENT)).toBe(1);
});

test("an entry by mistake is taken back with keys alone, and the ticket admits again", async () => {
  await prepare(SEVENTH_EVENT, "G-1");
  const gate = await reception.openGate(SEVENTH_EVENT);
  await workstation.insertCard();
  await gate.shows("admitted");
  await workstation.removeCard();
  await gate.isFree();
  const keys = new Keys(gate.page);
  await keys.unfold("係員用");
  await look(gate.page, "gate-undo");
  gate.page.once("dialog", (dialog) => dialog.accept());
  await keys.press("入場を取り消す");
  await gate.page.getByText("取り消せる入場はありません").waitFor();
  expect(await admitted(SEVENTH_EVENT)).toBe(0);
  await workstation.insertCard();
  await gate.shows("admitted");
  expect(await admitted(SEVENTH_EVENT)).toBe(1);
});

test("a card that stays on the reader is judged once, though the page is loaded anew", async () => {
  const gate = await reception.openGate(SEVENTH_EVENT);
  await workstation.insertCard();
  await gate.shows("refused");
  await gate.page.reload();
  await gate.page.getByText(SEVENTH_EVENT).click();
  await gate.page.getByRole("button", { name: "入場確認を始める" }).click();
  await gate.page.locator(".gate-call", { hasText: "カードをお取りください" }).waitFor();
  await look(gate.page, "gate-served");
  expect(await gate.count("refused").textContent()).toBe("0");
  await workstation.removeCard();
  await gate.page.locator(".gate-call", { hasText: "カードを置いてください" }).waitFor();
});

test("a verdict has its second, with its ticket, though the next card is there before it comes", async () => {
  await prepare(EIGHTH_EVENT, "H-1");
  const stranger = await workstation.newCard("another-person", "next-in-line");
  const gate = await reception.openGate(EIGHTH_EVENT);
  await gate.page.evaluate(() => {
    const shown: [string, number][] = [];
    new MutationObserver(() => {
      const text = document.querySelector(".gate-result")?.textContent?.replace(/\s+/g, "") ?? "";
      if (shown.at(-1)?.[0] !== text) shown.push([text, performance.now()]);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
    Object.assign(globalThis, { shown });
  });
  await gate.page.route("**/entries", async (route) => {
    const response = await route.fetch();
    await workstation.swapCard(stranger);
    await route.fulfill({ response });
  });
  await workstation.swapCard(workstation.card);
  await gate.shows("admitted");
  await gate.shows("refused");
  const shown = await gate.page.evaluate<[string, number][]>("shown");
  const first = shown.findIndex(([text]) => text.includes("H-1"));
  const [, from = 0] = shown[first] ?? [];
  const [, until = 0] = shown[first + 1] ?? [];
  expect(until - from).toBeGreaterThanOrEqual(950);
  await workstation.removeCard();
  await workstation.swapCard(workstation.card);
  await workstation.removeCard();
});

test("an administrator moves a ticket, deletes it, and closes the event, with keys alone", async () => {
  const page = await reception.open("settings");
  await addEvent(page, NINTH_EVENT);
  const { keyboard } = page;
  const keys = new Keys(page);
  await page.locator("h1").focus();
  await keys.to("link", "催しとチケット");
  await keyboard.press("Enter");
  await keys.press(`${EIGHTH_EVENT}: チケットを見る`);
  await page.locator("#tickets:focus").waitFor();
  await keys.to("searchbox", "チケット");
  await keyboard.type("h-");
  await keyboard.press("Enter");
  await page.locator(".settings-tickets tr", { hasText: "H-1" }).waitFor();
  await keys.press("H-1: 入場を取り消す");
  await look(page, "settings-ticket-undo");
  await keys.press("入場を取り消す");
  await page.getByText("入場を取り消しました").waitFor();
  await keys.press("H-1: 移す");
  await look(page, "settings-ticket-move");
  await keys.to("combobox", "催し");
  await keys.choose(1);
  await keys.press("移す");
  await page.getByText("チケット H-1 を移しました").waitFor();
  await page.getByText("チケットが見つかりません").waitFor();
  await keys.backTo("button", `${NINTH_EVENT}: チケットを見る`);
  await keyboard.press("Enter");
  await page.locator("#tickets:focus").waitFor();
  await keys.press("H-1: 削除");
  await keys.press("削除");
  await page.getByText("チケット H-1 を削除しました").waitFor();
  await keys.backTo("button", `${NINTH_EVENT}: 終了する`);
  await keyboard.press("Enter");
  await page.getByText(`「${NINTH_EVENT}」を終了しました`).waitFor();
  await look(page, "settings-event-closed");
  const choice = await reception.open("gate");
  await choice.getByText(EIGHTH_EVENT).waitFor();
  expect(await choice.getByText(NINTH_EVENT).count()).toBe(0);
});

test("a gate opens for the events of today, unless it is told otherwise", async () => {
  const day = "2026-01-05";
  await reception.staff.post("/api/gate/events", { name: "先の催し", day });
  const page = await reception.open("gate");
  await page.getByText(EVENT).waitFor();
  expect(await page.getByText("先の催し").count()).toBe(0);
  await page.getByText("ほかの日の催しも表示する").click();
  await page.getByText("先の催し").waitFor();
  await look(page, "gate-choose-any-day");
});

test("with the network cut, the list decides, and the entry is sent once when it is back", async () => {
  const settings = await reception.open("settings");
  await importTickets(settings, OTHER_EVENT, `ticket,subject\nB-1,${subject}\n`);
  const gate = await reception.openGate(OTHER_EVENT);
  await cut(gate.page);
  await workstation.insertCard();
  await gate.shows("provisional");
  await look(gate.page, "gate-provisional");
  expect(await gate.count("waiting").textContent()).toBe("1");
  await workstation.removeCard();
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await gate.why.textContent()).toContain("手元の名簿で確認");
  await workstation.removeCard();
  await gate.page.locator(".gate-server[data-state=down]").waitFor();
  await gate.isFree();
  await look(gate.page, "gate-cut-off");

  const sent = requests(gate.page, "provisional");
  await gate.page.unrouteAll();
  await gate.hasSentAll();
  expect(await gate.page.locator(".gate-conflicts").count()).toBe(0);
  expect(sent.count).toBe(1);
  expect(await admitted(OTHER_EVENT)).toBe(1);
});

test("a ticket that was used elsewhere in the meantime is told of", async () => {
  await prepare(THIRD_EVENT, "C-1");
  const gate = await reception.openGate(THIRD_EVENT);
  await cut(gate.page);
  await workstation.insertCard();
  await gate.shows("provisional");
  await gate.page.close();
  await workstation.removeCard();

  const elsewhere = await reception.openSignedOut();
  await enterAccount(elsewhere);
  await elsewhere.getByText("入場確認").first().click();
  const there = await new Gate(elsewhere).begin(THIRD_EVENT);
  await workstation.insertCard();
  await there.shows("admitted");
  await elsewhere.close();
  await workstation.removeCard();

  const again = await reception.openGate(THIRD_EVENT);
  const conflict = again.page.locator(".gate-conflicts li");
  expect(await conflict.textContent()).toContain("別の入口で先に使われていました");
  await look(again.page, "gate-conflict");
  await conflict.getByRole("button").click();
  expect(await conflict.count()).toBe(0);
  expect(await admitted(THIRD_EVENT)).toBe(1);
});

test("with the server gone, the gate goes on and says so in both languages", async () => {
  await prepare(FOURTH_EVENT, "D-1");
  const gate = await reception.openGate(FOURTH_EVENT);
  await reception.server.kill();
  await workstation.insertCard();
  await gate.shows("provisional");
  await speak(gate.page, "en");
  expect(await gate.why.textContent()).toContain("Checked by the list");
  expect(await gate.why.locator("[lang=ja]").textContent()).toContain("手元の名簿");
  await reception.startServer();
  await gate.hasSentAll();
  expect(await admitted(FOURTH_EVENT)).toBe(1);
});

/** Adds an event to which the holder of the card has a ticket. */
async function prepare(event: string, ticket: string): Promise<void> {
  const page = await reception.open("settings");
  await addEvent(page, event);
  await importTickets(page, event, `ticket,subject\n${ticket},${subject}\n`);
}

async function addEvent(page: Page, name: string): Promise<void> {
  const events = page.locator("section:has(#events)");
  await events.locator("[name=name]").fill(name);
  await events.locator("form .button.primary").click();
  await events.locator(".notice[data-kind=success]").waitFor();
}

async function importTickets(page: Page, event: string, csv: string): Promise<void> {
  const file = { name: "tickets.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
  await page.getByLabel(`${event}: CSVを取り込む`).setInputFiles(file);
  await page.locator("section:has(#events) .notice", { hasText: "新しく取り込んだ" }).waitFor();
}

/** How many the server has let in. */
async function admitted(name: string): Promise<number> {
  const events = await reception.staff.events();
  return events.find((event) => event.name === name)?.admitted ?? Number.NaN;
}

/** Counts the requests of a page to such an address from now on. */
function requests(page: Page, address: string): { count: number } {
  const seen = { count: 0 };
  page.on("request", (request) => {
    if (request.url().endsWith(address)) seen.count += 1;
  });
  return seen;
}
