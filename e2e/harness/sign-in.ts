import { once } from "node:events";
import { appendFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { inProject } from "./paths.ts";
import { Program } from "./program.ts";

/** Starts the server of the sign-in example. */
export async function startServer(folder: string, port: number): Promise<Program> {
  const server = Program.start("server", ["node", inProject("examples/sign-in/server.mjs")], {
    folder,
    env: { PORT: String(port) },
  });
  await server.says("serving http://");
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export function launchChromium(args: string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    chromiumSandbox: false,
    args: ["--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", ...args],
  });
}

/** The sign-in page as a person uses it. */
export class SignInPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens it in a window that knows of no earlier one. */
  static async open(browser: Browser, origin: string, log: string): Promise<SignInPage> {
    const context = await browser.newContext({ locale: "en-US" });
    const page = await context.newPage();
    page.on("console", (message) => appendFileSync(log, `${message.text()}\n`));
    page.on("pageerror", (error) => appendFileSync(log, `uncaught: ${error.message}\n`));
    await page.goto(origin);
    return new SignInPage(page);
  }

  /** Presses the button, with a PIN in the page's own field if there is one to type. */
  async pressSignIn(pin?: string): Promise<void> {
    if (pin !== undefined) await this.page.fill("#pin", pin);
    await this.page.click("#button");
  }

  /** The subject that the server knows this person by, once signed in. */
  async subject(): Promise<string> {
    await this.page.waitForSelector("#welcome:visible", { timeout: 20_000 }).catch(async () => {
      throw new Error(`not signed in: ${await this.page.textContent("#problem")}`);
    });
    return (await this.page.textContent("#subject")) ?? "";
  }

  /** What the page says went wrong: the code, and the text that a person reads. */
  async problem(): Promise<{ code: string | undefined; text: string }> {
    const problem = this.page.locator("#problem");
    await problem.waitFor({ state: "visible" });
    const code = (await problem.getAttribute("data-code")) ?? undefined;
    return { code, text: (await problem.textContent()) ?? "" };
  }
}
