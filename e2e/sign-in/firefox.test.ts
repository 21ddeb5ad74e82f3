import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { launchFirefox, openInFirefox } from "../firefox.ts";
import { setUp } from "../set-up.ts";
import { SignInSite } from "./site/site.ts";

// The sign-in page in Firefox, with the card in a reader of pcscd.

const site = setUp(new SignInSite({ cardIn: "reader", chromium: false }));
const { dialog, folder } = site.workstation;

let firefox: Browser;
beforeAll(async () => {
  firefox = await launchFirefox(join(folder, "home"));
});
afterAll(() => firefox?.close());

async function openPage(): Promise<Page> {
  const page = await openInFirefox(firefox, site.origin);
  onTestFinished(() => page.browserContext().close());
  return page;
}

/** Presses the button, and waits for what the page says at this place. */
async function signIn(page: Page, place: string): Promise<string | null> {
  await page.click("#with-pin button");
  const said = await page.waitForSelector(place, { visible: true, timeout: 20_000 });
  return (await said?.evaluate((it) => it.textContent)) ?? null;
}

test("a person signs in with card and PIN, and is the same person again", async () => {
  const people = [];
  for (const _ of [1, 2]) {
    const page = await openPage();
    dialog.type("1234");
    people.push(await signIn(page, "#subject"));
  }
  expect(people[0]).toMatch(/^[\w-]{43}$/);
  expect(people[1]).toBe(people[0]);
  expect(dialog.shown).toContain(site.origin);
});

test("a wrong PIN is told with the tries that are left", async () => {
  const page = await openPage();
  dialog.type("9999");
  expect(await signIn(page, "#problem")).toContain("Tries left: 2");
});
