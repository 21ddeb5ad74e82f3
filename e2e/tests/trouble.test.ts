import { afterAll, beforeAll, expect, test } from "vitest";
import { Stack } from "../harness/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({ name: "trouble", cardIn: "pcscd" });
});

afterAll(() => stack?.stop());

test("without a card the page asks for one, and goes on when it is there", async () => {
  await stack.removeCard();
  const page = await stack.openPage();
  stack.pinentry.type("1234");
  await page.pressSignIn();
  expect(await page.problem()).toMatchObject({ code: "no-smartcard" });

  await stack.insertCard();
  await page.subject();
});

test("a card that is pulled out while the dialog is open is told so", async () => {
  const page = await stack.openPage();
  await page.pressSignIn();
  await stack.pinentry.asked(2);
  await stack.removeCard();
  stack.pinentry.type("1234");
  expect(await page.problem()).toMatchObject({ code: "removed-card" });
  await stack.insertCard();
});

test("after a restart of pcscd the same page signs in again", async () => {
  const opened = stack.bridge?.output.length;
  const page = await stack.openPage();
  await stack.bridge?.says("connected origin=", opened);
  const restarted = stack.bridge?.output.length;
  await stack.restartPcscd();
  await stack.bridge?.says("connected to the smart card service", restarted);
  stack.pinentry.type("1234");
  await page.pressSignIn();
  await page.subject();
});

test("a page that is not listed learns nothing", async () => {
  await stack.bridge?.stop();
  const listed = stack.origin;
  stack.origin = "http://127.0.0.1:1";
  await stack.startBridge();
  stack.origin = listed;
  const page = await stack.openPage();
  expect(await page.problem()).toMatchObject({ code: "bridge-unreachable" });
});

test("without a bridge the page says so", async () => {
  await stack.bridge?.stop();
  const page = await stack.openPage();
  expect(await page.problem()).toMatchObject({ code: "bridge-unreachable" });
});

test("with a bridge that was started later, the same page signs in", async () => {
  const page = await stack.openPage();
  await page.problem();
  await stack.startBridge();
  stack.pinentry.type("1234");
  await page.pressSignIn();
  await page.subject();
});
