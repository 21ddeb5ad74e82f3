import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { retriesLeft, serialNumber } from "../harness/card.ts";
import { Desk } from "../harness/desk.ts";
import { look } from "../harness/look.ts";
import { workFolder } from "../harness/paths.ts";
import { PortalSession } from "../harness/portal-session.ts";
import { Reception } from "../harness/reception.ts";

// A portal whose institution may ask about revocation: what staff and visitors are told of certificates
// that were revoked, and of those that were not. The tests follow each other as the visits of a day.

const NAME = "portal-revocation";
const REVOKED = "電子証明書が失効しています";
/** Whom the institution asks: a list of serial numbers. */
const list = join(workFolder(NAME), "revoked");

let reception: Reception;

beforeAll(async () => {
  reception = await Reception.start({ name: NAME, revoked: list });
});
beforeEach(() => writeFileSync(list, ""));
afterEach(async () => {
  await reception.removeCard();
  expect(reception.faults).toEqual([]);
});
afterAll(() => reception?.stop());

/** The holder has the certificate on this card revoked. */
async function revoke(card: string): Promise<void> {
  writeFileSync(list, `00ff\n${await serialNumber(card)}\n`);
}

/** Opens a desk for whoever has this card. */
async function openDesk(card = reception.card): Promise<Desk> {
  await reception.swapCard(card);
  return new Desk(await reception.open("desk"));
}

/** The visitor is told that the certificate was revoked, and nothing else happens. */
async function isTold(desk: Desk, visits: number): Promise<void> {
  const told = await desk.trouble("certificate-revoked");
  expect(told).toContain(REVOKED);
  expect(told).toContain("市区町村の窓口を案内してください");
  expect(told).toContain("この受付は記録されていません");
  expect(await reception.visits()).toHaveLength(visits);
  expect(await retriesLeft(reception.card)).toBe(3);
}

test("a visitor with a certificate that was revoked is not received with the PIN", async () => {
  await revoke(reception.card);
  const desk = await openDesk();
  await desk.press("暗証番号で受付");
  reception.pinentry.type("1234");
  await desk.press("進む");
  await isTold(desk, 0);
  await look(desk.page, "revoked");
});

test("nor by the photo, though the staff recognise them", async () => {
  await revoke(reception.card);
  const desk = await openDesk();
  await desk.press("顔写真を見て受付");
  await desk.typeFace();
  await desk.press("券面を読み取る");
  await desk.press("本人と一致する");
  await isTold(desk, 0);
});

test("nor is their card remembered", async () => {
  await revoke(reception.card);
  const desk = await openDesk();
  await desk.askToBeRemembered();
  await desk.typeBirthDate();
  reception.pinentry.type("1234");
  await desk.press("進む");
  await isTold(desk, 0);
  await reception.removeCard();
  await desk.isReady();
  await reception.insertCard();
  await desk.shows("受付の方法を選んで");
  expect(await desk.page.textContent(".lead")).toContain("登録されていません");
});

test("a receipt does not say that nobody asked, when somebody did", async () => {
  const desk = await openDesk();
  await desk.askToBeRemembered();
  await desk.typeBirthDate();
  reception.pinentry.type("1234");
  await desk.press("進む");
  expect(await desk.number()).toBe(1);
  expect(await desk.page.textContent(".receipt")).not.toContain("失効");
  expect(await reception.visits()).toMatchObject([{ number: 1, revocation: "good" }]);
});

test("a receipt says so when those who know were out of reach", async () => {
  rmSync(list);
  const desk = await openDesk();
  expect(await desk.number()).toBe(2);
  expect(await desk.page.textContent(".receipt")).toContain(
    "失効は、このサーバーでは確認していません",
  );
  expect((await reception.visits())[0]).toMatchObject({ number: 2, revocation: "not-checked" });
});

test("a card that is remembered and then revoked receives nobody", async () => {
  await revoke(reception.card);
  const desk = await openDesk();
  await isTold(desk, 2);
  await look(desk.page, "revoked-remembered");
});

test("nor does it let anybody in at the gate", async () => {
  const session = await PortalSession.signedIn(reception.origin);
  const [subject] = await session.subjects();
  await session.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
  await revoke(reception.card);
  const gate = await reception.open("gate");
  await gate.click("form .button.primary");
  await gate.locator(".gate-server[data-state=up]").waitFor();
  await reception.insertCard();
  await gate.locator(".gate-result[data-tone=refused]").waitFor();
  expect(await gate.locator(".gate-why").textContent()).toContain(REVOKED);
  await look(gate, "gate-revoked");
  const { events } = (await session.get("/api/gate/events")).body;
  expect(events).toMatchObject([{ tickets: 1, admitted: 0 }]);
});
