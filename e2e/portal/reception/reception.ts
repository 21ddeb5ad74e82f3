import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterEach, expect, onTestFinished } from "vitest";
import { BRIDGE_PORT, freePort, SECOND_BRIDGE_PORT } from "../../ports.ts";
import type { Program } from "../../program.ts";
import { type Startable, setUp } from "../../set-up.ts";
import { Workstation } from "../../workstation/workstation.ts";
import type { Balancer } from "./balancer.ts";
import { Desk } from "./desk.ts";
import { Gate } from "./gate.ts";
import { Postgres } from "./postgres.ts";
import { ACCOUNT, addAccount, startPortalServer } from "./server.ts";
import { PortalSession } from "./session.ts";

export interface ReceptionOptions {
  /** Further arguments of `kazashi-emulator run`. */
  emulator?: string[];
  /** Further arguments of `kazashi-portal serve`, or what knows them once it is started. */
  server?: string[] | (() => string[]);
  /** A file with the serial numbers of revoked certificates; without one, nobody is asked. */
  revoked?: string;
  /** Where everything is kept. */
  database?: "file" | "postgres";
  /** By what browsers come to its servers, if not straight. */
  balancer?: Balancer;
  /** How much the bridge logs: everything, if left out. */
  log?: string;
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

/** How staff and visitors have their browser. */
export const WINDOW = {
  locale: "ja-JP",
  timezoneId: "Asia/Tokyo",
  viewport: { width: 1024, height: 768 },
};

/**
 * Sets up a reception for the tests of a file. After each of them its reader is empty, and nothing went
 * wrong in its pages that nobody saw.
 */
export function setUpReception(options: ReceptionOptions = {}): Reception {
  const reception = setUp(new Reception(options));
  const { workstation } = reception;
  afterEach(async () => {
    await workstation.removeCard();
    expect(workstation.faults).toEqual([]);
  });
  return reception;
}

/** The reception portal with its staff signed in, and the workstation of its desk or gate. */
export class Reception implements Startable {
  readonly workstation = new Workstation();
  origin = "";
  readonly #options: ReceptionOptions;
  #port = 0;
  #postgres: Postgres | undefined;
  #server: Program | undefined;
  /** All that have been started. */
  readonly #servers: Program[] = [];
  #staff: PortalSession | undefined;
  /** In which somebody is signed in. */
  #window: BrowserContext | undefined;

  constructor(options: ReceptionOptions = {}) {
    this.#options = options;
  }

