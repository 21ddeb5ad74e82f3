import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { ownFolder } from "../../paths.ts";
import { misfits } from "./misfits.ts";

const SIZES = {
  /** A screen on its side that visitors stand in front of. */
  upright: { width: 1080, height: 1920 },
  /** A workstation on a desk. */
  desk: { width: 1024, height: 768 },
};

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Keeps pictures of a screen in both sizes and languages; in each it has axe-core look for what keeps
 * people out, and sees that everything fits. Leaves the page in Japanese and as large as a desk's. The
 * pictures are in `screens`, in the folder of the test file.
 */
export async function look(page: Page, name: string): Promise<void> {
  await page.evaluate(AXE);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const language of ["en", "ja"] as const) {
      await speak(page, language);
      const picture = `${name}-${language}-${size}`;
      await page.screenshot({ path: ownFolder("screens", `${picture}.png`) });
      expect.soft([...(await barriers(page)), ...(await misfits(page))], picture).toEqual([]);
    }
  }
}

/** Chooses the language as a person does, but where a dialog or a result covers the buttons, too. */
export async function speak(page: Page, language: "ja" | "en"): Promise<void> {
  await page.locator(`button.language[lang=${language}]`).dispatchEvent("click");
}

/** What axe-core finds serious or worse. */
async function barriers(page: Page): Promise<string[]> {
  return await page.evaluate(`(async () => {
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html));
  })()`);
}
