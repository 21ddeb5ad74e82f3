import { expect, test } from "vitest";
import { look } from "./reception/look.ts";
import { enterAccount, setUpReception } from "./reception/reception.ts";
import { ACCOUNT } from "./reception/server.ts";
import { PortalSession } from "./reception/session.ts";

// What was made at the desk while the portal's server is away for longer than a session and a nonce last.

const reception = setUpReception({ database: "postgres" });
const { workstation } = reception;
const OTHER = { name: "taro", password: "another horse battery" };

/** A visitor has entered the PIN; the server, which is away by then, is told nothing. */
async function visitWithoutServer() {
  const desk = await reception.openDesk();
  await workstation.insertCard();
  await reception.untilThePin(desk);
  await reception.server.stop();
  workstation.dialog.type("1234");
  await desk.shows("サーバーの応答を待っています");
  return desk;
}

test("a visit is recorded late after ninety minutes without the server and a new sign-in", async () => {
  const begun = Date.now();
  const desk = await visitWithoutServer();
  expect(await desk.page.textContent(".kept")).toContain("12時間以内");
  await desk.press("次の方へ");
  await workstation.removeCard();
  await desk.isReady();
  await reception.postgres.pass(90);
  await reception.startServer();

  // The staff's session was over an hour after they last used it.
  await enterAccount(desk.page);
  await desk.isReady();
  await desk.page.locator(".notice", { hasText: "待っていた受付が記録されました" }).waitFor();
  await look(desk.page, "late-recorded");
  const staff = await PortalSession.signedIn(reception.origin);
  const [visit, ...others] = await staff.visits(staff.dayOf(begun - 90 * 60_000));
  expect(others).toEqual([]);
  const at = Date.parse(String(visit?.at));
  expect(Math.abs(at - (begun - 90 * 60_000))).toBeLessThan(60_000);
  expect(Date.parse(String(visit?.recordedAt))).toBeGreaterThan(begun - 1_000);
  expect(await staff.timesRecorded("visit-late")).toBe(1);

  const board = await reception.open("board");
  await board.locator("[type=date]").fill(staff.dayOf(begun - 90 * 60_000));
  await board.locator("tbody td", { hasText: "遅れて記録" }).waitFor();
  await look(board, "late-board");
});

test("somebody else who signs in sends nothing of it, and it waits for whoever made it", async () => {
  const staff = await PortalSession.signedIn(reception.origin);
  await staff.post("/api/accounts", { ...OTHER, role: "staff" });
  const desk = await visitWithoutServer();
  await desk.press("次の方へ");
  await workstation.removeCard();
  await desk.isReady();
  await reception.postgres.pass(90);
  await reception.startServer();
  await enterAccount(desk.page, OTHER.password, OTHER.name);
  await desk.page
    .locator(".notice", { hasText: `${ACCOUNT.name}さんがサインインすると` })
    .waitFor();
  await look(desk.page, "late-of-another");
  await desk.press("サインアウト");
  await enterAccount(desk.page);
  await desk.page.locator(".choices").waitFor();
  await desk.page.getByRole("link", { name: "受付窓口" }).click();
  await desk.page.locator(".notice", { hasText: "待っていた受付が記録されました" }).waitFor();
});
