import { expect, onTestFinished, test } from "vitest";
import { ownFolder } from "../paths.ts";
import { SignInSite } from "./site/site.ts";

// Real programs that ask for a PIN, on a pseudo-terminal.

test("a person types the PIN into pinentry-tty", async () => {
  const site = await siteWith("pinentry-tty");
  const { bridge } = site.workstation;
  const page = await site.openPage();
  await page.pressSignIn();

  await bridge.says("PIN:");
  expect(bridge.output).toContain(site.origin);
  expect(bridge.output).toContain("Tries left: 3");
  bridge.type("1234\n");
  await page.subject();
});

test("a person types the PIN into pinentry-curses", async () => {
  const site = await siteWith("pinentry-curses");
  const { bridge } = site.workstation;
  const page = await site.openPage();
  await page.pressSignIn();

  await bridge.says("PIN:");
  bridge.type("1234\r");
  await page.subject();
});

/** Sets up a site for the test, at which this program asks for PINs. */
async function siteWith(pinentry: string): Promise<SignInSite> {
  const options = { cardIn: "reader", terminalPinentry: `/usr/bin/${pinentry}` } as const;
  const site = new SignInSite(options, ownFolder(pinentry));
  onTestFinished(() => site.stop());
  await site.start();
  return site;
}
