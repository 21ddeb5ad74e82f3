import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { bridgeKey, startBridge } from "./bridge.ts";
import { InsertedCard, newCard } from "./card.ts";
import { workFolder } from "./paths.ts";
import { startPcscd } from "./pcscd.ts";
import { ScriptedPinentry } from "./pinentry.ts";
import type { Program } from "./program.ts";
import { freePort, IDLE_PAGE, launchChromium, SignInPage, startServer } from "./sign-in.ts";

export interface StackOptions {
  /** Names the folder of its logs, in `target/e2e`. */
  name: string;
  /** Where the card lies: in a reader of pcscd, in the bridge, or in the page without a bridge. */
  cardIn: "pcscd" | "bridge" | "page";
  /** What the page may do. */
  scopes?: string[];
  /** A program that asks for PINs on a terminal; without one, a scripted dialog does. */
  terminalPinentry?: string;
  /** Further arguments of `kazashi-emulator run`. */
  emulator?: string[];
  /** Further arguments of `kazashi-sign-in`. */
  server?: string[];
  /** How much the bridge logs: everything, if left out. */
  log?: string;
}

/** Everything between the page and the card. */
export class Stack {
  readonly folder: string;
  readonly pinentry: ScriptedPinentry;
  origin = "";
  /** The folder that is the card's memory. */
  card = "";
  insertedCard: InsertedCard | undefined;
  pcscd: Program | undefined;
  bridge: Program | undefined;
  readonly #options: StackOptions;
  #port = 0;
  #server: Program | undefined;
  #browser: Browser | undefined;

  private constructor(options: StackOptions) {
    this.#options = options;
    this.folder = workFolder(options.name);
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    this.pinentry = new ScriptedPinentry(this.folder);
  }

  static async start(options: StackOptions): Promise<Stack> {
    const stack = new Stack(options);
    try {
      await stack.#start();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  async #start(): Promise<void> {
    const { folder } = this;
    this.card = await newCard(folder);
    if (this.#options.cardIn === "pcscd") {
      this.pcscd = await startPcscd({ folder });
      this.insertedCard = await InsertedCard.insert(this.card, { folder }, this.#options.emulator);
      await this.pcscd.says("Card inserted");
    }
    this.#port = await freePort();
    this.origin = `http://127.0.0.1:${this.#port}`;
    if (this.#options.cardIn !== "page") await this.startBridge();
    await this.startServer(this.#options.server);
    this.#browser = await launchChromium();
  }

  async startBridge(): Promise<void> {
    const { cardIn, scopes, terminalPinentry, log } = this.#options;
    this.bridge = await startBridge({
      folder: this.folder,
      origin: this.origin,
      scopes: scopes ?? ["events", "authenticate"],
      pinentry: terminalPinentry ?? this.pinentry.program,
      onTerminal: terminalPinentry !== undefined,
      ...(cardIn === "bridge" && { virtualCard: this.card }),
      env: { ...this.pinentry.env, ...(log && { KAZASHI_LOG: log }) },
    });
  }

  /** Starts the server, in place of the one before; it knows the bridge. */
  async startServer(args: string[] = [], env: Record<string, string> = {}): Promise<void> {
    await this.#server?.stop();
    const bridge = `--bridge=desk=${await bridgeKey(this.folder)}`;
    this.#server = await startServer(this.folder, this.#port, [bridge, ...args], env);
  }

  /** Takes the card off the reader, and sees that pcscd has noticed. */
  async removeCard(): Promise<void> {
    const since = this.pcscd?.output.length;
    await this.insertedCard?.remove();
    await this.pcscd?.says("Card Removed", since);
  }

  /** Puts it back. */
  async insertCard(): Promise<void> {
    const since = this.pcscd?.output.length;
    await this.insertedCard?.insert();
    await this.pcscd?.says("Card inserted", since);
  }

  /** Puts another one in its place. */
  async swapCard(card: string): Promise<void> {
    const since = this.pcscd?.output.length;
    this.insertedCard?.program.type(`swap ${card}\n`);
    await this.pcscd?.says("Card inserted", since);
  }

  async restartPcscd(): Promise<void> {
    await this.pcscd?.stop();
    this.pcscd = await startPcscd({ folder: this.folder });
  }

  /**
   * Opens the sign-in page in a window of its own. It is closed with the test or, where it is for
   * several, with the stack: the bridge lets an origin have four connections.
   */
  async openPage(isFor: "test" | "stack" = "test"): Promise<SignInPage> {
    const opened = await this.#open("/");
    if (isFor === "test") onTestFinished(() => opened.close());
    return opened;
  }

  /** Opens a page of the same site that does nothing by itself. */
  async openIdlePage(): Promise<Page> {
    return (await this.#open(IDLE_PAGE)).page;
  }

  #open(path: string): Promise<SignInPage> {
    if (this.#browser === undefined) throw new Error("the stack has not started");
    const log = join(this.folder, "browser.log");
    return SignInPage.open(this.#browser, new URL(path, this.origin).href, log);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.stop();
    await this.bridge?.stop();
    await this.insertedCard?.program.stop();
    await this.pcscd?.stop();
  }
}
