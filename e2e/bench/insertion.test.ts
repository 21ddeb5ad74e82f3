import { afterAll, beforeAll, expect, test } from "vitest";
import { built } from "../harness/paths.ts";
import { Program } from "../harness/program.ts";
import { Stack } from "../harness/stack.ts";
import { connect, median } from "./measure.ts";

// From pcscd's own event, as another program is told of it, to the page's. (pcscd itself looks at
// vpcd every 400 ms; that is not in it.)

const INSERTIONS = 15;
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ name: "bench-insertion", cardIn: "pcscd", log: "info" });
});

afterAll(() => stack?.stop());

test(`from pcscd's event to the page's, of ${INSERTIONS} insertions`, async () => {
  const page = await stack.openIdlePage();
  await connect(page);
  await page.evaluate(`{
    globalThis.insertions = [];
    kazashi.addEventListener("card-inserted", () => {
      insertions.push(performance.timeOrigin + performance.now());
    });
  }`);
  const watch = Program.start("watch", [built("other-program"), "watch"], {
    folder: stack.folder,
  });
  for (let insertion = 0; insertion < INSERTIONS; insertion += 1) {
    await stack.removeCard();
    await stack.insertCard();
    const count = () => page.evaluate("insertions.length");
    await expect.poll(count, { timeout: 10_000 }).toBe(insertion + 1);
  }
  const told = (await watch.finish()).trim().split("\n").map(Number);
  const seen = (await page.evaluate("insertions")) as number[];
  expect(told).toHaveLength(INSERTIONS);
  const times = seen.map((time, index) => time - (told[index] ?? Number.NaN));
  console.table({
    milliseconds: { median: rounded(median(times)), most: rounded(Math.max(...times)) },
  });
  expect(seen).toHaveLength(INSERTIONS);
}, 120_000);

function rounded(milliseconds: number): number {
  return Number(milliseconds.toFixed(2));
}
