import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { Desk, REMEMBERED } from "./reception/desk.ts";
import { Gate } from "./reception/gate.ts";
import { Keys } from "./reception/keys.ts";
import { look } from "./reception/look.ts";
import { setUpReception, WINDOW } from "./reception/reception.ts";

// The staff of the portal, each with an account of their own: what they may do, how their sessions end,
// and what is on record of them. The institution is where the day begins first, and some of its
// workstations are set to where it begins last: there it is never the same day.

const FIRST = "Pacific/Kiritimati";
const LAST = "Pacific/Pago_Pago";
const PASSWORD = "correct horse battery";
const NEXT_PASSWORD = "battery staple";
const EVENT = "秋の音楽会";

const reception = setUpReception({ server: ["--time-zone", FIRST] });
const { workstation } = reception;

/** Adds an account, and signs it in, in a window of its own. */
async function signedIn(name: string, role: string, timezoneId = LAST): Promise<BrowserContext> {
  await reception.staff.post("/api/accounts", { name, password: PASSWORD, role });
  const window = await workstation.newWindow({ ...WINDOW, timezoneId });
  onTestFinished(() => window.close());
  const page = await window.newPage();
  await page.goto(reception.origin);
  await signIn(page, name);
  await page.locator(".choices").waitFor();
  await page.close();
  return window;
}

async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.fill("[name=name]", name);
  await page.fill("[name=password]", password);
  await page.click("form .button.primary");
}

async function open(window: BrowserContext, screen: string): Promise<Page> {
  const page = await window.newPage();
  await page.goto(new URL(screen, reception.origin).href);
  return page;
}

test("the board of a workstation that is set to another zone shows the institution's day and times", async () => {
  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234", "1234");
  await desk.choosePin("生年月日", REMEMBERED);
  expect(await desk.number()).toBe(1);
  const [visit] = await reception.staff.visits();
  const at = new Date(String(visit?.at));
  const here = (options: Intl.DateTimeFormatOptions, locale: string) =>
    new Intl.DateTimeFormat(locale, { timeZone: FIRST, ...options }).format(at);
  const board = await open(await signedIn("ito", "board"), "board");
  const row = board.locator("tbody tr");
  await row.waitFor();
  expect(await board.inputValue("#board-day")).toBe(here({ dateStyle: "short" }, "sv-SE"));
  expect(await row.locator("td").first().textContent()).toBe(here({ timeStyle: "short" }, "ja-JP"));
  const [download] = await Promise.all([
    board.waitForEvent("download"),
    board.getByRole("button", { name: "CSVで保存" }).click(),
  ]);
  const file = readFileSync(await download.path(), "utf8");
  const when = here({ dateStyle: "short", timeStyle: "medium" }, "sv-SE");
  expect(file).toContain(`\r\n1,${when},,pin,`);
  expect(file.startsWith("\uFEFF")).toBe(true);
});

test("a board that nobody touches lets its session end", async () => {
  const window = await signedIn("kato", "board");
  const board = await window.newPage();
  await board.clock.install();
  await board.goto(new URL("board", reception.origin).href);
  await board.locator("tbody tr").waitFor();
  const askedForVisits = () =>
    board.waitForRequest((request) => request.url().includes("/api/board/visits"));
  await board.clock.fastForward(10_000);
  const byItself = askedForVisits();
  const desk = await reception.openDesk();
  await workstation.insertCard();
  expect(await desk.number()).toBe(2);
  await board.clock.fastForward(1_000);
  expect((await byItself).headers()).toHaveProperty("x-unattended");
  const bySomebody = askedForVisits();
  await board.getByRole("button", { name: "前の日" }).click();
  await board.clock.fastForward(1_000);
  expect((await bySomebody).headers()).not.toHaveProperty("x-unattended");
});

test("a board whose session has ended asks once, says so, and goes on after signing in", async () => {
  const board = await open(await signedIn("sato", "board"), "board");
  await board.locator(".board-state[data-live=true]").waitFor();
  const refused: string[] = [];
  board.on("response", (response) => {
    if (response.status() === 401) refused.push(new URL(response.url()).pathname);
  });
  await reception.staff.put("/api/accounts/sato/password", { password: NEXT_PASSWORD });
  const desk = await reception.openDesk();
  await workstation.insertCard();
  expect(await desk.number()).toBe(3);
  await board.locator(".notice", { hasText: "サインインが終了しました" }).waitFor();
  await look(board, "session-ended");
  expect(refused.length).toBeLessThan(2);
  await signIn(board, "sato", NEXT_PASSWORD);
  await board.locator("tbody tr").nth(2).waitFor();
  expect(new URL(board.url()).pathname).toBe("/board");
});

