import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { connect, median } from "./measure.ts";

// From pcscd's own event, as another program is told of it, to the page's. (pcscd itself looks at
// vpcd every 400 ms; that is not in it.)

const INSERTIONS = 15;
const site = setUp(new SignInSite({ cardIn: "reader", log: "info" }));
const { workstation } = site;

test(`from pcscd's event to the page's, of ${INSERTIONS} insertions`, async () => {
  const page = await site.openIdlePage();
  await connect(page);
  await page.evaluate(`{
    globalThis.insertions = [];
    kazashi.addEventListener("card-inserted", () => {
      insertions.push(performance.timeOrigin + performance.now());
    });
  }`);
  const watch = workstation.startOtherProgram("watch");
  for (let insertion = 0; insertion < INSERTIONS; insertion += 1) {
    await workstation.removeCard();
    await workstation.insertCard();
    const count = () => page.evaluate("insertions.length");
    await expect.poll(count).toBe(insertion + 1);
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
