import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JSHandle, Page } from "playwright-core";
import { expect } from "vitest";
import type { Scope } from "../../js/src/index.ts";
import type { CardKind, VirtualHost } from "../../js/src/testing.ts";
import { virtualBridgeKey } from "../../js/src/testing.ts";
import { newCard } from "./card.ts";
import { Client, importInto } from "./client.ts";
import { INSTITUTION } from "./sign-in.ts";
import { Stack } from "./stack.ts";

/** The hosts that a page may find itself before. */
export const hosts = ["bridge with pcscd", "bridge with a virtual card", "virtual host"] as const;

const SCOPES: Scope[] = [
  "events",
  "reader",
  "authenticate",
  "authenticate-pinless",
  "card-presence",
  "card-face",
  "attributes",
  "sign",
  "page-pin",
];

/** The server is an institution's, and believes what virtual hosts vouch for, too. */
const SERVER = [...INSTITUTION, `--bridge=virtual=${virtualBridgeKey}`];

/** A workstation: its reader, the hands that put cards on it, and the person who types PINs. */
export interface Workstation {
  /** Begins anew: with a card of this kind that nobody has used, and one page. */
  begin(kind?: CardKind): Promise<Client>;
  /** One more client of the same host. */
  openClient(): Promise<Client>;
  /** Loads a client's page anew. */
  reload(client: Client): Promise<Client>;

  remove(): Promise<void>;
  /** Puts the card back that was on the reader last. */
  insert(): Promise<void>;
  /** Takes the card off and puts another on: the one of this kind. */
  swap(kind: CardKind): Promise<void>;

  /** Types these, one in each dialog that is open or will open. */
  type(...answers: string[]): Promise<void>;
  cancel(): Promise<void>;
  /** How many tries were said to be left, by each dialog since the beginning. */
  dialogs(): Promise<number[]>;

  stop(): Promise<void>;
}

export async function startWorkstation(host: (typeof hosts)[number]): Promise<Workstation> {
  switch (host) {
    case "bridge with pcscd":
      return await BridgeWorkstation.start("pcscd");
    case "bridge with a virtual card":
      return await BridgeWorkstation.start("bridge");
    case "virtual host":
      return await VirtualWorkstation.start();
  }
}

/** The pages of the sign-in server that are open. */
class Pages {
  readonly #stack: Stack;
  #first: Page | undefined;
  #others: Page[] = [];

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /**
   * Closes all but the first, and loads that anew without what it knew. Another in its place would be
   * no fresher, and take a process of its own and the time to compile WebAssembly.
   */
  async beginAnew(): Promise<Page> {
    for (const page of this.#others) await page.context().close();
    this.#others = [];
    if (!this.#first) {
      this.#first = await this.#stack.openIdlePage();
    } else {
      await this.#first.context().clearCookies();
      await this.#first.reload();
    }
    return this.#first;
  }

  async openAnother(): Promise<Page> {
    const page = await this.#stack.openIdlePage();
    this.#others.push(page);
    return page;
  }
}

/** The bridge, and a card in a reader of pcscd or in the bridge itself. */
class BridgeWorkstation implements Workstation {
  readonly #stack: Stack;
  readonly #pages: Pages;
  /** A page that takes no card. It sees when the hands are done. */
  readonly #watcher: Client;
  /** The folders of the cards, by kind. */
  #cards = new Map<CardKind, string>();
  #isCardIn = true;
  #beginnings = 0;
  #shownBefore = 0;

  private constructor(stack: Stack, watcher: Client) {
    this.#stack = stack;
    this.#pages = new Pages(stack);
    this.#watcher = watcher;
  }

  static async start(cardIn: "pcscd" | "bridge"): Promise<BridgeWorkstation> {
    const options = { name: `host-${cardIn}`, cardIn, scopes: SCOPES, server: SERVER };
    const stack = await Stack.start(options);
    try {
      const watcher = await Client.connect(await stack.openIdlePage());
      return new BridgeWorkstation(stack, watcher);
    } catch (error) {
      // The next host needs its port.
      await stack.stop();
      throw error;
    }
  }

  async begin(kind: CardKind = "normal"): Promise<Client> {
    const page = await this.#pages.beginAnew();
    this.#beginnings += 1;
    this.#cards = new Map();
    this.#shownBefore = this.#stack.pinentry.shown.length;
    await this.swap(kind);
    return await Client.connect(page);
  }

