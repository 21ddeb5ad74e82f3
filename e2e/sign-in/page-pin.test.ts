import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { retriesLeft } from "../workstation/card.ts";
import { SELECT_CARD_MANAGER } from "../workstation/workstation.ts";
import { SignInSite } from "./site/site.ts";

const site = setUp(
  new SignInSite({ cardIn: "reader", scopes: ["events", "authenticate", "page-pin"] }),
);
const { workstation } = site;

test("a page that may bring the PIN signs in without a dialog", async () => {
  const page = await site.openPage();
  await page.pressSignIn("1234");

  await page.subject();
  expect(workstation.dialog.windows).toBe(0);
});

test("signing in takes five commands to the card, between an opening and a closing", async () => {
  const page = await site.openPage();
  const trace = await workstation.commandsDuring(async () => {
    await page.pressSignIn("1234");
    await page.subject();
  });
  expect(trace.map((line) => line.split(" Ne=")[0])).toEqual([
    SELECT_CARD_MANAGER,
    "00 A4 04 0C Nc=10", // SELECT the JPKI application
    "00 B0 8A 00 Nc=0", // READ BINARY the certificate
    "00 20 00 98 Nc=0", // VERIFY without data, for the tries that are left
    "00 20 00 98 Nc=4", // VERIFY
    "80 2A 00 97 Nc=51", // COMPUTE DIGITAL SIGNATURE
    SELECT_CARD_MANAGER,
  ]);
});

test("the page cannot bring a PIN that would risk the last but one try", async () => {
  const page = await site.openPage();
  await page.pressSignIn("9999");
  expect(await page.problem()).toMatchObject({ code: "pin-incorrect" });

  await page.pressSignIn("9999");
  expect(await page.problem()).toMatchObject({ code: "too-few-retries" });
  expect(await retriesLeft(workstation.card)).toBe(2);
});
