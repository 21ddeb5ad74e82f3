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

test("signing in takes five commands to the card, between an opening and a closing", async () => {
  const page = await stack.openPage();
  const since = stack.insertedCard?.program.output.length;
  await page.pressSignIn("1234");
  await page.subject();

  const trace = stack.insertedCard?.program.output.slice(since).trim().split("\n") ?? [];
  const selectCardManager = "00 A4 04 0C Nc=7";
  expect(trace.map((line) => line.split(" Ne=")[0])).toEqual([
    selectCardManager,
    "00 A4 04 0C Nc=10", // SELECT the JPKI application
    "00 B0 8A 00 Nc=0", // READ BINARY the certificate
    "00 20 00 98 Nc=0", // VERIFY without data, for the tries that are left
    "00 20 00 98 Nc=4", // VERIFY
    "80 2A 00 97 Nc=51", // COMPUTE DIGITAL SIGNATURE
    selectCardManager,
  ]);
});

test("the page cannot bring a PIN that would risk the last but one try", async () => {
  const page = await stack.openPage();
  await page.pressSignIn("9999");
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });

  await page.pressSignIn("9999");
  expect(await page.problem()).toMatchObject({ code: "too-few-retries" });
  expect(await retriesLeft(stack.card)).toBe(2);
});
