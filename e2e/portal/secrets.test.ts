import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { changeMemory } from "../workstation/card.ts";
import { expectBytesInNoLog, expectInNoLog, logs } from "../workstation/logs.ts";
import { type Desk, REMEMBERED } from "./reception/desk.ts";
import { setUpReception } from "./reception/reception.ts";
import { ACCOUNT } from "./reception/server.ts";

// The portal's desk reads what is printed on a card, its photo and its attributes. Visitors are received by
// each road, with everything logged that can be, and then the logs are searched for all that.

/** Of the card information input support application (券面事項入力補助用暗証番号). */
const ATTRIBUTES_PIN = "4826";
const WRONG_PINS = ["9731", "8642"] as const;
const WRONG_SECURITY_CODE = "2286";

const reception = setUpReception();
const { workstation } = reception;
/** The card's folder. */
let card: string;

beforeAll(async () => {
  card = await workstation.newCard("normal", "hanako");
  await changeMemory(card, (memory) => {
    const changed = memory.replace(
      /(?<=^\[card-info\.pins\.0011\]\nvalue = ")1234/m,
      ATTRIBUTES_PIN,
    );
    expect(changed).not.toBe(memory);
    return changed;
  });
  await workstation.swapCard(card);
  await workstation.removeCard();
});

/** A visitor comes to a desk, with the card. */
async function visit(receive: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = await reception.openDeskForHolder();
  await receive(desk);
  await desk.page.close();
  await workstation.removeCard();
}

test("visitors are received by each road, and mistake themselves", async () => {
  await visit(async (desk) => {
    await desk.choosePhoto({ securityCode: WRONG_SECURITY_CODE });
    await desk.trouble("verification-number-incorrect");
  });
  await visit(async (desk) => {
    await desk.choosePhoto();
    await desk.recognise();
    expect(await desk.number()).toBe(1);
  });
  const all = ["氏名", "住所", "生年月日", "性別", REMEMBERED];
  for (const typed of [[WRONG_PINS[0]], [ATTRIBUTES_PIN, WRONG_PINS[1]]]) {
    await visit(async (desk) => {
      workstation.dialog.type(...typed);
      await desk.choosePin(...all);
      await desk.trouble("pin-incorrect");
    });
  }
  await visit(async (desk) => {
    workstation.dialog.type(ATTRIBUTES_PIN, "1234");
    await desk.choosePin(...all);
    expect(await desk.number()).toBe(2);
  });
  await visit(async (desk) => {
    expect(await desk.number()).toBe(3);
    await desk.press("次の方へ");
  });
  const desk = await reception.openDesk();
  await desk.press("登録した情報を削除する");
  await workstation.insertCard();
  workstation.dialog.type("1234");
  await desk.press("削除する");
  await desk.shows("削除しました");
}, 120_000);

test("the run left the logs that are to be searched", () => {
  const names = logs(workstation.folder).map(([name]) => name);
  const expected = ["bridge.log", "dialogs.log", "disclosure.log", "emulator.log", "portal.log"];
  expect(names).toEqual(expect.arrayContaining(expected));
  expect(workstation.bridge.output).toContain("TRACE");
  expect(workstation.dialog.times).toBe(6);
});

test.each([
  ...[ATTRIBUTES_PIN, ...WRONG_PINS, "1234", ACCOUNT.password],
  ...["55021720352285", "55021720352286", "2285", WRONG_SECURITY_CODE],
  ...["1980-02-17", "19800217", "550217", "1980年"],
  ...["架空", "花子", "清瀬"],
])("%s is in no log, in any form", (secret) => {
  expectInNoLog(workstation.folder, secret);
});

test("nothing of the card's face and photo is in any log", () => {
  const face = readFileSync(join(card, "card-surface/0002.bin"));
  for (let at = 0; at + 16 <= face.length; at += 256) {
    const part = face.subarray(at, at + 16);
    // White paper is all alike, and could be anything.
    if (new Set(part).size > 8) expectBytesInNoLog(workstation.folder, part);
  }
});
