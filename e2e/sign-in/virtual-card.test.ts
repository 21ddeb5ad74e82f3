import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { retriesLeft } from "../workstation/card.ts";
import { SignInSite } from "./site/site.ts";

// The card that `cargo xtask demo` uses: in the bridge itself, without pcscd.

const site = setUp(new SignInSite({ cardIn: "bridge" }));
const { workstation } = site;

test("a person signs in with a virtual card", async () => {
  const page = await site.openPage();
  workstation.dialog.type("1234");
  await page.pressSignIn();
  expect(await page.subject()).toMatch(/^[\w-]{43}$/);
});

test("a virtual card counts wrong PINs", async () => {
  const page = await site.openPage();
  workstation.dialog.type("9999");
  await page.pressSignIn();
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });
  expect(await retriesLeft(workstation.card)).toBe(2);
});
