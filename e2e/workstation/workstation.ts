import { appendFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium, type Permission, permit } from "../chromium.ts";
import { ownFolder, programs } from "../paths.ts";
import { READER_PORT } from "../ports.ts";
import { Program } from "../program.ts";
import type { Startable } from "../set-up.ts";
import { type BridgeOptions, startBridge } from "./bridge.ts";
import { writeCard } from "./card.ts";
import { Dialog } from "./dialog.ts";
import { NativeDialog } from "./native-dialog.ts";
import { CARD_NOTICED, type Readers, startPcscd } from "./pcscd.ts";
import { HERE, type System } from "./system.ts";

/** How each transaction with the card begins and ends, as traces have it: SELECT of the card manager. */
export const SELECT_CARD_MANAGER = "00 A4 04 0C Nc=7";

/**
 * What is under test wherever a page uses a card: a workplace with a reader under pcscd, a card and the
 * hand that holds it, a bridge, a dialog and the person at it, and a browser. Each part is started by
 * its own method, and all are stopped together.
 */
export class Workstation implements Startable {
  /** Where its cards, its configuration and its logs are. */
  readonly folder: string;
  readonly dialog: Dialog;
  /** The folder that is the memory of its first card, an ordinary one. */
  readonly card: string;
  /** What went wrong in pages that none of them caught. */
  readonly faults: string[] = [];
  /** All that has been started, in order. */
  readonly #programs: Program[] = [];
  readonly #windows: BrowserContext[] = [];
  #isCardThere = false;
  #pcscd: Program | undefined;
  #holder: Program | undefined;
  #bridge: Program | undefined;
  #bridgeOptions: BridgeOptions | undefined;
  #browser: Browser | undefined;
  readonly #lender: Workstation | undefined;
  readonly #system: System;

  /** One without a browser of its own uses that of another. */
  constructor(folder = ownFolder(), lender?: Workstation, system = HERE) {
    this.folder = folder;
    this.#lender = lender;
    this.#system = system;
    const { screen } = system;
    this.dialog = screen ? new NativeDialog(folder, screen) : new Dialog(folder);
    this.card = join(folder, "card");
  }

