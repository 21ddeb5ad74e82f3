import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inProject } from "../harness/paths.ts";
import { Stack } from "../harness/stack.ts";

// What page and bridge cost, next to the same commands without them: on one stack, one after the
// other, so that only the ratios mean something.

const RUNS = 100;
let stack: Stack;
let page: Page;

beforeAll(async () => {
  const scopes = ["events", "authenticate", "page-pin"];
  stack = await Stack.start({ name: "bench", cardIn: "pcscd", scopes, log: "info" });
  ({ page } = await stack.openPage());
  await page.evaluate(`(async () => {
    const { connect } = await import("/kazashi/index.js");
    globalThis.kazashi = await connect();
  })()`);
});

afterAll(() => stack?.stop());

const readCertificate = `card.readCertificate("user-authentication")`;
const authenticate = `card.authenticate({ nonce: "${"A".repeat(44)}", pin: "1234" })`;

test("commands to the card", async () => {
  const counts = {
    "read certificate": await commandsOf(readCertificate),
    authenticate: await commandsOf(authenticate),
  };
  console.table(counts);
  expect(counts.authenticate.flow).toBeLessThanOrEqual(6);
});

test(`time for one authentication, median of ${RUNS}`, async () => {
  const { bare, native } = JSON.parse(await nativeBenchmark());
  const medians = { bare: median(bare), native: median(native), page: await timeInPage() };
  const row = (microseconds: number) => ({
    milliseconds: Number((microseconds / 1000).toFixed(2)),
    ratio: Number((microseconds / medians.bare).toFixed(2)),
  });
  console.table({
    "bare SCardTransmit": row(medians.bare),
    "the flow natively over PC/SC": row(medians.native),
    "through page and bridge": row(medians.page),
  });
  expect(medians.page).toBeGreaterThan(0);
});

/** Does something with a card in the page, for so many times, and returns the microseconds taken. */
async function inPage(work: string, runs: number): Promise<number[]> {
  return await page.evaluate(`(async () => {
    const times = [];
    for (let run = 0; run < ${runs}; run += 1) {
      const begin = performance.now();
      const card = await kazashi.card();
      await ${work};
      await card.release();
      times.push(1000 * (performance.now() - begin));
    }
    return times;
  })()`);
}

/** Counts the commands in the card's own trace: those of the flow, and those around it. */
async function commandsOf(work: string): Promise<{ flow: number; "around it": number }> {
  const card = stack.insertedCard?.program;
  if (card === undefined) throw new Error("no card is in a reader");
  const since = card.output.length;
  await inPage(work, 1);
  const commands = card.output.slice(since).split("\n").filter(Boolean);
  // Selecting the card manager opens and closes a transaction.
  const around = commands.filter((command) => command.startsWith("00 A4 04 0C Nc=7 "));
  return { flow: commands.length - around.length, "around it": around.length };
}

async function nativeBenchmark(): Promise<string> {
  const bench = ["bench", "--quiet", "--package", "kazashi-bridge", "--bench", "native"];
  const { stdout } = await promisify(execFile)("cargo", bench, { cwd: inProject(".") });
  return stdout;
}

async function timeInPage(): Promise<number> {
  return median(await inPage(authenticate, RUNS));
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}
