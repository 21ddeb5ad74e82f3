import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { APIResponse, Browser, BrowserContext, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { type BridgeOptions, bridgeKey, startBridge } from "./bridge.ts";
import { InsertedCard, newCard } from "./card.ts";
import { workFolder } from "./paths.ts";
import { startPcscd } from "./pcscd.ts";
import { ScriptedPinentry } from "./pinentry.ts";
import { ACCOUNT, addAccount, startPortalServer } from "./portal-server.ts";
import type { Program } from "./program.ts";
import type { Answer } from "./session.ts";
import { freePort, launchChromium } from "./sign-in.ts";

export interface ReceptionOptions {
  /** Names the folder of its logs, in `target/e2e`. */
  name: string;
  /** Further arguments of `kazashi-emulator run`. */
  emulator?: string[];
  /** Further arguments of `kazashi-portal serve`. */
  server?: string[];
  /** A file with the serial numbers of revoked certificates; without one, nobody is asked. */
  revoked?: string;
  /** Where everything is kept: a file in the folder, if left out. */
  database?: string;
  /** How browsers name the portal, if that is not by the port of its server. */
  origin?: string;
  /** The port of its server: a free one, if left out. */
  port?: number;
  /** How much the bridge logs: everything, if left out. */
  log?: string;
}

/** A visit as the board tells of it. */
export interface Visit {
  readonly id: string;
  readonly number: number;
  /** What the visitor agreed to have kept, if anything. */
  readonly attributes?: { readonly name?: string };
  readonly [field: string]: unknown;
}

/** What a desk and a gate of the portal do with cards. */
export const SCOPES = [
  "events",
  "authenticate",
  "authenticate-pinless",
  "card-presence",
  "card-face",
  "attributes",
];

/** Where the bridge of the second desk listens. */
const SECOND_PORT = 27391;

const WINDOW = {
  locale: "ja-JP",
  timezoneId: "Asia/Tokyo",
  viewport: { width: 1024, height: 768 },
};

/** A workstation of the reception portal, with everything between its page and the card. */
export class Reception {
  readonly folder: string;
  readonly database: string;
  readonly pinentry: ScriptedPinentry;
  origin = "";
  port = 0;
  /** The folder that is the memory of the card that was there at first. */
  card = "";
  insertedCard: InsertedCard | undefined;
  pcscd: Program | undefined;
  bridge: Program | undefined;
  server: Program | undefined;
  browser: Browser | undefined;
  /** What went wrong in pages that none of them caught. */
  readonly faults: string[] = [];
  readonly #options: ReceptionOptions;
  #hasCard = false;
  /** In which somebody is signed in. */
  #context: BrowserContext | undefined;

  private constructor(options: ReceptionOptions) {
    this.#options = options;
    this.folder = workFolder(options.name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    this.database = options.database ?? `sqlite:${join(this.folder, "portal.db")}`;
    this.pinentry = new ScriptedPinentry(this.folder);
  }

  /** Starts it, with an ordinary card that is not on the reader. */
  static async start(options: ReceptionOptions): Promise<Reception> {
    const reception = new Reception(options);
    try {
      await reception.#start();
    } catch (error) {
      await reception.stop();
      throw error;
    }
    return reception;
  }

  async #start(): Promise<void> {
    const { folder } = this;
    this.card = await newCard(folder);
    this.pcscd = await startPcscd({ folder });
    this.insertedCard = await InsertedCard.insert(this.card, { folder }, this.#options.emulator);
    await this.pcscd.says("Card inserted");
    this.#hasCard = true;
    await this.removeCard();
    this.port = this.#options.port ?? (await freePort());
    this.origin = this.#options.origin ?? `http://127.0.0.1:${this.port}`;
    await this.startBridge();
    await addAccount(folder, this.database);
    await this.startServer();
    this.browser = await launchChromium();
    this.#context = await this.#signIn(this.browser);
  }

  async startBridge(options: Pick<Partial<BridgeOptions>, "scopes" | "virtualCard"> = {}) {
    const { log } = this.#options;
    this.bridge = await startBridge({
      folder: this.folder,
      origin: this.origin,
      scopes: SCOPES,
      pinentry: this.pinentry.program,
      env: { ...this.pinentry.env, ...(log && { KAZASHI_LOG: log }) },
      ...options,
    });
  }

  /** Starts the server, which knows the bridge. */
  async startServer(): Promise<void> {
    const { folder, port, database, origin } = this;
    const { server = [], revoked } = this.#options;
    const args = [`--bridge=desk=${await bridgeKey(folder)}`, ...server];
    this.server = await startPortalServer({ folder, port, database, origin, args, revoked });
  }

  /** Starts pcscd anew; with another configuration it can be one without readers. */
  async restartPcscd(config?: string): Promise<void> {
    await this.pcscd?.stop();
    this.pcscd = await startPcscd({ folder: this.folder }, config);
  }

  async #signIn(browser: Browser): Promise<BrowserContext> {
    const context = await browser.newContext(WINDOW);
    const page = await context.newPage();
    await page.goto(this.origin);
    await enterAccount(page);
    await page.locator(".choices").waitFor();
    await page.close();
    return context;
  }

  /** Opens a screen in a window of its own, signed in. It is closed with the test. */
  async open(screen: "" | "desk" | "gate" | "board" | "settings"): Promise<Page> {
    const page = await this.#signedIn().newPage();
    page.on("pageerror", (error) => this.faults.push(error.stack ?? error.message));
    const log = join(this.folder, "browser.log");
    page.on("console", (message) => appendFileSync(log, `${message.text()}\n`));
    onTestFinished(() => page.close());
    await page.goto(new URL(screen, this.origin).href);
    return page;
  }

  /** Opens the portal in a window that nobody has signed in with. It is closed with the test. */
  async openSignedOut(): Promise<Page> {
    const page = await this.#browser().newPage(WINDOW);
    onTestFinished(() => page.close());
    await page.goto(this.origin);
    return page;
  }

  /** Asks the server something as whoever is signed in. */
  async ask(path: string): Promise<Answer> {
    const response = await this.#get(path);
    return { status: response.status(), body: await response.json() };
  }

  /** The visits of today, newest first. */
  async visits(): Promise<Visit[]> {
    return (await this.ask("/api/board/visits")).body.visits;
  }

  /** Downloads a text as whoever is signed in. */
  async download(path: string): Promise<string> {
    return await (await this.#get(path)).text();
  }

  #get(path: string): Promise<APIResponse> {
    return this.#signedIn().request.get(new URL(path, this.origin).href);
  }

  /** Whether the database, where it is a file, holds these words anywhere: also in rows that are deleted. */
  keeps(words: string): boolean {
    const files = readdirSync(this.folder).filter((name) => name.startsWith("portal.db"));
    return files.some((name) => readFileSync(join(this.folder, name)).includes(words));
  }

  /** Takes the card off the reader, if there is one, and sees that pcscd has noticed. */
  async removeCard(): Promise<void> {
    if (!this.#hasCard) return;
    this.#hasCard = false;
    const since = this.pcscd?.output.length;
    await this.insertedCard?.remove();
    await this.pcscd?.says("Card Removed", since);
  }

  /** Puts it back. */
  async insertCard(): Promise<void> {
    this.#hasCard = true;
    const since = this.pcscd?.output.length;
    await this.insertedCard?.insert();
    await this.pcscd?.says("Card inserted", since);
  }

  /** Puts another one there. */
  async swapCard(card: string): Promise<void> {
    this.#hasCard = true;
    const since = this.pcscd?.output.length;
    this.insertedCard?.program.type(`swap ${card}\n`);
    await this.pcscd?.says("Card inserted", since);
  }

  /**
   * Opens the desk of another workstation, signed in as the same person: one with a bridge of its own,
   * in which there is this card. It is closed with the test.
   */
  async openSecondDesk(card: string): Promise<{ page: Page; pinentry: ScriptedPinentry }> {
    const folder = join(this.folder, "second-desk");
    mkdirSync(folder);
    const pinentry = new ScriptedPinentry(folder);
    const bridge = await startBridge({
      ...{ folder, port: SECOND_PORT, origin: this.origin, scopes: SCOPES, virtualCard: card },
      ...{ pinentry: pinentry.program, env: pinentry.env },
    });
    onTestFinished(() => bridge.stop());
    // Workstations have the port of pages each for themselves; here they share a loopback, and the
    // policy of the page knows of the usual port only.
    const storageState = await this.#signedIn().storageState();
    const context = await this.#browser().newContext({ ...WINDOW, storageState, bypassCSP: true });
    await context.addInitScript(`
      globalThis.WebSocket = class extends WebSocket {
        constructor(url, protocols) {
          super(String(url).replace("27390", "${SECOND_PORT}"), protocols);
        }
      };
    `);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(error.stack ?? error.message));
    onTestFinished(() => context.close());
    await page.goto(new URL("desk", this.origin).href);
    return { page, pinentry };
  }

  /** Makes another card, and returns its folder. */
  newCard(variant: string, name = variant): Promise<string> {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return newCard(folder, variant);
  }

  #browser(): Browser {
    if (this.browser === undefined) throw new Error("the reception has not started");
    return this.browser;
  }

  #signedIn(): BrowserContext {
    if (this.#context === undefined) throw new Error("nobody is signed in yet");
    return this.#context;
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    await this.server?.stop();
    await this.bridge?.stop();
    await this.insertedCard?.program.stop();
    await this.pcscd?.stop();
  }
}

/** Signs in on the page that asks for it. */
export async function enterAccount(page: Page, password = ACCOUNT.password): Promise<void> {
  await page.fill("[name=name]", ACCOUNT.name);
  await page.fill("[name=password]", password);
  await page.click("form .button.primary");
}
