import { copyFile, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leaveRetries, removeInstitutions, retriesLeft } from "../workstation/card.ts";
import type { Desk } from "./reception/desk.ts";
import { look } from "./reception/look.ts";
import { setUpReception } from "./reception/reception.ts";

// Being received by the photo (目視確認), with cards with which that does not end well: what the staff
// are told, that no visit is recorded, and that the card was asked no more often than they were told.

const reception = setUpReception();
const { workstation } = reception;

/** Opens a desk for whoever has this card, and who chooses to be received by the photo. */
async function untilTheNumber(card: string): Promise<Desk> {
  const desk = await reception.openDeskFor(card);
  await desk.press("顔写真を見て受付");
  return desk;
}

/** Receives the visitor with the PIN, where another way came to nothing. */
async function receiveWithPin(desk: Desk): Promise<void> {
  const before = await visits();
  await desk.press("ほかの方法で受付する");
  await desk.choosePin();
  workstation.dialog.type("1234");
  expect(await desk.number()).toBe(before + 1);
  expect((await reception.staff.visits())[0]?.road).toBe("pin");
}

/** How many visits are recorded. */
async function visits(): Promise<number> {
  return (await reception.staff.visits()).length;
}

/** How often the staff decided so. */
async function decisions(decision: "match" | "no-match"): Promise<number> {
  return await reception.staff.timesRecorded(`check-${decision}`);
}

/** How often a verification number B was brought to a card: VERIFY of its file, with 14 digits. */
function presented(): number {
  return workstation.holder.output.split("00 20 00 92 Nc=14").length;
}

/** A card that trusts the institutions of another hierarchy only. */
async function distrustful(variant: string): Promise<string> {
  const card = await workstation.newCard(variant, `distrustful-${variant}`);
  const foreign = await workstation.newCard("foreign-root", `trusted-by-${variant}`);
  const key = "keys/terminal-authority.pem";
  await copyFile(join(foreign, key), join(card, key));
  return card;
}

/** A card to which the institution cannot prove itself, and what the staff are told of it. */
interface Unproven {
  card: () => Promise<string>;
  code: string;
  words: string;
}

const unproven: Record<string, Unproven> = {
  "a card that trusts other institutions": {
    card: () => distrustful("normal"),
    code: "terminal-refused",
    words: "カードがこの機関を認証しませんでした",
  },
  "a card that knows no institutions": {
    async card() {
      const card = await workstation.newCard("normal", "old");
      await removeInstitutions(card);
      return card;
    },
    code: "terminal-unsupported",
    words: "このカードは暗証番号なしの認証に対応していません",
  },
  "a card that takes short commands only": {
    card: () => workstation.newCard("short"),
    code: "reader-no-extended-length",
    words: "このカードリーダーは暗証番号なしの認証に対応していません",
  },
};

test.each(Object.entries(unproven))("%s is received with the PIN", async (_, cause) => {
  const before = { visits: await visits(), matches: await decisions("match") };
  const card = await cause.card();
  const desk = await untilTheNumber(card);
  await desk.readFace();
  await desk.recognise();
  const told = await desk.trouble(cause.code);
  expect(told).toContain(cause.words);
  expect(told).toContain("暗証番号で受付してください");
  expect(told).toContain("この受付は記録されていません");
  await look(desk.page, `photo-${cause.code}`);
  expect(await visits()).toBe(before.visits);
  expect(await decisions("match")).toBe(before.matches + 1);
  expect(await retriesLeft(card)).toBe(3);
  await receiveWithPin(desk);
});

test("without a PIN, there is no way for a card that does not accept the institution", async () => {
  const before = await visits();
  const desk = await reception.openDeskFor(await distrustful("without-pins"));
  await desk.readFace();
  await desk.recognise();
  await desk.shows("ここではカードで受付できません");
  const told = await desk.page.textContent("main");
  expect(told).toContain("この施設の証明書を受け入れません");
  expect(told).not.toContain("暗証番号で受付");
  await look(desk.page, "photo-no-way");
  expect(await visits()).toBe(before);
});

