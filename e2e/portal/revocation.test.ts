import { rmSync, writeFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { ownFolder } from "../paths.ts";
import { retriesLeft, serialNumber } from "../workstation/card.ts";
import { type Desk, REMEMBERED } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// A portal whose institution may ask about revocation: what staff and visitors are told of certificates
// that were revoked, and of those that were not. The tests follow each other as the visits of a day.

const REVOKED = "電子証明書が失効しています";
/** Whom the institution asks: a list of serial numbers. */
const list = ownFolder("revoked");

/** The institution receives visitors though whoever knows is out of reach, and says so to them. */
const server = ["--accept-unchecked=no-answer"];

const reception = setUpReception({ revoked: list, server });
const { workstation } = reception;
beforeEach(() => writeFileSync(list, ""));

/** The holder has the certificate on this card revoked. */
async function revoke(card: string): Promise<void> {
  writeFileSync(list, `00ff\n${await serialNumber(card)}\n`);
}

/** The visitor is told that the certificate was revoked, and nothing else happens. */
async function isTold(desk: Desk, visits: number): Promise<void> {
  const told = await desk.trouble("certificate-revoked");
  expect(told).toContain(REVOKED);
  expect(told).toContain("市区町村の窓口を案内してください");
  expect(told).toContain("この受付は記録されていません");
  expect(await reception.staff.visits()).toHaveLength(visits);
  expect(await retriesLeft(workstation.card)).toBe(3);
}

test("a visitor with a certificate that was revoked is not received with the PIN", async () => {
  await revoke(workstation.card);
  const desk = await reception.openDeskFor(workstation.card);
  workstation.dialog.type("1234");
  await desk.choosePin();
  await isTold(desk, 0);
  await look(desk.page, "revoked");
});

test("nor by the photo, though the staff recognise them", async () => {
  await revoke(workstation.card);
  const desk = await reception.openDeskFor(workstation.card);
  await desk.choosePhoto();
  await desk.recognise();
  await isTold(desk, 0);
});

test("nor is their card remembered", async () => {
  await revoke(workstation.card);
  const desk = await reception.openDeskFor(workstation.card);
  await desk.choosePin(REMEMBERED);
  await desk.typeBirthDate();
  workstation.dialog.type("1234");
  await desk.press("進む");
  await isTold(desk, 0);
  await workstation.removeCard();
  await desk.isReady();
  await workstation.insertCard();
  await desk.shows("受付の方法を選んで");
  expect(await desk.page.textContent(".lead")).toContain("登録されていません");
});

test("a receipt does not say that nobody asked, when somebody did", async () => {
  const desk = await reception.openDeskFor(workstation.card);
  await desk.choosePin(REMEMBERED);
  await desk.typeBirthDate();
  workstation.dialog.type("1234");
  await desk.press("進む");
  expect(await desk.number()).toBe(1);
  expect(await desk.page.textContent(".receipt")).not.toContain("失効");
  expect(await reception.staff.visits()).toMatchObject([{ number: 1, revocation: "good" }]);
});

test("a receipt says so when those who know were out of reach", async () => {
  rmSync(list);
  const desk = await reception.openDeskFor(workstation.card);
  expect(await desk.number()).toBe(2);
  expect(await desk.page.textContent(".receipt")).toContain(
    "失効は、このサーバーでは確認していません",
  );
  expect((await reception.staff.visits())[0]).toMatchObject({
    number: 2,
    revocation: "not-checked",
  });
});

test("a card that is remembered and then revoked receives nobody", async () => {
  await revoke(workstation.card);
  const desk = await reception.openDeskFor(workstation.card);
  await isTold(desk, 2);
  await look(desk.page, "revoked-remembered");
});

test("nor does it let anybody in at the gate", async () => {
  const [subject] = await reception.staff.subjects();
  await reception.staff.newEvent("春の催し", `ticket,subject\nA-1,${subject}\n`);
  await revoke(workstation.card);
  const gate = await reception.openGate();
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await gate.why.textContent()).toContain(REVOKED);
  await look(gate.page, "gate-revoked");
  expect(await reception.staff.events()).toMatchObject([{ tickets: 1, admitted: 0 }]);
});
