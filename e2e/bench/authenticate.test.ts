import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stack } from "../harness/stack.ts";
import { authenticate, compared, connect, inPage, natively, readCertificate } from "./measure.ts";

// What page and bridge cost, next to the same commands without them: on one stack, one after the
// other, so that only the ratios mean something.

const RUNS = 100;
let stack: Stack;
let page: Page;

beforeAll(async () => {
  const scopes = ["events", "authenticate", "page-pin"];
  stack = await Stack.start({ name: "bench", cardIn: "pcscd", scopes, log: "info" });
  page = await stack.openIdlePage();
  await connect(page);
});

afterAll(() => stack?.stop());

test("commands to the card", async () => {
  const counts = {
    "read certificate": await commandsOf(readCertificate),
    authenticate: await commandsOf(authenticate),
  };
  console.table(counts);
  expect(counts.authenticate.flow).toBeLessThanOrEqual(6);
});

test(`time for one authentication, median of ${RUNS}`, async () => {
  const { bare, native } = await natively(RUNS);
  const times = compared({
    "bare SCardTransmit": bare,
    "the flow natively over PC/SC": native,
    "through page and bridge": await inPage(page, authenticate, RUNS),
  });
  console.table(times);
  expect(Object.keys(times)).toHaveLength(3);
});

/** Counts the commands in the card's own trace: those of the flow, and those around it. */
async function commandsOf(work: string): Promise<{ flow: number; "around it": number }> {
  const card = stack.insertedCard?.program;
  if (card === undefined) throw new Error("no card is in a reader");
  const since = card.output.length;
  await inPage(page, work, 1);
  const commands = card.output.slice(since).split("\n").filter(Boolean);
  // Selecting the card manager opens and closes a transaction.
  const around = commands.filter((command) => command.startsWith("00 A4 04 0C Nc=7 "));
  return { flow: commands.length - around.length, "around it": around.length };
}
