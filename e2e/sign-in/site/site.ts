import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { freePort } from "../../ports.ts";
import type { Program } from "../../program.ts";
import type { Startable } from "../../set-up.ts";
import { bridgeKey } from "../../workstation/bridge.ts";
import type { System } from "../../workstation/system.ts";
import { Workstation } from "../../workstation/workstation.ts";
import { SignInPage } from "./page.ts";
import { IDLE_PAGE, startSignInServer } from "./server.ts";

export interface SignInSiteOptions {
  /** Where the card lies: on a reader of pcscd, in the bridge, or in the page without a bridge. */
  cardIn: "reader" | "bridge" | "page";
  /** What its pages may do. */
  scopes?: string[];
  /** A program that asks for PINs on a terminal; without one, the scripted dialog does. */
  terminalPinentry?: string;
  /** Further arguments of `kazashi-emulator run`. */
  emulator?: string[];
  /** Further arguments of its server. */
  server?: string[];
  /** How much the bridge logs: everything, if left out. */
  log?: string;
  /** Whether it has a Chromium, as it does if left out. */
  chromium?: boolean;
  /** What the bridge runs on, if not on this machine itself. */
  system?: System;
}

/** The site of the sign-in example, and the workstation of whoever visits it. */
export class SignInSite implements Startable {
  readonly workstation: Workstation;
  origin = "";
  readonly #options: SignInSiteOptions;
  #port = 0;
  #server: Program | undefined;

  constructor(options: SignInSiteOptions, folder?: string) {
    this.workstation = new Workstation(folder, undefined, options.system);
    this.#options = options;
  }

  async start(): Promise<void> {
    const { workstation } = this;
    const { cardIn, emulator, server, chromium = true } = this.#options;
    await workstation.start();
    if (cardIn === "reader") await workstation.startReader(workstation.card, emulator);
    this.#port = await freePort();
    this.origin = `http://127.0.0.1:${this.#port}`;
    if (cardIn !== "page") await this.#startBridge();
    await this.startServer(server);
    if (chromium) await workstation.startBrowser();
  }

  async stop(): Promise<void> {
    await this.workstation.stop();
    await this.#server?.stop();
  }

  async #startBridge(): Promise<void> {
    const { cardIn, scopes = ["events", "authenticate"], terminalPinentry, log } = this.#options;
    await this.workstation.startBridge({
      ...{ origin: this.origin, scopes, log },
      ...(terminalPinentry && { pinentry: terminalPinentry, onTerminal: true }),
      ...(cardIn === "bridge" && { virtualCard: this.workstation.card }),
    });
  }

  /** Starts the server, in place of the one before; it knows the bridge. */
  async startServer(args: string[] = [], env?: Record<string, string>): Promise<void> {
    const { folder } = this.workstation;
    await this.#server?.stop();
    const bridge = `--bridge=desk=${await bridgeKey(folder, this.#options.system)}`;
    this.#server = await startSignInServer(folder, this.#port, [bridge, ...args], env);
  }

  /**
   * Opens the sign-in page in a window of its own. It is closed with the test or, where it is for
   * several, with the site: the bridge lets an origin have four connections.
   */
  async openPage(isFor: "test" | "file" = "test"): Promise<SignInPage> {
    const opened = new SignInPage(await this.#open("/"));
    if (isFor === "test") onTestFinished(() => opened.close());
    return opened;
  }

  /** Opens a page of the site that does nothing by itself. */
  async openIdlePage(): Promise<Page> {
    return await this.#open(IDLE_PAGE);
  }

  #open(path: string): Promise<Page> {
    return this.workstation.openPage(new URL(path, this.origin).href, { locale: "en-US" });
  }
}
