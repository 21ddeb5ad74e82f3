import { expect, test } from "vitest";
import { setUpReception } from "../portal/reception/reception.ts";
import { median } from "./measure.ts";

// From pcscd's own event, as another program is told of it, until the waiting screen of the portal's
// desk has changed, and until the browser has painted that.

const INSERTIONS = 15;
/** What a person still takes for at once, in milliseconds. */
const AT_ONCE = 50;

const reception = setUpReception({ log: "info" });
const { workstation } = reception;

test(`the waiting screen sees ${INSERTIONS} cards within ${AT_ONCE} ms`, async () => {
  const desk = await reception.openDesk();
  const { page } = desk;
  await page.evaluate(`{
    const now = () => performance.timeOrigin + performance.now();
    let isWaiting = true;
    new MutationObserver(() => {
      const wasWaiting = isWaiting;
      isWaiting = document.querySelector("h1")?.textContent.includes("置いてください");
      if (!wasWaiting || isWaiting) return;
      changed.push(now());
      requestAnimationFrame(() => {
        // Comes after the frame.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => painted.push(now());
        port2.postMessage(0);
      });
    }).observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
  }`);
  const watch = workstation.startOtherProgram("watch");
  const changes: number[] = [];
  const paints: number[] = [];
  for (let insertion = 0; insertion < INSERTIONS; insertion += 1) {
    await page.evaluate("globalThis.changed = []; globalThis.painted = [];");
    await workstation.insertCard();
    await expect.poll(() => page.evaluate("painted.length")).toBeGreaterThan(0);
    changes.push(await page.evaluate("changed[0]"));
    paints.push(await page.evaluate("painted[0]"));
    await workstation.removeCard();
    await desk.isReady();
  }
  const told = (await watch.finish()).trim().split("\n").map(Number);
  expect(told).toHaveLength(INSERTIONS);
  const since = (times: number[]) => times.map((time, index) => time - (told[index] ?? Number.NaN));
  const [changed, painted] = [since(changes), since(paints)];
  console.table({ changed: figures(changed), painted: figures(painted) });
  expect(median(painted)).toBeLessThan(AT_ONCE);
}, 120_000);

/** In milliseconds. */
function figures(times: number[]): { median: number; most: number } {
  const rounded = (milliseconds: number) => Number(milliseconds.toFixed(1));
  return { median: rounded(median(times)), most: rounded(Math.max(...times)) };
}
