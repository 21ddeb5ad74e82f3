import type { Page } from "playwright-core";

/** The least height and width of what a finger hits, in pixels. */
const TARGET = 44;

/**
 * What does not fit on the screen that is there, in sentences: a page that is wider than its window, words
 * that are cut off, a button to go on with for which one has to scroll, and targets that are too small.
 */
export async function misfits(page: Page): Promise<string[]> {
  return await page.evaluate((least) => {
    const found: string[] = [];
    const { clientWidth: width, clientHeight: height, scrollWidth } = document.documentElement;
    /** A dialog covers everything else, and so does what fills the window. */
    const root = document.querySelector("dialog[open], .gate-result") ?? document.body;
    const isCovering = root !== document.body;

    const isShown = (element: Element) =>
      element.checkVisibility() && !element.closest(".only-read, .skip:not(:focus)");
    const describe = (element: Element) =>
      `${element.localName} “${element.textContent?.trim().slice(0, 40) ?? ""}”`;
    /** What cuts off an element's content at its sides, or where it would run into the next. */
    const frameOf = (element: Element) => {
      const cuts = (it: Element) =>
        it.matches("svg, td, th") || getComputedStyle(it).overflowX !== "visible";
      let frame: Element | null = element.closest("svg") ?? element;
      while (frame && !cuts(frame)) frame = frame.parentElement;
      return frame?.getBoundingClientRect() ?? new DOMRect(0, 0, width, height);
    };

    if (scrollWidth > width) found.push(`the page is ${scrollWidth} px wide in ${width} px`);

    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const element = text.parentElement;
      if (!text.textContent?.trim() || !element || !isShown(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const words = range.getBoundingClientRect();
      const frame = frameOf(element);
      const isBesides = words.left < Math.max(frame.left, 0) - 1;
      const isBeyond = words.right > Math.min(frame.right, width) + 1;
      const isOutside = isCovering && (words.top < -1 || words.bottom > height + 1);
      if (isBesides || isBeyond || isOutside) found.push(`cut off: ${describe(element)}`);
    }
    for (const input of root.querySelectorAll("input")) {
      if (isShown(input) && input.scrollWidth > input.clientWidth + 1) {
        found.push(`cut off: what is in the field ${input.name}`);
      }
    }

    scrollTo(0, 0);
    // The settings are many forms, each with a button of its own.
    const buttons = [...root.querySelectorAll(":not(.settings *) > .button.primary")]
      .filter(isShown)
      .slice(0, 1);
    for (const button of [...buttons, ...root.querySelectorAll(".choice")]) {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      const onTop = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (top < 0 || bottom > height || !button.contains(onTop)) {
        found.push(`out of sight: ${describe(button)}`);
      }
    }

    for (const control of root.querySelectorAll("a[href], button, input, select")) {
      const target =
        (control.matches("[type=checkbox], [type=radio], [type=file]") &&
          control.closest("label")) ||
        control;
      if (!isShown(target)) continue;
      const box = target.getBoundingClientRect();
      if (box.height < least || box.width < least) {
        found.push(`${Math.round(box.width)} × ${Math.round(box.height)} px: ${describe(target)}`);
      }
    }
    return found;
  }, TARGET);
}