test("every screen says that the session has ended, and comes back after signing in", async () => {
  await reception.staff.newEvent(EVENT, "ticket,subject\n");
  /** What each does before and after the session ends. */
  const screens: Record<
    string,
    [(page: Page) => Promise<unknown>, (page: Page) => Promise<unknown>]
  > = {
    desk: [(page) => new Desk(page).isReady(), () => workstation.insertCard()],
    gate: [(page) => new Gate(page).begin(), () => workstation.insertCard()],
    settings: [
      (page) => page.locator("#accounts").waitFor(),
      (page) => page.getByRole("button", { name: "この日の記録を表示" }).click(),
    ],
    account: [
      async (page) => {
        for (const name of ["current", "new"]) await page.fill(`[name=${name}]`, NEXT_PASSWORD);
      },
      (page) => page.click("form .button.primary"),
    ],
  };
  for (const [screen, [before, after]] of Object.entries(screens)) {
    const name = `one-at-${screen}`;
    const page = await open(await signedIn(name, "administrator"), screen);
    await before(page);
    await reception.staff.put(`/api/accounts/${name}/password`, { password: NEXT_PASSWORD });
    await after(page);
    await page.locator(".notice", { hasText: "サインインが終了しました" }).waitFor();
    await workstation.removeCard();
    await signIn(page, name, NEXT_PASSWORD);
    await page.locator("a.account", { hasText: name }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/${screen}`);
    await page.close();
  }
});

test("who may see the board only is offered that and nothing else", async () => {
  const window = await signedIn("mori", "board");
  const page = await open(window, "");
  await page.locator(".choices").waitFor();
  expect(await page.locator(".choice-title").allTextContents()).toEqual(["受付状況"]);
  for (const screen of ["desk", "gate", "settings"]) {
    await page.goto(new URL(screen, reception.origin).href);
    await page.locator(".notice", { hasText: "このアカウントでは開けません" }).waitFor();
  }
});

test("the staff change their own password, and not to one that others would try", async () => {
  const window = await signedIn("abe", "desk");
  const page = await open(window, "");
  await page.getByRole("link", { name: "abe" }).click();
  await page.getByRole("heading", { name: "ご自分のアカウント" }).waitFor();
  const change = async (current: string, next: string) => {
    await page.fill("[name=current]", current);
    await page.fill("[name=new]", next);
    await page.click("form .button.primary");
  };
  await change(PASSWORD, "password1");
  await page.locator(".notice", { hasText: "推測されやすい" }).waitFor();
  await look(page, "own-account");
  await change("wrong horse battery", NEXT_PASSWORD);
  await page.locator(".notice", { hasText: "今のパスワードが違います" }).waitFor();
  await change(PASSWORD, NEXT_PASSWORD);
  await page.locator(".notice[data-kind=success]").waitFor();
  const elsewhere = await reception.openSignedOut();
  await signIn(elsewhere, "abe", NEXT_PASSWORD);
  await elsewhere.locator(".choices").waitFor();
});

test("administrators find in the record who did what, and save it, with keys alone", async () => {
  const settings = await reception.open("settings");
  const record = settings.locator("section:has(#audit)");
  await record.locator("[name=account]").waitFor();
  const keys = new Keys(settings);
  await keys.to("link", "操作の記録");
  await settings.keyboard.press("Enter");
  await keys.to("textbox", "アカウント");
  await settings.keyboard.type("abe");
  await settings.keyboard.press("Enter");
  await record.locator("tbody tr").nth(3).waitFor();
  expect(await record.locator("tbody tr td:nth-child(4)").allTextContents()).toEqual([
    "サインイン",
    "サインインに失敗",
    "パスワードを変更",
    "サインイン",
  ]);
  await settings.keyboard.press("ControlOrMeta+A");
  await settings.keyboard.press("Delete");
  await keys.to("combobox", "したこと");
  const actions = await record
    .locator("[name=action] option")
    .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  await keys.choose(actions.indexOf("board-watched"));
  await keys.press("この日の記録を表示");
  await record.locator("tbody tr", { hasText: "sato" }).first().waitFor();
  await look(settings, "settings-record");
  const [download] = await Promise.all([
    settings.waitForEvent("download"),
    keys.press("CSVで保存"),
  ]);
  const file = readFileSync(await download.path(), "utf8");
  expect(file).toMatch(/^\uFEFFline,at,account,action,subject,digest\r\n/);
  expect(file).toContain(",sato,board-watched,");
});
