import { expect, test } from "vitest";
import { Stack } from "../harness/stack.ts";
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
    const stack = await Stack.start({
      name: "bench-real-card-speed",
      cardIn: "pcscd",
      scopes: ["events", "authenticate", "page-pin"],
      emulator: emulator.map(String),
      log: "info",
    });
    try {
      const page = await stack.openIdlePage();
      await connect(page);
      const { native } = await natively(RUNS);
      const times = compared({
        "the flow natively over PC/SC": native,
        "through page and bridge": await inPage(page, authenticate, RUNS),
      });
      console.table(times);
      expect(Object.keys(times)).toHaveLength(2);
    } finally {
      await stack.stop();
    }
  },
);