  async openClient(): Promise<Client> {
    return await Client.connect(await this.#pages.openAnother());
  }

  async reload({ page }: Client): Promise<Client> {
    await page.reload();
    return await Client.connect(page);
  }

  async remove(): Promise<void> {
    await this.#tell("remove", "card-removed");
    this.#isCardIn = false;
  }

  async insert(): Promise<void> {
    await this.#tell("insert", "card-inserted");
    this.#isCardIn = true;
  }

  async swap(kind: CardKind): Promise<void> {
    const card = this.#cards.get(kind) ?? (await this.#newCard(kind));
    this.#cards.set(kind, card);
    // pcscd looks now and then, and could miss a card that is put on at once.
    if (this.#isCardIn) await this.remove();
    await this.#tell(`swap ${card}`, "card-inserted");
    this.#isCardIn = true;
  }

  async type(...answers: string[]): Promise<void> {
    for (const answer of answers) this.#stack.pinentry.type(answer);
  }

  async cancel(): Promise<void> {
    this.#stack.pinentry.cancel();
  }

  async dialogs(): Promise<number[]> {
    const shown = this.#stack.pinentry.shown.slice(this.#shownBefore);
    const dialogs = [];
    let retriesLeft = Number.NaN;
    for (const line of shown.split("\n")) {
      const [, tries] = /^Tries left: (\d)/.exec(line) ?? [];
      if (tries) retriesLeft = Number(tries);
      // After a slip the same dialog asks again.
      if (line === "GETPIN") dialogs.push(retriesLeft);
    }
    return dialogs;
  }

  async stop(): Promise<void> {
    await this.#stack.stop();
  }

  async #newCard(kind: CardKind): Promise<string> {
    const folder = join(this.#stack.folder, "cards", `${this.#beginnings}-${kind}`);
    mkdirSync(folder, { recursive: true });
    if (kind !== "unsupported") return await newCard(folder, kind);
    // A card without any application.
    writeFileSync(join(folder, "card.toml"), "");
    return folder;
  }

  /** Tells whoever holds the card, and waits until pages know. */
  async #tell(command: string, event: string): Promise<void> {
    const count = async () => (await this.#watcher.events()).filter((it) => it === event).length;
    const before = await count();
    const holder = this.#stack.insertedCard?.program ?? this.#stack.bridge;
    holder?.type(`${command}\n`);
    await expect.poll(count, { interval: 20, timeout: 20_000 }).toBe(before + 1);
  }
}

/** What `kazashi/testing` offers: all of it lives in the page. */
class VirtualWorkstation implements Workstation {
  readonly #stack: Stack;
  readonly #pages: Pages;
  #kind: CardKind = "normal";
  #page: Page | undefined;
  #room: JSHandle<Room> | undefined;

  private constructor(stack: Stack) {
    this.#stack = stack;
    this.#pages = new Pages(stack);
  }

  static async start(): Promise<VirtualWorkstation> {
    const options = { name: "host-virtual", cardIn: "page", server: SERVER } as const;
    return new VirtualWorkstation(await Stack.start(options));
  }

  async begin(kind: CardKind = "normal"): Promise<Client> {
    this.#kind = kind;
    return await this.#connect(await this.#pages.beginAnew());
  }

  async openClient(): Promise<Client> {
    if (!this.#page || !this.#room) throw new Error("nothing has begun");
    const host = await this.#room.getProperty("host");
    return await Client.connect(this.#page, host as JSHandle<VirtualHost>);
  }

  /** With the page, its host begins anew. */
  async reload({ page }: Client): Promise<Client> {
    await page.reload();
    return await this.#connect(page);
  }

  async remove(): Promise<void> {
    await this.#room?.evaluate(({ host }) => host.remove());
  }

  async insert(): Promise<void> {
    await this.#room?.evaluate(({ host }) => host.insert());
  }

  async swap(kind: CardKind): Promise<void> {
    await this.#room?.evaluate(({ host }, kind) => host.insert(kind), kind);
  }

  async type(...answers: string[]): Promise<void> {
    await this.#room?.evaluate((room, answers) => room.answers.push(...answers), answers);
  }

  async cancel(): Promise<void> {
    await this.#room?.evaluate(({ answers }) => answers.push(undefined));
  }

  async dialogs(): Promise<number[]> {
    return (await this.#room?.evaluate(({ dialogs }) => dialogs)) ?? [];
  }

  async stop(): Promise<void> {
    await this.#stack.stop();
  }

  async #connect(page: Page): Promise<Client> {
    const testing = await importInto<typeof import("../../js/src/testing.ts")>(page, "testing.js");
    this.#page = page;
    this.#room = await page.evaluateHandle(openRoom, {
      testing,
      kind: this.#kind,
      scopes: SCOPES,
    });
    return await this.openClient();
  }
}

/** A virtual host, and the person before it. It lives in the page. */
interface Room {
  host: VirtualHost;
  /** What the person will type; `undefined` for Cancel. */
  answers: (string | undefined)[];
  dialogs: number[];
}

/** Runs in the page. */
function openRoom({
  testing: { virtualHost },
  kind,
  scopes,
}: {
  testing: typeof import("../../js/src/testing.ts");
  kind: CardKind;
  scopes: Scope[];
}): Room {
  const answers: (string | undefined)[] = [];
  const dialogs: number[] = [];
  const host = virtualHost(kind, {
    scopes,
    async askPin({ retriesLeft, signal }) {
      dialogs.push(retriesLeft);
      while (answers.length === 0 && !signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return signal.aborted ? undefined : answers.shift();
    },
  });
  return { host, answers, dialogs };
}
