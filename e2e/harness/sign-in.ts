import { createPublicKey, randomInt } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { built, inProject } from "./paths.ts";
import { Program } from "./program.ts";

/** What opens a desk of that server. */
export const DESK_PASSWORD = "correct horse";

/** The certificates of an institution that the virtual cards trust. */
export const CERTIFICATES = ["terminal-intermediate.cv", "terminal.cv"].map(
  (name) => `--terminal-certificate=${inProject(`vectors/cv-certificates/${name}`)}`,
);

/** Makes the server that of this institution. */
export const INSTITUTION = [...CERTIFICATES, terminalKey("terminal")];

/** Has the server sign with a key of `vectors/keys`. */
export function terminalKey(name: string): string {
  return `--terminal-key=${inProject(`vectors/keys/${name}.pem`)}`;
}

/** Starts the server of the sign-in example, which believes the virtual cards. */
export async function startServer(
  folder: string,
  port: number,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Program> {
  const command = [built("kazashi-sign-in"), "--port", String(port), ...virtualCards(folder)];
  const server = Program.start("server", [...command, ...args], {
    folder,
    env: { KAZASHI_DESK_PASSWORD: DESK_PASSWORD, ...env },
  });
  await server.says("serving http://");
  return server;
}

/** What a server needs to know to verify what virtual cards show it. */
export function virtualCards(folder: string): string[] {
  const privateKey = readFileSync(inProject("vectors/keys/card-surface-authority.pem"));
  const root = join(folder, "card-surface-authority.pem");
  mkdirSync(folder, { recursive: true });
  writeFileSync(root, createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
  return [
    "--accept-test-hierarchy",
    `--authorities=${inProject("vectors/certificates/user-authentication-ca.der")}`,
    `--card-surface-root=39303030303233080530303100000000=${root}`,
  ];
}

/** A page of the same site that does nothing by itself. */
export const IDLE_PAGE = "/page.css";

/** A port for a server that is started later: one that no outgoing connection is given till then. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 27_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").catch(() => false);
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
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
  static async open(browser: Browser, url: string, log: string): Promise<SignInPage> {
    const context = await browser.newContext({ locale: "en-US" });
    const page = await context.newPage();
    page.on("console", (message) => appendFileSync(log, `${message.text()}\n`));
    page.on("pageerror", (error) => appendFileSync(log, `uncaught: ${error.message}\n`));
    await page.goto(url);
    return new SignInPage(page);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Presses the button, with a PIN in the page's own field if there is one to type. */
  async pressSignIn(pin?: string): Promise<void> {
    if (pin !== undefined) await this.page.fill("#pin", pin);
    await this.page.click("#with-pin button");
  }

  /** Opens the desk, as its staff. */
  async openDesk(): Promise<void> {
    await this.page.fill("#password", DESK_PASSWORD);
    await this.page.click("#open-desk button");
    await this.page.waitForSelector("#without-pin:visible");
  }

  /** Presses the button by which the institution signs the visitor in. */
  async pressWithoutPin(): Promise<void> {
    await this.page.click("#without-pin button");
  }

  /** Enrols the card; the PIN is typed into the page, or into the bridge's dialog. */
  async enrol(birthDate: string, pin = ""): Promise<void> {
    await this.page.fill("#birth-date", birthDate);
    if (pin) await this.page.fill("#enrolment-pin", pin);
    await this.page.click("#enrol button");
  }

  /** Presses the button for cards that were enrolled. */
  async pressCheckIn(): Promise<void> {
    await this.page.click("#presence button");
  }

  /** Makes the page ready for the next visitor. */
  async next(): Promise<void> {
    await this.page.click("#next");
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
