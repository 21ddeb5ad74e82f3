// A bridge that is killed at any point of its work leaves nothing behind that its successor does not put
// right. It is killed by the signal KILL to the process of Wine that it runs in: as with TerminateProcess,
// nothing of the program runs any more, and what it had open is closed for it. How it is on Linux,
// `bridge/tests/bridge/killed.rs` has.

import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { run } from "../program.ts";
import { setUp } from "../set-up.ts";
import { Client } from "../sign-in/site/client.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { retriesLeft } from "../workstation/card.ts";
import { WINDOWS } from "../workstation/wine.ts";
import { SELECT_CARD_MANAGER } from "../workstation/workstation.ts";

const KILLS = 50;
const SEED = Number(process.env.KAZASHI_E2E_SEED ?? Date.now() % 1_000_000);

const scopes = ["events", "authenticate", "attributes", "page-pin"];
const site = setUp(new SignInSite({ cardIn: "reader", scopes, system: WINDOWS }));
const { workstation } = site;

/** What a page does when the bridge is killed. A wrong PIN is presented while all tries are left. */
const works: Record<string, (client: Client) => Promise<unknown>> = {
  "the page brings the PIN": (client) => client.signIn("1234"),
  "the page brings a wrong PIN": (client) => client.signIn("0000"),
  "a person types the PIN": (client) => {
    workstation.dialog.type("1234");
    return client.signIn();
  },
  "the page reads attributes": (client) => client.readAttributes("1234"),
};

test(`after each of ${KILLS} kills no PIN is verified, and no try is uncounted`, async () => {
  const random = randomFrom(SEED);
  const times = await timeOfEach();
  let amid = 0;
  for (let round = 0; round < KILLS; round += 1) {
    const [what = "", work] = Object.entries(works)[round % 4] ?? [];
    const client = await sitDown();
    const counted = await retriesLeft(workstation.card);
    expect(await client.pinStatus()).toMatchObject({
      userAuthentication: { retriesLeft: counted },
      digitalSignature: { retriesLeft: 5 },
    });
    // It fails when the page is closed.
    void work?.(client).catch(() => {});
    await setTimeout(random() * (times.get(what) ?? 0));
    await workstation.bridge.kill();
    await client.page.context().close();
    const [last = ""] = workstation.holder.output.trim().split("\n").slice(-1);
    amid += Number(!last.includes(SELECT_CARD_MANAGER));
    await workstation.restartBridge();
    expect(await signaturesWithoutPin(), `round ${round}, ${what}`).toBe(0);
    expect(await retriesLeft(workstation.card), `round ${round}, ${what}`).toBeGreaterThan(1);
  }
  console.log(`seed ${SEED}: ${amid} of ${KILLS} were killed while the card was at work`);
  expect(amid).toBeGreaterThan(0);

  const client = await sitDown();
  workstation.dialog.type("1234");
  expect(await client.signIn()).toHaveProperty("subject");
  expect(await retriesLeft(workstation.card)).toBe(3);
  const verify = [...WINDOWS.bridge, "log", "verify", "--state", workstation.folder];
  console.log(await run(verify, { env: { ...process.env, ...WINDOWS.env } }));
}, 900_000);

/** A page of its own, which has the card. */
async function sitDown(): Promise<Client> {
  const client = await Client.connect(await site.openIdlePage());
  expect(await client.take()).toBe(undefined);
  return client;
}

/** How long each work takes that nothing interrupts, in milliseconds. */
async function timeOfEach(): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  const client = await sitDown();
  for (const [what, work] of Object.entries(works)) {
    const begun = performance.now();
    await work(client);
    times.set(what, performance.now() - begun);
  }
  await client.page.context().close();
  console.log(times);
  return times;
}

/** How often the card signs for another program, as soon as there is a bridge again. */
async function signaturesWithoutPin(): Promise<number> {
  for (;;) {
    const probe = workstation.startOtherProgram("probe");
    await setTimeout(100);
    const { rounds, refused, signatures } = JSON.parse(await probe.finish());
    if (rounds > refused) return signatures;
  }
}

/** Numbers from 0 to 1 that look random, always the same after one seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
