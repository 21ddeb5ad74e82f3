import { rmSync, writeFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { ownFolder } from "../paths.ts";
import { serialNumber } from "../workstation/card.ts";
import { REMEMBERED } from "./reception/desk.ts";
import { cut } from "./reception/gate.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// A gate whose institution asks about revocation, and is answered late, not at all, or only when the
// visitor is in. Slow is not absent: the gate waits, and nobody is let in unchecked. The tests follow each
// other as an evening does.

const EVENT = "市民ホール秋の音楽会";
/** Whom the institution asks: a list of serial numbers, and beside it how long the answer takes. */
const list = ownFolder("revoked");
const delay = `${list}.delay`;

const reception = setUpReception({ revoked: list });
const { workstation } = reception;
beforeEach(() => {
  writeFileSync(list, "");
  rmSync(delay, { force: true });
});

function answersAfter(milliseconds: number): void {
  writeFileSync(delay, String(milliseconds));
}

async function revoke(): Promise<void> {
  writeFileSync(list, `${await serialNumber(workstation.card)}\n`);
}

/** What the record has of something, of today. */
const timesRecorded = async (action: string) => await reception.staff.timesRecorded(action);

test("a visitor is remembered at the desk, and has a ticket for coming and going", async () => {
  const desk = await reception.openDeskForHolder();
  workstation.dialog.type("1234");
  await desk.choosePin(REMEMBERED);
  await desk.typeBirthDate();
  await desk.press("進む");
  expect(await desk.number()).toBe(1);
  const [subject] = await reception.staff.subjects();
  await reception.staff.newEvent(EVENT, `ticket,subject\nA-1,${subject}\n`, { reEntry: true });
});

test("the gate waits for the answer, however long it takes, and says so", async () => {
  const gate = await reception.openGate(EVENT);
  for (const [milliseconds, isSlow] of [
    [200, false],
    [2_000, true],
    [10_000, true],
  ] as const) {
    answersAfter(milliseconds);
    await workstation.insertCard();
    if (isSlow) {
      await gate.page.getByText("確認に時間がかかっています").waitFor();
      expect(await gate.page.textContent(".gate-slow")).toContain("入場させないでください");
      if (milliseconds === 10_000) await look(gate.page, "gate-slow");
    }
    await gate.shows("admitted");
    expect(await gate.page.locator(".gate-server[data-state=up]").count()).toBe(1);
    expect(await gate.count("waiting").textContent()).toBe("0");
    await workstation.removeCard();
    await gate.isFree();
  }
});

test("whoever was revoked is refused, though that is said late, and also by the list from then on", async () => {
  const gate = await reception.openGate(EVENT);
  await revoke();
  answersAfter(10_000);
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await gate.why.textContent()).toContain("電子証明書が失効しています");
  expect(await gate.page.textContent(".gate-advice")).toContain("係員の方へ");
  await look(gate.page, "gate-revoked-late");
  await workstation.removeCard();
  await gate.isFree();
  expect(await timesRecorded("found-revoked")).toBe(1);
  await cut(gate.page);
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await gate.why.textContent()).toContain("失効しています");
  expect(await gate.count("waiting").textContent()).toBe("0");
});

test("where whoever knows says nothing, nobody is let in, and the list is not asked", async () => {
  answersAfter(120_000);
  const gate = await reception.openGate(EVENT);
  await workstation.insertCard();
  await gate.shows("refused");
  expect(await gate.why.textContent()).toContain("ただいま確認できません");
  expect(await gate.page.textContent(".gate-advice")).toContain("失効の確認先が答えません");
  expect(await gate.why.textContent()).not.toContain("手元の名簿");
  await look(gate.page, "gate-revocation-not-checked");
});

test("whoever was let in by the list and was revoked is told of when the network is back", async () => {
  // The holder's certificate is good again, and so the list has them.
  const gate = await reception.openGate(EVENT);
  await workstation.insertCard();
  await gate.shows("admitted");
  await workstation.removeCard();
  await gate.isFree();
  await gate.page.reload();
  await gate.begin(EVENT);
  await cut(gate.page);
  await workstation.insertCard();
  await gate.shows("provisional");
  await workstation.removeCard();
  await gate.isFree();
  await revoke();
  answersAfter(2_000);
  await gate.page.unrouteAll();
  const conflict = gate.page.locator(".gate-conflicts li");
  await conflict.waitFor();
  expect(await conflict.textContent()).toContain("電子証明書が失効しているカードでした");
  await look(gate.page, "gate-conflict-revoked");
  expect(await timesRecorded("provisional-refused")).toBe(1);
  expect(await timesRecorded("found-revoked")).toBe(2);
  await conflict.getByRole("button").click();
});
