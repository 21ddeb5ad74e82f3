// Windows starts its smart card service with the first reader, and stops it with the last. So one that is
// not there is no trouble: there is no reader, until there is one.

import { beforeAll, expect, test } from "vitest";
import { caught } from "../errors/caught.ts";
import { withCard } from "../package.ts";
import { setUp } from "../set-up.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { WINDOWS } from "../workstation/wine.ts";

const site = setUp(new SignInSite({ cardIn: "reader", system: WINDOWS }));
const { workstation } = site;

beforeAll(async () => {
  await workstation.pcscd.stop();
  await workstation.restartBridge();
});

test("without the service there is no reader, and with it there is a card again", async () => {
  const page = await site.openIdlePage();
  const { code } = await caught(page, "throw new KazashiError((await diagnose()).code);");
  expect(code).toBe("no-reader");

  await workstation.startReader();
  const status = await withCard(page, "return await card.pinStatus();");
  expect(status).toMatchObject({ userAuthentication: { retriesLeft: 3 } });
});
