import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { workFolder } from "./paths.ts";

/** Where the pictures are. */
const SCREENS = workFolder("portal/screens");

const SIZES = {
  /** A workstation on a desk. */
  desk: { width: 1024, height: 768 },
  /** A screen on its side that visitors stand in front of. */
  upright: { width: 1080, height: 1920 },
};

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Keeps pictures of a screen in both languages and, unless it is small, both sizes, and has axe-core
 * look for what keeps people out. Leaves the page in Japanese and as large as a desk's.
 */
export async function look(
  page: Page,
  name: string,
  sizes: "both" | "desk" = "both",
): Promise<void> {
  mkdirSync(SCREENS, { recursive: true });
  for (const [size, viewport] of Object.entries(SIZES)) {
    if (size !== "desk" && sizes === "desk") continue;
    await page.setViewportSize(viewport);
    for (const language of ["en", "ja"] as const) {
      await speak(page, language);
      await page.screenshot({ path: join(SCREENS, `${name}-${language}-${size}.png`) });
    }
  }
  await page.setViewportSize(SIZES.desk);
  expect(await barriers(page), name).toEqual([]);
}

/** Chooses the language as a person does, but where a dialog or a result covers the buttons, too. */
export async function speak(page: Page, language: "ja" | "en"): Promise<void> {
  await page.locator(`button.language[lang=${language}]`).dispatchEvent("click");
}

/** What axe-core finds serious or worse. Its source is evaluated: the page's policy lets in no script. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return await page.evaluate(`(async () => {
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html));
  })()`);
}
