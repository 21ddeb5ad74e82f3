import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk } from "../harness/desk.ts";
import { expectBytesInNoLog, expectInNoLog, logs } from "../harness/logs.ts";
import { ACCOUNT } from "../harness/portal-server.ts";
import { Reception } from "../harness/reception.ts";

// The portal's desk reads what is printed on a card, its photo and its attributes. Visitors are received by
// each road, with everything logged that can be, and then the logs are searched for all that.

/** Of the card information input support application (券面事項入力補助用暗証番号). */
const ATTRIBUTES_PIN = "4826";
const WRONG_PINS = ["9731", "8642"];
const WRONG_SECURITY_CODE = "2286";

let reception: Reception;
/** The card's folder. */
let card: string;

beforeAll(async () => {
  reception = await Reception.start({ name: "portal-secrets" });
  card = await reception.newCard("normal", "hanako");
  const file = join(card, "card.toml");
  const before = readFileSync(file, "utf8");
  const changed = before.replace(/(?<=^\[card-info\.pins\.0011\]\nvalue = ")1234/m, ATTRIBUTES_PIN);
  expect(changed).not.toBe(before);
  writeFileSync(file, changed);
  await reception.swapCard(card);
  await reception.removeCard();
});

afterAll(() => reception?.stop());

/** A visitor comes to a desk, with the card. */
async function visit(receive: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = await new Desk(await reception.open("desk")).isReady();
  await reception.insertCard();
  await receive(desk);
  await desk.page.close();
  await reception.removeCard();
}

test("visitors are received by each road, and mistake themselves", async () => {
  await visit(async (desk) => {
    await desk.press("顔写真を見て受付");
    await desk.typeFace({ securityCode: WRONG_SECURITY_CODE });
    await desk.press("券面を読み取る");
    await desk.trouble("verification-number-incorrect");
  });
  await visit(async (desk) => {
    await desk.press("顔写真を見て受付");
    await desk.typeFace();
    await desk.press("券面を読み取る");
    await desk.press("本人と一致する");
    expect(await desk.number()).toBe(1);
  });
  const consent = async (desk: Desk) => {
    await desk.press("暗証番号で受付");
    for (const item of ["氏名", "住所", "生年月日", "性別"]) await desk.tick(item);
    await desk.tick("このカードを覚えて、次からは暗証番号なしで受付する");
    await desk.press("進む");
  };
  for (const typed of [WRONG_PINS.slice(0, 1), [ATTRIBUTES_PIN, WRONG_PINS[1]]]) {
    await visit(async (desk) => {
      for (const pin of typed) reception.pinentry.type(pin ?? "");
      await consent(desk);
      await desk.trouble("pin-incorrect");
    });
  }
  await visit(async (desk) => {
    for (const pin of [ATTRIBUTES_PIN, "1234"]) reception.pinentry.type(pin);
    await consent(desk);
    expect(await desk.number()).toBe(2);
  });
  await visit(async (desk) => {
    expect(await desk.number()).toBe(3);
    await desk.press("次の方へ");
  });
  const desk = await new Desk(await reception.open("desk")).isReady();
  await desk.press("登録した情報を削除する");
  await reception.insertCard();
  await desk.press("削除する");
  await desk.shows("削除しました");
}, 120_000);

test("the run left the logs that are to be searched", () => {
  const names = logs(reception.folder).map(([name]) => name);
  const expected = ["bridge.log", "dialogs", "disclosure.log", "emulator.log", "portal.log"];
  expect(names).toEqual(expect.arrayContaining(expected));
  expect(reception.bridge?.output).toContain("TRACE");
  expect(reception.pinentry.dialogs).toBe(5);
});

test.each([
  ...[ATTRIBUTES_PIN, ...WRONG_PINS, "1234", ACCOUNT.password],
  ...["55021720352285", "55021720352286", "2285", WRONG_SECURITY_CODE],
  ...["1980-02-17", "19800217", "550217", "1980年"],
  ...["架空", "花子", "清瀬"],
])("%s is in no log, in any form", (secret) => {
  expectInNoLog(reception.folder, secret);
});

test("nothing of the card's face and photo is in any log", () => {
  const face = readFileSync(join(card, "card-surface/0002.bin"));
  for (let at = 0; at + 16 <= face.length; at += 256) {
    const part = face.subarray(at, at + 16);
    // White paper is all alike, and could be anything.
    if (new Set(part).size > 8) expectBytesInNoLog(reception.folder, part);
  }
});
