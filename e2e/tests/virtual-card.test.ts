import { afterAll, beforeAll, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { Stack } from "../harness/stack.ts";

// The card that `cargo xtask demo` uses: in the bridge itself, without pcscd.

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ name: "virtual-card", cardIn: "bridge" });
});

afterAll(() => stack?.stop());

test("a person signs in with a virtual card", async () => {
  const page = await stack.openPage();
  stack.pinentry.type("1234");
  await page.pressSignIn();
  expect(await page.subject()).toMatch(/^[\w-]{43}$/);
});

test("a virtual card counts wrong PINs", async () => {
  const page = await stack.openPage();
  stack.pinentry.type("9999");
  await page.pressSignIn();
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });
  expect(await retriesLeft(stack.card)).toBe(2);
});
