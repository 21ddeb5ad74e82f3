import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { SignInSite } from "./site/site.ts";

// Page, WebAssembly, WebSocket, bridge, pcscd, vpcd, card and back; the token verified by the server.

const site = setUp(new SignInSite({ cardIn: "reader" }));
const { workstation } = site;

test("a person signs in with card and PIN", async () => {
  const page = await site.openPage();
  workstation.dialog.type("1234");
  await page.pressSignIn();

  expect(await page.subject()).toMatch(/^[\w-]{43}$/);
  expect(await page.page.textContent("#revocation")).toContain("not checked");
});

test("the dialog says who asks, what for, and how many tries are left", () => {
  expect(workstation.dialog.shown).toContain(site.origin);
  expect(workstation.dialog.shown).toContain("sign in with your My Number Card");
  expect(workstation.dialog.shown).toContain("Tries left: 3");
});

test("the same card is the same subject again", async () => {
  const subjects = [];
  for (const page of [await site.openPage(), await site.openPage()]) {
    workstation.dialog.type("1234");
    await page.pressSignIn();
    subjects.push(await page.subject());
  }
  expect(subjects[0]).toBe(subjects[1]);
});

test("the page has no field for the PIN, unless it may bring one", async () => {
  const page = await site.openPage();
  expect(await page.page.isVisible("#pin")).toBe(false);
});

test("nothing happens when the dialog is cancelled", async () => {
  const page = await site.openPage();
  workstation.dialog.cancel();
  await page.pressSignIn();
  expect(await page.problem()).toMatchObject({ code: "pin-cancelled" });
});
