import { expect, onTestFinished, test } from "vitest";
import { SignInSite } from "../sign-in/site/site.ts";
import { authenticate, compared, connect, inPage, natively } from "./measure.ts";

// The same with a card that takes its time, by the emulator's model: bytes at the bit rates of
// ISO/IEC 14443, and milliseconds for each command and each signature that are of a card's order.

const RUNS = 20;
const COMMAND = 10;
const SIGNATURE = 150;

test.each([106, 424, 848])(
  `at %i kbit/s, ${COMMAND} ms a command, ${SIGNATURE} ms a signature`,
  async (rate) => {
    const emulator = [
      ["--bit-rate", rate],
      ["--command-time", COMMAND],
      ["--signature-time", SIGNATURE],
    ].flat();
    const scopes = ["events", "authenticate", "page-pin"];
    const options = {
      cardIn: "reader",
      scopes,
      emulator: emulator.map(String),
      log: "info",
    } as const;
    const site = new SignInSite(options);
    onTestFinished(() => site.stop());
    await site.start();
    const page = await site.openIdlePage();
    await connect(page);
    const { native } = await natively(RUNS);
    const times = compared({
      "the flow natively over PC/SC": native,
      "through page and bridge": await inPage(page, authenticate, RUNS),
    });
    console.table(times);
    expect(Object.keys(times)).toHaveLength(2);
  },
);
