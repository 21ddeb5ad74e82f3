import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { Stack } from "../harness/stack.ts";

// The card takes its time, in milliseconds, so that it can be pulled in the middle of a command.
const TIME = 400;

let stack: Stack;

beforeAll(async () => {
  const scopes = ["events", "authenticate", "page-pin"];
  const emulator = ["--command-time", `${TIME}`, "--signature-time", `${TIME}`];
  stack = await Stack.start({ name: "pulled-card", cardIn: "pcscd", scopes, emulator });
});

afterAll(() => stack?.stop());

// What the card is busy with, and the last command that it has answered before.
test.each([
  ["the certificate is read", "00 A4 04 0C Nc=10"],
  ["the retry counter is asked for", "00 B0 8A 00"],
  ["the PIN is presented", "00 20 00 98 Nc=0"],
  ["the card signs", "00 20 00 98 Nc=4"],
])("a card that is pulled while %s is told so, and the next attempt works", async (_, answered) => {
  const page = await stack.openPage();
  const emulator = stack.insertedCard?.program;
  const since = emulator?.output.length;
  await page.pressSignIn("1234");
  await emulator?.says(answered, since);
  await setTimeout(TIME / 3);
  await stack.removeCard();
  expect(await page.problem()).toMatchObject({ code: "removed-card" });
  expect(await retriesLeft(stack.card)).toBe(3);

  await stack.insertCard();
  await page.pressSignIn("1234");
  await page.subject();
});