  /** Starts it, with an ordinary card that is not on the reader. */
  async start(): Promise<void> {
    const { workstation } = this;
    const { emulator, database, balancer, log } = this.#options;
    const { folder } = workstation;
    await workstation.start();
    await workstation.startReader(workstation.card, emulator);
    await workstation.removeCard();
    if (database === "postgres") this.#postgres = await Postgres.start(folder);
    await addAccount(folder, this.#database);
    this.#port = await freePort();
    this.origin = balancer?.origin ?? `http://127.0.0.1:${this.#port}`;
    await this.startServer();
    await workstation.startBridge({ origin: this.origin, scopes: SCOPES, log });
    await workstation.startBrowser();
    this.#window = await this.#signIn();
    this.#staff = await PortalSession.signedIn(this.origin);
  }

  async stop(): Promise<void> {
    await this.workstation.stop();
    for (const server of this.#servers) await server.stop();
    await this.#postgres?.stop();
  }

  // What is behind the pages

  get #database(): string {
    return this.#postgres?.url ?? `sqlite:${join(this.workstation.folder, "portal.db")}`;
  }

  get postgres(): Postgres {
    if (this.#postgres === undefined) throw new Error("everything is kept in a file");
    return this.#postgres;
  }

  get server(): Program {
    if (this.#server === undefined) throw new Error("there is no server yet");
    return this.#server;
  }

  /** Starts the server, which knows the bridge. */
  async startServer(): Promise<void> {
    this.#server = await this.startServerAt(this.#port);
  }

  /** Starts one more server on the same database. */
  async startServerAt(port: number): Promise<Program> {
    const { server: told = [], revoked, balancer } = this.#options;
    const args = typeof told === "function" ? told() : told;
    if (!balancer?.servers.includes(port)) balancer?.servers.push(port);
    const options = { port, database: this.#database, origin: this.origin, args, revoked };
    const server = await startPortalServer(this.workstation.folder, options);
    this.#servers.push(server);
    return server;
  }

  /** Whether the database, where it is a file, holds these words anywhere: also in rows that are deleted. */
  keeps(words: string): boolean {
    const { folder } = this.workstation;
    const files = readdirSync(folder).filter((name) => name.startsWith("portal.db"));
    return files.some((name) => readFileSync(join(folder, name)).includes(words));
  }

  /** Whoever is signed in, when they ask the server without a page. */
  get staff(): PortalSession {
    if (this.#staff === undefined) throw new Error("nobody is signed in yet");
    return this.#staff;
  }

  // The pages

  async #signIn(): Promise<BrowserContext> {
    const window = await this.workstation.newWindow(WINDOW);
    const page = await window.newPage();
    await page.goto(this.origin);
    await enterAccount(page);
    await page.locator(".choices").waitFor();
    await page.close();
    return window;
  }

  get #signedIn(): BrowserContext {
    if (this.#window === undefined) throw new Error("nobody is signed in yet");
    return this.#window;
  }

  /** Opens a screen, signed in. It is closed with the test. */
  async open(
    screen: "" | "account" | "desk" | "gate" | "board" | "people" | "kept" | "settings",
  ): Promise<Page> {
    const page = await this.#signedIn.newPage();
    onTestFinished(() => page.close());
    await page.goto(new URL(screen, this.origin).href);
    return page;
  }

  /** Opens a desk, and waits until it is ready for the next visitor. */
  async openDesk(): Promise<Desk> {
    return await new Desk(await this.open("desk")).isReady();
  }

  /** Opens a desk for a visitor who comes with this card. */
  async openDeskFor(card: string): Promise<Desk> {
    await this.workstation.swapCard(card);
    return new Desk(await this.open("desk"));
  }

  /** Opens a desk to which the holder of the first card comes. */
  async openDeskForHolder(): Promise<Desk> {
    const desk = await this.openDesk();
    await this.workstation.insertCard();
    return desk;
  }

  /** Opens a desk in another browser of this workstation, in which nobody has been before. It ends with the test. */
  async openDeskInNewWindow(): Promise<Desk> {
    const page = await this.openSignedOut();
    await enterAccount(page);
    await page.getByRole("link", { name: "受付窓口" }).click();
    return new Desk(page);
  }

  /** Opens the gate of an event, or of the only one. */
  async openGate(event?: string): Promise<Gate> {
    return await new Gate(await this.open("gate")).begin(event);
  }

  /** Opens the portal in a window that nobody has signed in with. It is closed with the test. */
  async openSignedOut(): Promise<Page> {
    const page = await this.workstation.openPage(this.origin, WINDOW);
    onTestFinished(() => page.context().close());
    return page;
  }

  /** A visitor at a desk chooses the PIN, and the dialog asks for it. */
  async untilThePin(desk: Desk): Promise<void> {
    await this.workstation.dialog.asksUpon(() => desk.choosePin());
  }

  /**
   * Opens the desk of another workstation, signed in as the same person: one with a bridge of its own,
   * in which there is this card. It ends with the test.
   */
  async openSecondDesk(card: string): Promise<{ desk: Desk; workstation: Workstation }> {
    const workstation = new Workstation(join(this.workstation.folder, "second"), this.workstation);
    onTestFinished(() => workstation.stop());
    await workstation.start();
    const options = { origin: this.origin, scopes: SCOPES, virtualCard: card };
    await workstation.startBridge({ ...options, port: SECOND_BRIDGE_PORT });
    // Workstations have the port of pages each for themselves; here they share a loopback, and the
    // policy of the page knows of the usual port only.
    const storageState = await this.#signedIn.storageState();
    const window = await workstation.newWindow({ ...WINDOW, storageState, bypassCSP: true });
    await window.addInitScript(`
      globalThis.WebSocket = class extends WebSocket {
        constructor(url, protocols) {
          super(String(url).replace("${BRIDGE_PORT}", "${SECOND_BRIDGE_PORT}"), protocols);
        }
      };
    `);
    const page = await window.newPage();
    await page.goto(new URL("desk", this.origin).href);
    return { desk: new Desk(page), workstation };
  }
}

/** Signs in on the page that asks for it. */
export async function enterAccount(
  page: Page,
  password = ACCOUNT.password,
  name = ACCOUNT.name,
): Promise<void> {
  await page.fill("[name=name]", name);
  await page.fill("[name=password]", password);
  await page.click("form .button.primary");
}
