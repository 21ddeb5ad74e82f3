import type { JSHandle, Page } from "playwright-core";
import {
  type CardKind,
  importHere,
  importInto,
  type Modules,
  type Scope,
  type VirtualHost,
} from "../package.ts";
import { Client } from "../sign-in/site/client.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { INSTITUTION } from "../trust.ts";
import { Pages } from "./pages.ts";
import { SCOPES, type TestedHost } from "./tested-host.ts";

const { virtualBridgeKey } = await importHere("testing.js");

/** What `kazashi/testing` offers: all of it lives in the page. */
export class TestedVirtualHost implements TestedHost {
  readonly #site: SignInSite;
  readonly #pages: Pages;
  #kind: CardKind = "normal";
  #page: Page | undefined;
  #room: JSHandle<Room> | undefined;

  constructor() {
    // The server believes what virtual hosts vouch for.
    const server = [...INSTITUTION, `--bridge=virtual=${virtualBridgeKey}`];
    this.#site = new SignInSite({ cardIn: "page", server });
    this.#pages = new Pages(this.#site);
  }

  async start(): Promise<void> {
    await this.#site.start();
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
    await this.#site.stop();
  }

  async #connect(page: Page): Promise<Client> {
    const testing = await importInto(page, "testing.js");
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
  testing: Modules["testing.js"];
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
