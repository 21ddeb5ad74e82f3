import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** After so many a person gives up. */
const MOST_TABS = 30;

type Control =
  | "button"
  | "checkbox"
  | "combobox"
  | "link"
  | "radio"
  | "searchbox"
  | "spinbutton"
  | "textbox";

/** Somebody who works a page by its keys alone, and looks where they are. */
export class Keys {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Goes on to a control. Whatever has the focus on the way must show that it does. */
  async to(role: Control, name: string): Promise<void> {
    await this.#go(this.#page.getByRole(role, { name }), "Tab");
  }

  /** Goes back to a control, likewise. */
  async backTo(role: Control, name: string): Promise<void> {
    await this.#go(this.#page.getByRole(role, { name }), "Shift+Tab");
  }

  /** Opens what is folded away under these words. */
  async unfold(words: string): Promise<void> {
    await this.#go(this.#page.locator("summary", { hasText: words }), "Tab");
    await this.#page.keyboard.press("Enter");
  }

  async #go(control: Locator, key: "Tab" | "Shift+Tab"): Promise<void> {
    // A screen that is still coming takes the focus to its heading.
    await this.#page.locator("h1").first().waitFor();
    const focused = control.and(this.#page.locator(":focus"));
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      await this.#page.keyboard.press(key);
      expect(await unseenFocus(this.#page)).toBeUndefined();
      if ((await focused.count()) > 0) return;
    }
    throw new Error(`no Tab leads to ${control}`);
  }

  async press(button: string): Promise<void> {
    await this.to("button", button);
    await this.#page.keyboard.press("Enter");
  }

  async tick(checkbox: string): Promise<void> {
    await this.to("checkbox", checkbox);
    await this.#page.keyboard.press("Space");
  }

  /** Goes down so many entries in the list that has the focus. */
  async choose(entry: number): Promise<void> {
    for (let down = 0; down < entry; down += 1) await this.#page.keyboard.press("ArrowDown");
  }

  /** Types into one field after another, from the one on that has the focus. */
  async fill(values: readonly string[]): Promise<void> {
    for (const [index, value] of values.entries()) {
      if (index > 0) await this.#page.keyboard.press("Tab");
      await this.#page.keyboard.type(value);
    }
  }
}

/** What has the focus and does not show it, or is out of sight. */
async function unseenFocus(page: Page): Promise<string | undefined> {
  return await page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return undefined;
    const { outlineStyle, outlineWidth } = getComputedStyle(focused);
    const isMarked = outlineStyle === "solid" && Number.parseFloat(outlineWidth) >= 2;
    const { left, right, top, bottom } = focused.getBoundingClientRect();
    const onTop = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const isInSight = onTop !== null && (focused.contains(onTop) || onTop.contains(focused));
    return isMarked && isInSight ? undefined : focused.outerHTML.slice(0, 200);
  });
}
