import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { SignInSite } from "./site/site.ts";

const site = setUp(new SignInSite({ cardIn: "reader" }));
const { workstation } = site;

test("without a card the page asks for one, and goes on when it is there", async () => {
  await workstation.removeCard();
  const page = await site.openPage();
  workstation.dialog.type("1234");
  await page.pressSignIn();
  expect(await page.hint()).toMatchObject({ code: "no-smartcard" });

  await workstation.insertCard();
  await page.subject();
});

test("a card that is pulled out while the dialog is open is told so", async () => {
  const page = await site.openPage();
  await page.pressSignIn();
  await workstation.dialog.asked(2);
  await workstation.removeCard();
  workstation.dialog.type("1234");
  expect(await page.problem()).toMatchObject({ code: "removed-card" });
  await workstation.insertCard();
});

test("after a restart of pcscd the same page signs in again", async () => {
  const opened = workstation.bridge.output.length;
  const page = await site.openPage();
  await workstation.bridge.says("connected origin=", opened);
  const restarted = workstation.bridge.output.length;
  await workstation.restartPcscd();
  await workstation.bridge.says("connected to the smart card service", restarted);
  workstation.dialog.type("1234");
  await page.pressSignIn();
  await page.subject();
});

test("a page that is not listed learns nothing", async () => {
  await workstation.restartBridge({ origin: "http://127.0.0.1:1" });
  const page = await site.openPage();
  expect(await page.problem()).toMatchObject({ code: "bridge-unreachable" });
});

test("without a bridge the page says so", async () => {
  await workstation.bridge.stop();
  const page = await site.openPage();
  expect(await page.problem()).toMatchObject({ code: "bridge-unreachable" });
});

test("with a bridge that was started later, the same page signs in", async () => {
  const page = await site.openPage();
  await page.problem();
  await workstation.restartBridge();
  workstation.dialog.type("1234");
  await page.pressSignIn();
  await page.subject();
});
