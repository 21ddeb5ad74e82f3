import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../chromium.ts";
import { programs } from "../paths.ts";
import { type Program, run } from "../program.ts";
import type { Startable } from "../set-up.ts";
import { type BridgeOptions, startBridge } from "./bridge.ts";
import { writeCard } from "./card.ts";
import { Dialog } from "./dialog.ts";
import { HERE } from "./system.ts";

/** Nobody that the system has a name for. */
const USER = 2001;

const asUser = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];

/** Whether whoever runs the tests can be somebody else, too: root can, on a machine that has others. */
export const canBeNeighbour = spawnSync(asUser[0] ?? "", [...asUser.slice(1), "true"]).status === 0;

/** Another user of the same machine: with a card, a bridge, a dialog and a browser of their own. */
export class Neighbour implements Startable {
  /** Theirs; the project may lie where they may not enter. */
  readonly folder = join(tmpdir(), `kazashi-neighbour-${process.pid}`);
  readonly dialog = new Dialog(this.folder);
  #bridge: Program | undefined;
  #browser: Browser | undefined;

  async start(): Promise<void> {
    mkdirSync(this.folder, { mode: 0o700 });
    await writeCard(this.#path("card"), "another-person");
    copyFileSync(programs.bridge, this.#path("kazashi-bridge"));
    copyFileSync(programs.scriptedPinentry, this.#path("scripted-pinentry"));
    await run(["chown", "-R", `${USER}:${USER}`, this.folder]);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#bridge?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get bridge(): Program {
    if (!this.#bridge) throw new Error("there is no bridge yet");
    return this.#bridge;
  }

  /** Starts their bridge, in place of the one before. */
  async startBridge(options: BridgeOptions): Promise<void> {
    await this.#bridge?.stop();
    const bridge = [...asUser, this.#path("kazashi-bridge")];
    const pinentry = this.#path("scripted-pinentry");
    const system = { ...HERE, bridge, serve: [], pinentry };
    const card = { virtualCard: this.#path("card") };
    this.#bridge = await startBridge(this.folder, this.dialog, system, { ...options, ...card });
  }

  /** Opens a page in a window of their browser, which is started for the first. */
  async openPage(url: string): Promise<Page> {
    this.#browser ??= await launchChromium(this.#path("home"), [], { user: USER });
    const page = await this.#browser.newPage({ locale: "en-US" });
    await page.goto(url);
    return page;
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}
