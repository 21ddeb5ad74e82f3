import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { inProject } from "../paths.ts";

export const readCertificate = `card.readCertificate("user-authentication")`;
export const authenticate = `card.authenticate({ nonce: "${"A".repeat(44)}", pin: "1234" })`;

/** Has the page connect, for what follows. */
export async function connect(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const { connect } = await import("/kazashi/index.js");
    globalThis.kazashi = await connect();
  })()`);
}

/** Does something with a card in the page, for so many times, and returns the microseconds taken. */
export async function inPage(page: Page, work: string, runs: number): Promise<number[]> {
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

/** The same authentication without page and bridge: microseconds of each run. */
export async function natively(runs: number): Promise<{ bare: number[]; native: number[] }> {
  const bench = ["bench", "--quiet", "--package", "kazashi-bridge", "--bench", "native"];
  const env = { ...process.env, KAZASHI_BENCH_RUNS: String(runs) };
  const { stdout } = await promisify(execFile)("cargo", bench, { cwd: inProject("."), env });
  return JSON.parse(stdout);
}

/** Medians as milliseconds, and as ratios to the first. */
export function compared(times: Record<string, number[]>): Record<string, object> {
  const medians = Object.entries(times).map(([what, all]) => [what, median(all)] as const);
  const first = medians[0]?.[1] ?? Number.NaN;
  return Object.fromEntries(
    medians.map(([what, microseconds]) => [
      what,
      {
        milliseconds: Number((microseconds / 1000).toFixed(2)),
        ratio: Number((microseconds / first).toFixed(2)),
      },
    ]),
  );
}

export function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}
