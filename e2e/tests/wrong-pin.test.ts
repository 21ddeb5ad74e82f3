import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { Stack } from "../harness/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ name: "wrong-pin", cardIn: "pcscd" });
});

afterAll(() => stack?.stop());

test("a wrong PIN says how many tries are left, and the card agrees", async () => {
  const page = await stack.openPage();
  stack.pinentry.type("9999");
  await page.pressSignIn();

  const { code, text } = await page.problem();
  expect(code).toBe("pin-incorrect");
  expect(text).toContain("2");
  expect(await retriesLeftByOpenSc()).toBe(2);
  expect(await retriesLeft(stack.card)).toBe(2);
});

test("what cannot be a PIN costs no try", async () => {
  const page = await stack.openPage();
  for (const mistake of ["123", "12345", "abcd"]) stack.pinentry.type(mistake);
  await page.pressSignIn();

  expect(await page.problem()).toMatchObject({ code: "pin-malformed" });
  expect(await retriesLeft(stack.card)).toBe(2);
});

test("the right PIN gives the tries back", async () => {
  const page = await stack.openPage();
  stack.pinentry.type("1234");
  await page.pressSignIn();

  await page.subject();
  expect(stack.pinentry.shown).toContain("Tries left: 2");
  expect(await retriesLeft(stack.card)).toBe(3);
});

/** Asks the card itself: VERIFY without data answers 63CX, and X is the number of tries left. */
async function retriesLeftByOpenSc(): Promise<number> {
  const apdus = ["00A4040C0AD392F000260100000001", "00A4020C020018", "00200080"];
  const send = apdus.flatMap((apdu) => ["--send-apdu", apdu]);
  const { stdout } = await promisify(execFile)("opensc-tool", send);
  const [last = ""] = stdout.split("Sending:").slice(-1);
  return Number(/SW1=0x63, SW2=0xC(\d)/.exec(last)?.[1]);
}
