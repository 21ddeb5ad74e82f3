import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { inProject } from "../paths.ts";
import { freePort } from "../ports.ts";
import { Program } from "../program.ts";
import { type Startable, setUp } from "../set-up.ts";
import { Workstation } from "../workstation/workstation.ts";
import { SignInSession } from "./site/session.ts";

// The smallest example, as README and the getting-started show it: its one file under Node, its page
// in Chromium, the bridge with a virtual card.

class SmallestSite implements Startable {
  readonly workstation = new Workstation();
  origin = "";
  #server: Program | undefined;

  async start(): Promise<void> {
    const { workstation } = this;
    await workstation.start();
    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    await workstation.startBridge({
      origin: this.origin,
      scopes: ["events", "authenticate"],
      virtualCard: workstation.card,
    });
    const authorities = inProject("vectors/certificates/user-authentication-ca.der");
    const server = [process.execPath, inProject("examples/sign-in/server.js")];
    server.push("--port", String(port), "--accept-test-hierarchy", "--authorities", authorities);
    const { folder } = workstation;
    this.#server = await Program.ready("server", server, `serving ${this.origin}`, { folder });
    await workstation.startBrowser();
  }

  async stop(): Promise<void> {
    await this.workstation.stop();
    await this.#server?.stop();
  }

  async openPage(): Promise<Page> {
    return await this.workstation.openPage(this.origin, { locale: "en-US" });
  }
}

const site = setUp(new SmallestSite());
const { dialog } = site.workstation;

test("a person signs in with card and PIN, and is the same person again", async () => {
  const page = await site.openPage();
  const people = [];
  for (const _ of [1, 2]) {
    dialog.type("1234");
    people.push(await pressSignIn(page));
  }
  expect(people[0]).toMatch(/^[\w-]{43}$/);
  expect(people[1]).toBe(people[0]);
});

test("a wrong PIN is told in the words that README quotes", async () => {
  const page = await site.openPage();
  dialog.type("9999");
  expect(await pressSignIn(page)).toBe("The PIN is wrong. Tries left: 2.");
  dialog.type("1234");
  expect(await pressSignIn(page)).toMatch(/^[\w-]{43}$/);
});

test("the server takes a nonce once, of its own session, from its own page", async () => {
  const session = new SignInSession(site.origin);
  const token = {};
  expect(await session.post("/sign-in", { token })).toMatchObject({
    status: 400,
    body: { code: "nonce-expired" },
  });
  expect(await session.newNonce("pin")).toHaveLength(44);
  expect((await session.post("/sign-in", { token })).body).toEqual({ code: "token-size" });
  expect((await session.post("/sign-in", { token })).body).toEqual({ code: "nonce-expired" });

  const elsewhere = await fetch(new URL("/nonce", site.origin), {
    method: "POST",
    headers: { origin: "https://elsewhere.example" },
    body: "{}",
  });
  expect(elsewhere.status).toBe(403);
});

test("the server has no file but those of its page", async () => {
  const status = async (path: string) => (await fetch(site.origin + path)).status;
  expect(await status("/page.js")).toBe(200);
  for (const path of ["/server.js", "/.//etc/passwd", "/kazashi/..%2fpackage.json", "/kazashi/"]) {
    expect(await status(path), path).toBe(404);
  }
});

/** Presses the button, and waits for what the page says. */
async function pressSignIn(page: Page): Promise<string | null> {
  await page.click("button");
  await page.waitForSelector("button:enabled");
  return await page.textContent("[role=status]");
}
