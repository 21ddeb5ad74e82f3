import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { removeApplication } from "../harness/card.ts";
import { Desk } from "../harness/desk.ts";
import { look, speak } from "../harness/look.ts";
import { enterAccount, Reception } from "../harness/reception.ts";

// The gate of an event: with the server, with the network cut, and when it is back. The tests follow
// each other as an evening does.

const EVENT = "市民ホール秋の音楽会";
const OTHER_EVENT = "年末コンサート";
const THIRD_EVENT = "新年会";
const FOURTH_EVENT = "春まつり";
const FIFTH_EVENT = "夏の夜市";
const SIXTH_EVENT = "市民講座";

let reception: Reception;
/** By which a list of tickets names the holder of the card. */
let subject: string;

beforeAll(async () => {
  reception = await Reception.start({ name: "portal-gate" });
}, 120_000);
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
});
afterAll(() => reception?.stop());

test("a visitor is remembered at the desk", async () => {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await reception.insertCard();
  await desk.press("暗証番号で受付");
  await desk.tick("生年月日");
  await desk.tick("このカードを覚えて、次からは暗証番号なしで受付する");
  for (const pin of ["1234", "1234"]) reception.pinentry.type(pin);
  await desk.press("進む");
  expect(await desk.number()).toBe(1);
  const [header = "", visit = ""] = (await reception.download("/api/board/export")).split(/\r?\n/);
  subject = visit.split(",")[header.split(",").indexOf("subject")] ?? "";
  expect(subject).toMatch(/^[\w-]{43}$/);
});

test("an administrator imports tickets, and is told of lines that cannot be taken", async () => {
  const page = await reception.open("settings");
  await addEvent(page, EVENT);
  const csv = `ticket,subject,note\nA-0012,${subject},x\n,abc,\nA-0013,${subject},\n`;
  await importTickets(page, EVENT, csv);
  expect(await page.locator(".settings-refused").textContent()).toContain("別のチケット");
  await look(page, "settings-refused-lines");
});

test("whoever has a ticket is let in once", async () => {
  const page = await openGate(EVENT);
  await look(page, "gate-waiting");
  await reception.insertCard();
  await shows(page, "admitted");
  expect(await page.locator(".gate-ticket").textContent()).toBe("チケット A-0012");
  await look(page, "gate-admitted");
  await reception.removeCard();
  await reception.insertCard();
  await shows(page, "refused");
  await look(page, "gate-refused");
  expect(await page.locator(".gate-why").textContent()).toContain("使用済み");
  expect(await admitted(EVENT)).toBe(1);
});

test("nobody is let in without a ticket", async () => {
  await addEvent(await reception.open("settings"), OTHER_EVENT);
  const page = await openGate(OTHER_EVENT);
  await reception.insertCard();
  await shows(page, "refused");
  expect(await page.locator(".gate-why").textContent()).toContain("チケットがありません");
});

test("nobody is let in with a card that is not good, though its holder has a ticket", async () => {
  await prepare(FIFTH_EVENT, "E-1");
  const page = await openGate(FIFTH_EVENT);
  const refuses = async (card: string, words: string, picture: string) => {
    await reception.swapCard(card);
    await shows(page, "refused");
    const why = page.locator(".gate-why", { hasText: words });
    await why.waitFor();
    expect(await page.locator(".gate-word").textContent()).toContain("入場できません");
    expect(await page.locator(".gate-ticket").textContent()).not.toContain("E-1");
    await look(page, `gate-${picture}`);
    await reception.removeCard();
    await page.locator(".gate-result").waitFor({ state: "detached" });
  };
  const expired = await reception.newCard("expired");
  await refuses(expired, "有効期限が切れています", "expired");
  const foreign = await reception.newCard("foreign-root");
  await refuses(foreign, "電子証明書を確認できません。係員に", "foreign");
  const noSurface = await reception.newCard("normal", "no-card-surface");
  await removeApplication(noSurface, "card-surface");
  await refuses(noSurface, "入場の確認に使う機能がありません", "no-card-surface");
  const another = await reception.newCard("normal", "no-my-number-card");
  await removeApplication(another, "jpki");
  await refuses(another, "マイナンバーカードではありません", "no-my-number-card");
  expect(await page.locator(".gate-count[data-kind=refused] dd").textContent()).toBe("4");
  expect(await admitted(FIFTH_EVENT)).toBe(0);

  // The holder with their own card is let in.
  await reception.swapCard(reception.card);
  await shows(page, "admitted");
  expect(await admitted(FIFTH_EVENT)).toBe(1);
});

