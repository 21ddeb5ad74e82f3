import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { retriesLeft } from "../workstation/card.ts";
import { SignInSite } from "./site/site.ts";

// The card takes its time, in milliseconds, so that it can be pulled in the middle of a command.
const TIME = 400;

const site = setUp(
  new SignInSite({
    cardIn: "reader",
    scopes: ["events", "authenticate", "page-pin"],
    emulator: ["--command-time", `${TIME}`, "--signature-time", `${TIME}`],
  }),
);
const { workstation } = site;

// So that the bridge knows by then that it is a My Number Card, and does not ask it.
beforeAll(async () => {
  const page = await site.openPage("file");
  await page.pressSignIn("1234");
  await page.subject();
});

// What the card is busy with, and the last command that it has answered before.
test.each([
  ["the certificate is read", "00 A4 04 0C Nc=10"],
  ["the retry counter is asked for", "00 B0 8A 00"],
  ["the PIN is presented", "00 20 00 98 Nc=0"],
  ["the card signs", "00 20 00 98 Nc=4"],
])("a card that is pulled while %s is told so, and the next attempt works", async (_, answered) => {
  const page = await site.openPage();
  const since = workstation.holder.output.length;
  await page.pressSignIn("1234");
  await workstation.holder.says(answered, since);
  await setTimeout(TIME / 3);
  await workstation.removeCard();
  expect(await page.problem()).toMatchObject({ code: "removed-card" });
  expect(await retriesLeft(workstation.card)).toBe(3);

  await workstation.insertCard();
  await page.pressSignIn("1234");
  await page.subject();
});
