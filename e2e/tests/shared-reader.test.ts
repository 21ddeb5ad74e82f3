import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retriesLeft } from "../harness/card.ts";
import { built } from "../harness/paths.ts";
import { Program } from "../harness/program.ts";
import { Stack } from "../harness/stack.ts";

const AUTHENTICATIONS = 1000;

let stack: Stack;

beforeAll(async () => {
  const scopes = ["events", "authenticate", "page-pin"];
  stack = await Stack.start({ name: "shared-reader", cardIn: "pcscd", scopes, log: "info" });
});

afterAll(() => stack?.stop());

test("two other programs on the card stop no sign-in, and never find a PIN verified", async () => {
  const { page } = await stack.openPage();
  const others = ["probe", "hold"].map((habit) =>
    Program.start(habit, [built("other-program"), habit], { folder: stack.folder }),
  );
  const outcomes = await signIn(page, AUTHENTICATIONS);
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
  expect(await retriesLeft(stack.card)).toBe(3);
}, 600_000);

test("a program that takes the card for itself alone is waited for, or named", async () => {
  const { page } = await stack.openPage();
  const other = Program.start("exclusive", [built("other-program"), "exclusive", "--keep=200"], {
    folder: stack.folder,
  });
  const outcomes = await signIn(page, 20);
  const [record = ""] = (await other.finish()).trim().split("\n").slice(-1);
  const { rounds } = JSON.parse(record);
  console.log(JSON.stringify({ outcomes, rounds }));
  const { signedIn, ...announced } = outcomes;
  expect(signedIn).toBe(20);
  expect(rounds).toBeGreaterThan(1);
  expect(Object.keys(announced).filter((code) => code !== "sharing-violation")).toEqual([]);
}, 120_000);

/** Signs in so many times, and counts what happened by its code. */
async function signIn(page: Page, times: number): Promise<Record<string, number>> {
  return await page.evaluate(`(async () => {
    const { connect } = await import("/kazashi/index.js");
    const post = async (path, body) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      const answer = await response.json();
      if (!response.ok) throw answer;
      return answer;
    };
    const closing = new AbortController();
    const kazashi = await connect({ signal: closing.signal });
    const outcomes = { signedIn: 0 };
    const count = (code) => {
      outcomes[code] = (outcomes[code] ?? 0) + 1;
    };
    for (let attempt = 0; attempt < ${2 * times} && outcomes.signedIn < ${times}; attempt += 1) {
      const card = await kazashi.card();
      try {
        const method = "pin";
        const { nonce } = await post("/nonce", { method });
        const token = await card.authenticate({ nonce, pin: "1234" });
        await post("/sign-in", { method, nonce, token });
        count("signedIn");
      } catch (error) {
        count(error.code);
      } finally {
        await card.release();
      }
    }
    closing.abort();
    return outcomes;
  })()`);
}