  /** Begins with an empty folder, and a new card that is nowhere yet. */
  async start(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    // The bridge keeps its state here, where nobody else may have anything to do with it.
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    await writeCard(this.card, "normal");
    // Whoever lends the browser has these too.
    if (this.#lender) return;
    // First: Windows looks for a screen only once.
    await this.#startScreen();
    await this.#startRelay();
  }

  async stop(): Promise<void> {
    await this.dialog.leave();
    if (this.#browser) await this.#browser.close();
    else for (const window of this.#windows) await window.close();
    for (const program of this.#programs.reverse()) await program.stop();
  }

  // The reader, and the cards

  /** The smart card service. */
  get pcscd(): Program {
    return found(this.#pcscd, "pcscd");
  }

  /** Who holds the card at the reader of pcscd. Its output is the card's own trace. */
  get holder(): Program {
    return found(this.#holder, "card in a reader");
  }

  async startPcscd(readers: Readers = "virtual"): Promise<void> {
    this.#pcscd = this.#started(await startPcscd(this.folder, readers, this.#system));
  }

  async restartPcscd(readers?: Readers): Promise<void> {
    await this.pcscd.stop();
    await this.startPcscd(readers);
  }

  /** Starts pcscd with a card on its reader: one that works by these arguments of `kazashi-emulator run`. */
  async startReader(card = this.card, args: string[] = []): Promise<void> {
    await this.startPcscd();
    const command = [programs.emulator, "run", "--trace", "--image", card];
    command.push("--vpcd", `127.0.0.1:${READER_PORT}`, ...args);
    this.#holder = this.#started(
      await Program.ready("emulator", command, "ready", { folder: this.folder }),
    );
    await this.pcscd.says(CARD_NOTICED);
    this.#isCardThere = true;
  }

  /** Takes the card off the reader, if there is one, and sees that pcscd has noticed. */
  async removeCard(): Promise<void> {
    if (!this.#isCardThere) return;
    this.#isCardThere = false;
    await this.#tellHolder("remove", "Card Removed");
  }

  /** Puts it back. */
  async insertCard(): Promise<void> {
    this.#isCardThere = true;
    await this.#tellHolder("insert", CARD_NOTICED);
  }

  /** Puts this one there, in place of the one that may be there. */
  async swapCard(card: string): Promise<void> {
    // pcscd looks now and then, and could miss a card that is put there at once.
    await this.removeCard();
    this.#isCardThere = true;
    await this.#tellHolder(`swap ${card}`, CARD_NOTICED);
  }

  async #tellHolder(command: string, noticed: string | RegExp): Promise<void> {
    const since = this.pcscd.output.length;
    this.holder.type(`${command}\n`);
    await this.pcscd.says(noticed, since);
  }

  /** Makes another card of some kind, and returns its folder. */
  async newCard(kind: string, name = kind): Promise<string> {
    const card = join(this.folder, "cards", name);
    mkdirSync(join(this.folder, "cards"), { recursive: true });
    await writeCard(card, kind);
    return card;
  }

  /** The commands that come to the card during some work, as its trace has them. */
  async commandsDuring(work: () => Promise<unknown>): Promise<string[]> {
    const since = this.holder.output.length;
    await work();
    return this.holder.output.slice(since).split("\n").filter(Boolean);
  }

  /** Has another program use the card, too, as is its habit. It ends with the workstation at the latest. */
  startOtherProgram(habit: string, ...args: string[]): Program {
    const command = [...this.#system.machine, programs.otherProgram, habit, ...args];
    return this.#started(Program.start(habit, command, { folder: this.folder }));
  }

  // The bridge

  get bridge(): Program {
    return found(this.#bridge, "bridge");
  }

  async startBridge(options: BridgeOptions): Promise<void> {
    this.#bridgeOptions = options;
    await this.restartBridge();
  }

  /** Starts it anew, as it was started first but for what is changed. */
  async restartBridge(changed: Partial<BridgeOptions> = {}): Promise<void> {
    await this.#bridge?.stop();
    const options = { ...found(this.#bridgeOptions, "bridge"), ...changed };
    const { folder, dialog } = this;
    this.#bridge = this.#started(await startBridge(folder, dialog, this.#system, options));
  }

  // The browser

  get browser(): Browser {
    return found(this.#browser ?? this.#lender?.browser, "browser");
  }

  async #startRelay(): Promise<void> {
    const { env, relay } = this.#system;
    if (!relay) return;
    const { folder } = this;
    const ready = Program.ready("relay", relay.command, "relaying from", { folder, env });
    this.#started(await ready);
  }

  async #startScreen(): Promise<void> {
    const { screen } = this.#system;
    if (!screen) return;
    const { folder } = this;
    const shown = this.#started(Program.start("screen", screen.show, { folder }));
    while (!existsSync(screen.sign)) {
      if (shown.ended) throw new Error(`there is no screen: ${shown.output}`);
      await setTimeout(20);
    }
    this.#started(Program.start("windows", screen.manageWindows, { folder }));
  }

  /** Starts Chromium; where an administrator sets the machine up by a command, after that. */
  async startBrowser(args: string[] = [], administrator?: string): Promise<void> {
    const all = [...args, ...(this.#system.relay?.browser ?? [])];
    this.#browser = await launchChromium(join(this.folder, "home"), all, { administrator });
  }

  /** A window that knows of no earlier one. What its pages say goes to the log. */
  async newWindow(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    // The sites of the tests have certificates of their own making.
    const window = await this.browser.newContext({ ignoreHTTPSErrors: true, ...options });
    this.#windows.push(window);
    const log = (line: string) => appendFileSync(join(this.folder, "browser.log"), `${line}\n`);
    window.on("console", (message) => log(message.text()));
    window.on("weberror", (fault) => {
      const error = fault.error();
      this.faults.push(error.stack ?? error.message);
      log(`uncaught: ${error.message}`);
    });
    return window;
  }

  /** Opens a page in a window of its own, with the browser's leave to reach the workstation or without. */
  async openPage(
    url: string,
    { permission, ...options }: BrowserContextOptions & { permission?: Permission } = {},
  ): Promise<Page> {
    const page = await (await this.newWindow(options)).newPage();
    await page.goto(url);
    if (permission) await permit(page, permission);
    return page;
  }

  #started(program: Program): Program {
    this.#programs.push(program);
    return program;
  }
}

function found<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`there is no ${name} yet`);
  return part;
}
