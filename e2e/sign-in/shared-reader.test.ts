import { expect, test } from "vitest";
import { setUp } from "../set-up.ts";
import { retriesLeft } from "../workstation/card.ts";
import { Client } from "./site/client.ts";
import { SignInSite } from "./site/site.ts";

const AUTHENTICATIONS = 1000;

const site = setUp(
  new SignInSite({ cardIn: "reader", scopes: ["events", "authenticate", "page-pin"], log: "info" }),
);
const { workstation } = site;

test("two other programs on the card stop no sign-in, and never find a PIN verified", async () => {
  const others = ["probe", "hold"].map((habit) => workstation.startOtherProgram(habit));
  const outcomes = await signIn(AUTHENTICATIONS);
  const seen = await Promise.all(others.map(async (other) => JSON.parse(await other.finish())));
  console.log(JSON.stringify({ outcomes, seen }));

  const { signedIn, ...announced } = outcomes;
  expect(signedIn).toBe(AUTHENTICATIONS);
  // What a page may have to do again is said so, by name.
  expect(Object.keys(announced).filter((code) => code !== "sharing-violation")).toEqual([]);
  for (const { rounds, signatures } of seen) {
    expect(rounds).toBeGreaterThan(AUTHENTICATIONS / 10);
    expect(signatures).toBe(0);
  }
  expect(await retriesLeft(workstation.card)).toBe(3);
}, 600_000);

test("a program that takes the card for itself alone is waited for, or named", async () => {
  const other = workstation.startOtherProgram("exclusive", "--keep=200");
  const outcomes = await signIn(20);
  const [record = ""] = (await other.finish()).trim().split("\n").slice(-1);
  const { rounds } = JSON.parse(record);
  console.log(JSON.stringify({ outcomes, rounds }));
  const { signedIn, ...announced } = outcomes;
  expect(signedIn).toBe(20);
  expect(rounds).toBeGreaterThan(1);
  expect(Object.keys(announced).filter((code) => code !== "sharing-violation")).toEqual([]);
}, 120_000);

test("a program that resets the card after each use stops no sign-in without a true word", async () => {
  const other = workstation.startOtherProgram("reset", "--keep=30");
  const outcomes = await signIn(100);
  const { rounds, refused } = JSON.parse(await other.finish());
  console.log(JSON.stringify({ outcomes, rounds, refused }));
  const { signedIn, ...announced } = outcomes;
  expect(signedIn).toBe(100);
  expect(rounds - refused).toBeGreaterThan(50);
  expect(Object.keys(announced).filter((code) => code !== "sharing-violation")).toEqual([]);
  expect(await retriesLeft(workstation.card)).toBe(3);
}, 120_000);

/** Signs in so many times, and counts what happened by its code. */
async function signIn(times: number): Promise<Record<string, number>> {
  const { page } = await site.openPage();
  const client = await Client.connect(page);
  const outcomes: Record<string, number> = { signedIn: 0 };
  for (let attempt = 0; attempt < 2 * times && Number(outcomes.signedIn) < times; attempt += 1) {
    expect(await client.take()).toBe(undefined);
    const outcome = await client.signIn("1234");
    const what = "subject" in outcome ? "signedIn" : outcome.code;
    outcomes[what] = (outcomes[what] ?? 0) + 1;
    await client.release();
  }
  return outcomes;
}