test("with the network cut, a certificate that expired meanwhile lets nobody in", async () => {
  await prepare(SIXTH_EVENT, "F-1");
  const page = await openGate(SIXTH_EVENT);
  await cut(page);
  // Not by `page.clock`, which is that of all pages.
  await page.evaluate(`Date = class extends Date {
    constructor(...given) {
      super(...(given.length > 0 ? given : ["2050-01-01"]));
    }
  }`);
  await reception.insertCard();
  await shows(page, "refused");
  const why = await page.locator(".gate-why").textContent();
  expect(why).toContain("有効期限が切れています");
  expect(why).toContain("手元の名簿で確認");
  expect(await waiting(page)).toBe("0");
  expect(await admitted(SIXTH_EVENT)).toBe(0);
});

test("with the network cut, the list decides, and the entry is sent once when it is back", async () => {
  const settings = await reception.open("settings");
  await importTickets(settings, OTHER_EVENT, `ticket,subject\nB-1,${subject}\n`);
  const page = await openGate(OTHER_EVENT);
  await cut(page);
  await reception.insertCard();
  await shows(page, "provisional");
  await look(page, "gate-provisional");
  expect(await waiting(page)).toBe("1");
  await reception.removeCard();
  await reception.insertCard();
  await shows(page, "refused");
  expect(await page.locator(".gate-why").textContent()).toContain("手元の名簿で確認");
  await reception.removeCard();
  await page.locator(".gate-server[data-state=down]").waitFor();
  await page.locator(".gate-result").waitFor({ state: "detached" });
  await look(page, "gate-cut-off");

  const sent = requests(page, "provisional");
  await page.unrouteAll();
  await page.locator(".gate-server[data-state=up]").waitFor();
  await expect.poll(() => waiting(page)).toBe("0");
  expect(await page.locator(".gate-conflicts").count()).toBe(0);
  expect(sent.count).toBe(1);
  expect(await admitted(OTHER_EVENT)).toBe(1);
});

test("a ticket that was used elsewhere in the meantime is told of", async () => {
  await prepare(THIRD_EVENT, "C-1");
  const page = await openGate(THIRD_EVENT);
  await cut(page);
  await reception.insertCard();
  await shows(page, "provisional");
  await page.close();
  await reception.removeCard();

  const elsewhere = await reception.openSignedOut();
  await enterAccount(elsewhere);
  await elsewhere.getByText("入場確認").first().click();
  await open(elsewhere, THIRD_EVENT);
  await reception.insertCard();
  await shows(elsewhere, "admitted");
  await elsewhere.close();
  await reception.removeCard();

  const again = await openGate(THIRD_EVENT);
  const conflict = again.locator(".gate-conflicts li");
  expect(await conflict.textContent()).toContain("別の入口で先に使われていました");
  await look(again, "gate-conflict");
  await conflict.getByRole("button").click();
  expect(await conflict.count()).toBe(0);
  expect(await admitted(THIRD_EVENT)).toBe(1);
});

test("with the server gone, the gate goes on and says so in both languages", async () => {
  await prepare(FOURTH_EVENT, "D-1");
  const page = await openGate(FOURTH_EVENT);
  await reception.server?.kill();
  await reception.insertCard();
  await shows(page, "provisional");
  await speak(page, "en");
  expect(await page.locator(".gate-why").textContent()).toContain("Checked by the list");
  expect(await page.locator(".gate-why [lang=ja]").textContent()).toContain("手元の名簿");
  await reception.startServer();
  await page.locator(".gate-server[data-state=up]").waitFor();
  await expect.poll(() => waiting(page)).toBe("0");
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

/** Cuts the network between a page and its server. */
async function cut(page: Page): Promise<void> {
  await page.route("**/*", (route) => route.abort());
}

async function openGate(event: string): Promise<Page> {
  const page = await reception.open("gate");
  await open(page, event);
  return page;
}

/** Opens the gate of an event where they are chosen. */
async function open(page: Page, event: string): Promise<void> {
  await page.getByText(event).click();
  await page.getByRole("button", { name: "入場確認を始める" }).click();
  await page.locator(".gate-call", { hasText: "カードを置いてください" }).waitFor();
  await page.locator(".gate-server[data-state=up]").waitFor();
}

async function shows(page: Page, tone: "admitted" | "provisional" | "refused"): Promise<void> {
  await page.locator(`.gate-result[data-tone=${tone}]`).waitFor();
}

/** How many entries the gate has yet to send. */
async function waiting(page: Page): Promise<string | null> {
  return await page.locator(".gate-count[data-kind=waiting] dd").textContent();
}

/** How many the server has let in. */
async function admitted(name: string): Promise<number> {
  const { body } = await reception.ask("/api/gate/events");
  return body.events.find((event: { name: string }) => event.name === name).admitted;
}

/** Counts the requests of a page to such an address from now on. */
function requests(page: Page, address: string): { count: number } {
  const seen = { count: 0 };
  page.on("request", (request) => {
    if (request.url().endsWith(address)) seen.count += 1;
  });
  return seen;
}
