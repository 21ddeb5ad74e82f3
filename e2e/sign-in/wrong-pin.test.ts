import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { retriesLeft } from "../workstation/card.ts";
import { SELECT_JPKI, sendByOpenSc } from "../workstation/opensc.ts";
import { SignInSite } from "./site/site.ts";

const site = setUp(new SignInSite({ cardIn: "reader" }));
const { workstation } = site;

test("a wrong PIN says how many tries are left, and the card agrees", async () => {
  const page = await site.openPage();
  workstation.dialog.type("9999");
  await page.pressSignIn();

  const { code, text } = await page.problem();
  expect(code).toBe("pin-incorrect");
  expect(text).toContain("2");
  expect(await retriesLeftByOpenSc()).toBe(2);
  expect(await retriesLeft(workstation.card)).toBe(2);
});

test("what cannot be a PIN costs no try", async () => {
  const page = await site.openPage();
  workstation.dialog.type("123", "12345", "abcd");
  await page.pressSignIn();

  expect(await page.problem()).toMatchObject({ code: "pin-malformed" });
  expect(await retriesLeft(workstation.card)).toBe(2);
});

test("the right PIN gives the tries back", async () => {
  const page = await site.openPage();
  workstation.dialog.type("1234");
  await page.pressSignIn();

  await page.subject();
  expect(workstation.dialog.shown).toContain("Tries left: 2");
  expect(await retriesLeft(workstation.card)).toBe(3);
});

/** Asks the card itself: VERIFY without data answers 63CX, and X is the number of tries left. */
async function retriesLeftByOpenSc(): Promise<number> {
  const { status } = await sendByOpenSc(SELECT_JPKI, "00A4020C020018", "00200080");
  return Number(/^63C(\d)$/.exec(status)?.[1]);
}
