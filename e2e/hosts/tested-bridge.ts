import { join } from "node:path";
import { expect } from "vitest";
import type { CardKind } from "../package.ts";
import { Client } from "../sign-in/site/client.ts";
import { SignInSite } from "../sign-in/site/site.ts";
import { INSTITUTION } from "../trust.ts";
import { writeBlankCard, writeCard } from "../workstation/card.ts";
import type { Dialog } from "../workstation/dialog.ts";
import type { System } from "../workstation/system.ts";
import { Pages } from "./pages.ts";
import { SCOPES, type TestedHost } from "./tested-host.ts";

/** The bridge, and a card in a reader of pcscd or in the bridge itself. */
export class TestedBridge implements TestedHost {
  readonly #site: SignInSite;
  readonly #cardIn: "reader" | "bridge";
  readonly #pages: Pages;
  /** A page that takes no card. It sees when the hands are done. */
  #watcher: Client | undefined;
  /** The folders of the cards, by kind. */
  #cards = new Map<CardKind, string>();
  #isCardIn = true;
  #beginnings = 0;
  #shownBefore = 0;

  constructor(cardIn: "reader" | "bridge", system?: System) {
    const on = system && { system };
    this.#site = new SignInSite({ cardIn, scopes: SCOPES, server: INSTITUTION, ...on });
    this.#cardIn = cardIn;
    this.#pages = new Pages(this.#site);
  }

  async start(): Promise<void> {
    await this.#site.start();
    this.#watcher = await Client.connect(await this.#site.openIdlePage());
  }

  async begin(kind: CardKind = "normal"): Promise<Client> {
    const page = await this.#pages.beginAnew();
    this.#beginnings += 1;
    this.#cards = new Map();
    this.#shownBefore = this.#dialog.shown.length;
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
    this.#dialog.type(...answers);
  }

  async cancel(): Promise<void> {
    this.#dialog.cancel();
  }

  async dialogs(): Promise<number[]> {
    const shown = this.#dialog.shown.slice(this.#shownBefore);
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
    await this.#site.stop();
  }

  get #dialog(): Dialog {
    return this.#site.workstation.dialog;
  }

  async #newCard(kind: CardKind): Promise<string> {
    const card = join(this.#site.workstation.folder, "cards", `${this.#beginnings}-${kind}`);
    if (kind === "unsupported") await writeBlankCard(card);
    else await writeCard(card, kind);
    return card;
  }

  /** Tells whoever holds the card, and waits until pages know. */
  async #tell(command: string, event: string): Promise<void> {
    const seen = async () => (await this.#watcher?.events()) ?? [];
    const count = async () => (await seen()).filter((it) => it === event).length;
    const before = await count();
    const { workstation } = this.#site;
    (this.#cardIn === "reader" ? workstation.holder : workstation.bridge).type(`${command}\n`);
    await expect.poll(count).toBe(before + 1);
  }
}
