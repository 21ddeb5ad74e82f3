import type { Page } from "playwright-core";
import { expect } from "vitest";

/** What a screen reader says by itself, without being asked. */
export class ScreenReader {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Listens to a page from now on. */
  static async listen(page: Page): Promise<ScreenReader> {
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      const say = (element: Element) => {
        const words = element.textContent?.replace(/\s+/g, " ").trim();
        if (words && words !== heard.at(-1)) heard.push(words);
      };
      document.addEventListener("focusin", ({ target }) => {
        if (target instanceof HTMLHeadingElement) say(target);
      });
      const live = "[role=alert], [role=status], [aria-live]";
      new MutationObserver((changes) => {
        const regions = new Set<Element>();
        for (const { target, addedNodes } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          const region = element?.closest(live);
          if (region) regions.add(region);
          for (const added of addedNodes) {
            // Regions that come with their words are told of if they are alerts.
            if (!(added instanceof Element)) continue;
            if (added.matches("[role=alert]")) regions.add(added);
            for (const alert of added.querySelectorAll("[role=alert]")) regions.add(alert);
          }
        }
        for (const region of regions) if (region.isConnected) say(region);
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    return new ScreenReader(page);
  }

  /** Everything that was said, in order. */
  async heard(): Promise<string[]> {
    return await this.#page.evaluate("heard");
  }

  /** Waits until a screen begins with this heading, and it has just been read out. */
  async isAt(heading: string): Promise<void> {
    const top = this.#page.locator("h1:focus");
    await expect.poll(async () => await top.ariaSnapshot()).toContain(heading);
    expect(await top.ariaSnapshot()).toBe(`- heading "${heading}" [level=1]`);
  }
}