test("a verification number that was blocked before is not asked for again", async () => {
  const card = await workstation.newCard("normal", "blocked-number");
  await leaveRetries(card, "verificationNumberB", 0);
  const [before, asked] = [await visits(), presented()];
  const desk = await untilTheNumber(card);
  await desk.readFace();
  const told = await desk.trouble("verification-number-blocked");
  expect(told).toContain("照合番号がロックされています");
  expect(told).toContain("暗証番号で受付してください");
  await look(desk.page, "photo-number-blocked");
  expect(presented()).toBe(asked);
  expect(await visits()).toBe(before);
  await receiveWithPin(desk);
});

test("a wrong number is counted down, and the last two tries are left alone", async () => {
  const card = await workstation.newCard("normal", "few-tries");
  await leaveRetries(card, "verificationNumberB", 4);
  const [before, asked] = [await visits(), presented()];
  const desk = await untilTheNumber(card);
  const isTold = async (tries: number) => {
    const notice = desk.page.locator("[data-code=verification-number-incorrect]");
    await notice.filter({ hasText: `あと${tries}回` }).waitFor();
    expect(await retriesLeft(card, "verificationNumberB")).toBe(tries);
  };
  await desk.readFace({ securityCode: "2286" });
  await isTold(3);
  // The card has refused this one already: it is not asked again.
  await desk.readFace({ securityCode: "2286" });
  await desk.page.locator("button:has-text('券面を読み取る')").waitFor();
  await isTold(3);
  expect(presented()).toBe(asked + 1);
  await desk.readFace({ securityCode: "2287" });
  await isTold(2);
  // Even the right one would be, if it were wrong, the last but one: the visitor does not agree.
  workstation.dialog.decline();
  await desk.readFace({ securityCode: "2285" });
  const told = await desk.trouble("too-few-retries");
  expect(told).toContain("残り2回");
  expect(told).toContain("別の方法で受付してください");
  await look(desk.page, "photo-few-tries");
  expect(presented()).toBe(asked + 2);
  expect(await retriesLeft(card, "verificationNumberB")).toBe(2);
  expect(await visits()).toBe(before);
  await receiveWithPin(desk);
});

/** The face of this card is shown, but neither is it believed nor can the visitor be received with it. */
async function isNotBelieved(card: string, code: string, words: string): Promise<Desk> {
  const before = [await visits(), await decisions("match"), await decisions("no-match")];
  const desk = await untilTheNumber(card);
  await desk.readFace();
  await desk.shows("カードの記録を本物と確認できません");
  const verdict = desk.page.locator(`.verdict[data-code=${code}]`);
  expect(await verdict.textContent()).toContain("このカードでは受付できません");
  expect(await verdict.textContent()).toContain(words);
  expect(await desk.page.getByRole("button", { name: "本人と一致する" }).count()).toBe(0);
  expect(await desk.page.textContent("main")).not.toContain("記録されます");
  await look(desk.page, `photo-${code}`);
  await desk.press("受付しない");
  expect(await desk.trouble("not-genuine")).toContain("この受付は記録されていません");
  expect([await visits(), await decisions("match"), await decisions("no-match")]).toEqual(before);
  return desk;
}

test("a face that was altered after it was issued is not believed", async () => {
  const card = await workstation.newCard("normal", "altered");
  const file = join(card, "card-surface/0002.bin");
  const face = await readFile(file, "latin1");
  expect(face).toContain("19800217");
  await writeFile(file, face.replace("19800217", "19900217"), "latin1");
  const desk = await isNotBelieved(card, "card-record-forged", "書き換えられたか、壊れています");
  await look(desk.page, "photo-not-genuine");
});

test("a face that nobody signed whom the institution knows is not believed", async () => {
  const card = await workstation.newCard("normal", "foreign-face");
  const foreign = await workstation.newCard("foreign-root", "whose-face-it-is");
  for (const part of ["card-surface", "keys/card-surface.pem"]) {
    await cp(join(foreign, part), join(card, part), { recursive: true });
  }
  await isNotBelieved(card, "cv-certificate-untrusted", "知っている発行者のカードではありません");
});
