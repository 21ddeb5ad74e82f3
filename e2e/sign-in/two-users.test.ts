import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { BRIDGE_PORT, NEXT_BRIDGE_PORT } from "../ports.ts";
import { setUp } from "../set-up.ts";
import { retriesLeft } from "../workstation/card.ts";
import { canBeNeighbour, Neighbour } from "../workstation/neighbour.ts";
import { SignInPage } from "./site/page.ts";
import { SignInSite } from "./site/site.ts";

// Two people who are signed in at one machine, each with a card, a bridge and a browser. One of them is
// whoever runs the tests.

const listening = (port: number) => `listening on 127.0.0.1:${port}\n`;

describe.runIf(canBeNeighbour)("two users of one machine", () => {
  const site = setUp(new SignInSite({ cardIn: "bridge" }));
  const { workstation } = site;
  const neighbour = setUp(new Neighbour());
  const startTheirBridge = () =>
    neighbour.startBridge({ origin: site.origin, scopes: ["events", "authenticate"] });

  beforeAll(startTheirBridge);

  test("each signs in by their own bridge", async () => {
    expect(workstation.bridge.output).toContain(listening(BRIDGE_PORT));
    expect(neighbour.bridge.output).toContain(listening(NEXT_BRIDGE_PORT));

    const mine = await site.openPage();
    const theirs = new SignInPage(await neighbour.openPage(site.origin));
    onTestFinished(() => theirs.close());
    workstation.dialog.type("1234");
    await mine.pressSignIn();
    const subject = await mine.subject();
    neighbour.dialog.type("1234");
    await theirs.pressSignIn();
    expect(await theirs.subject()).toMatch(/^[\w-]{43}$/);
    expect(await theirs.subject()).not.toBe(subject);

    expect([workstation.dialog.times, neighbour.dialog.times]).toEqual([1, 1]);
    // My bridge was knocked at, and theirs was not: I found mine first.
    const refused = "refused a program of another user";
    expect(workstation.bridge.output).toMatch(new RegExp(`${refused}.* user="2001"`));
    expect(neighbour.bridge.output).not.toContain(refused);
  });

  test("a page finds its bridge again at another port", async () => {
    const page = await neighbour.openPage(site.origin);
    onTestFinished(() => page.close());
    const milliseconds = await page.evaluate(`(async () => {
      const { connect } = await import("/kazashi/index.js");
      const begin = performance.now();
      globalThis.kazashi = await connect();
      globalThis.back = new Promise((resolve) => {
        kazashi.addEventListener("connected", resolve, { once: true });
      });
      return performance.now() - begin;
    })()`);
    console.log(`connected past another user's bridge in ${milliseconds} ms`);

    await workstation.bridge.stop();
    await startTheirBridge();
    expect(neighbour.bridge.output).toContain(listening(BRIDGE_PORT));
    await page.evaluate("back.then(() => {})");
    expect(await page.evaluate("kazashi.readers.length")).toBe(1);

    await workstation.restartBridge();
    expect(workstation.bridge.output).toContain(listening(NEXT_BRIDGE_PORT));
    const mine = await site.openPage();
    workstation.dialog.type("9999");
    await mine.pressSignIn();
    expect(await mine.problem()).toMatchObject({ code: "pin-incorrect" });
    expect(await retriesLeft(workstation.card)).toBe(2);
  });

  test("a page is told that there is none, at the ports of others", async () => {
    await neighbour.bridge.stop();
    const page = await neighbour.openPage(site.origin);
    onTestFinished(() => page.close());
    const code = await page.evaluate(`import("/kazashi/index.js").then(
      async ({ diagnose }) => (await diagnose()).code)`);
    expect(code).toBe("bridge-unreachable");
  });
});
