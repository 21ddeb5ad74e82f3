import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { SELECT_CARD_MANAGER } from "../workstation/workstation.ts";
import { authenticate, compared, connect, inPage, natively, readCertificate } from "./measure.ts";

// What page and bridge cost, next to the same commands without them: on one workstation, one after the
// other, so that only the ratios mean something.

const RUNS = 100;
const scopes = ["events", "authenticate", "page-pin"];
const site = setUp(new SignInSite({ cardIn: "reader", scopes, log: "info" }));
let page: Page;

beforeAll(async () => {
  page = await site.openIdlePage();
  await connect(page);
});

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
  const commands = await site.workstation.commandsDuring(() => inPage(page, work, 1));
  // Selecting the card manager opens and closes a transaction.
  const around = commands.filter((command) => command.startsWith(`${SELECT_CARD_MANAGER} `));
  return { flow: commands.length - around.length, "around it": around.length };
}
