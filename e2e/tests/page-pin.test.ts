import { afterAll, beforeAll, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { Stack } from "../harness/stack.ts";

let stack: Stack;

beforeAll(async () => {
  const scopes = ["events", "authenticate", "page-pin"];
  stack = await Stack.start({ name: "page-pin", cardIn: "pcscd", scopes });
});

afterAll(() => stack?.stop());

test("a page that may bring the PIN signs in without a dialog", async () => {
  const page = await stack.openPage();
  await page.pressSignIn("1234");

  await page.subject();
  expect(stack.pinentry.shown).toBe("");
});

test("the page cannot bring a PIN that would risk the last but one try", async () => {
  const page = await stack.openPage();
  await page.pressSignIn("9999");
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });

  await page.pressSignIn("9999");
  expect(await page.problem()).toMatchObject({ code: "too-few-retries" });
  expect(await retriesLeft(stack.card)).toBe(2);
});
