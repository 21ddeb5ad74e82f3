import { afterAll, beforeAll, expect, test } from "vitest";
import { Stack } from "../harness/stack.ts";

// Page, WebAssembly, WebSocket, bridge, pcscd, vpcd, card and back; the token verified by the server.

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ name: "sign-in", cardIn: "pcscd" });
});

afterAll(() => stack?.stop());

test("a person signs in with card and PIN", async () => {
  const page = await stack.openPage();
  stack.pinentry.type("1234");
  await page.pressSignIn();

  expect(await page.subject()).toMatch(/^[\w-]{43}$/);
  expect(await page.page.textContent("#revocation")).toContain("not checked");
});

test("the dialog says who asks, what for, and how many tries are left", () => {
  expect(stack.pinentry.shown).toContain(stack.origin);
  expect(stack.pinentry.shown).toContain("sign in with your My Number Card");
  expect(stack.pinentry.shown).toContain("Tries left: 3");
});

test("the same card is the same subject again", async () => {
  const subjects = [];
  for (const page of [await stack.openPage(), await stack.openPage()]) {
    stack.pinentry.type("1234");
    await page.pressSignIn();
    subjects.push(await page.subject());
  }
  expect(subjects[0]).toBe(subjects[1]);
});

test("the page has no field for the PIN, unless it may bring one", async () => {
  const page = await stack.openPage();
  expect(await page.page.isVisible("#pin")).toBe(false);
});

test("nothing happens when the dialog is cancelled", async () => {
  const page = await stack.openPage();
  stack.pinentry.cancel();
  await page.pressSignIn();
  expect(await page.problem()).toMatchObject({ code: "pin-cancelled" });
});
