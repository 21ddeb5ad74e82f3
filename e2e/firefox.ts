import puppeteer, { type Browser, type Page } from "puppeteer-core";
import type { BrowserPlace, Permission } from "./chromium.ts";
import { ofTheTests, underAdministrator } from "./paths.ts";

const FIREFOX = "/usr/bin/firefox-esr";

/** Starts Debian's Firefox, driven over WebDriver BiDi, which knows of nobody's home but this folder. */
export function launchFirefox(
  home: string,
  preferences: Record<string, string | boolean> = {},
  { administrator, display }: BrowserPlace = {},
): Promise<Browser> {
  const { PATH = "" } = process.env;
  return puppeteer.launch({
    browser: "firefox",
    executablePath: administrator ? ofTheTests("under-administrator.sh") : FIREFOX,
    acceptInsecureCerts: true,
    headless: !display,
    timeout: 120_000,
    extraPrefsFirefox: preferences,
    env: {
      ...{ PATH, HOME: home, LC_ALL: "C.UTF-8" },
      ...(display && { DISPLAY: display }),
      ...(administrator && underAdministrator(FIREFOX, administrator)),
    },
  });
}

/** Opens a page in a window of its own, with the browser's leave to reach the workstation or without. */
export async function openInFirefox(
  browser: Browser,
  url: string,
  permission?: Permission,
): Promise<Page> {
  const window = await browser.createBrowserContext();
  if (permission) {
    const state = { permission: { name: "loopback-network" }, state: permission };
    await window.setPermission(new URL(url).origin, state);
  }
  const page = await window.newPage();
  await page.goto(url);
  return page;
}
