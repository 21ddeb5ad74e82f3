import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JSHandle, Page } from "playwright-core";
import { importInto, inPackage, type Modules } from "../../package.ts";
import { ownFolder, programs } from "../../paths.ts";
import { run } from "../../program.ts";
import type { Startable } from "../../set-up.ts";
import { cardSurfaceRoot } from "../../trust.ts";
import { readMemory } from "../../workstation/card.ts";
import { Gate } from "./gate.ts";
import { type Reception, SCOPES } from "./reception.ts";

/** Somebody with a card of their own. */
export interface Person {
  /** The folder that is the memory of their card. */
  readonly card: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
}

/** So many people with cards, which are kept until the emulator changes: to make one takes a second. */
export class Crowd implements Startable {
  people: Person[] = [];
  readonly #size: number;
  readonly #folder = `${ownFolder()}-cards`;

  constructor(size: number) {
    this.#size = size;
  }

  async start(): Promise<void> {
    const done = join(this.#folder, `${this.#size}-done`);
    if (!existsSync(done) || statSync(done).mtime < statSync(programs.emulator).mtime) {
      rmSync(this.#folder, { recursive: true, force: true });
      mkdirSync(this.#folder, { recursive: true });
      await run([programs.emulator, "issue", this.#folder, "--people", String(this.#size)]);
      writeFileSync(done, "");
    }
    const cards = readdirSync(this.#folder).filter((name) => /^\d{4}$/.test(name));
    this.people = await Promise.all(
      cards.sort().map((name) => personWith(join(this.#folder, name))),
    );
  }

  async stop(): Promise<void> {}

  /** What has a server believe their cards. */
  get authorities(): string[] {
    const authorities = join(this.#folder, "authorities");
    return [
      `--authorities=${join(authorities, "user-authentication-ca.der")}`,
      cardSurfaceRoot(join(authorities, "card-surface-authority.pem")),
    ];
  }
}

async function personWith(card: string): Promise<Person> {
  const memory = await readMemory(card);
  // Six digits, of which the year is of Shōwa: they are all born then.
  const [, year, month, day] =
    /^\[card-surface\.pins\.0011\]\nvalue = "(\d\d)(\d\d)(\d\d)"$/m.exec(memory) ?? [];
  return { card, birthDate: `${1925 + Number(year)}-${month}-${day}` };
}

/** The bridge has a reader of its own from now on, on which cards lie as soon as they are put there. */
export async function useVirtualReader({ workstation }: Reception): Promise<void> {
  const scopes = [...SCOPES, "page-pin"];
  await workstation.restartBridge({ scopes, virtualCard: workstation.card });
  workstation.bridge.type("remove\n");
}

/**
 * Has everybody received with the PIN and their cards remembered, one after the other at the virtual
 * reader, by a page that asks nobody. Returns the `id` of an event for which each has a ticket: the
 * first has A-1.
 */
export async function enrol(reception: Reception, people: readonly Person[]): Promise<string> {
  const { bridge } = reception.workstation;
  const page = await reception.open("");
  await page.route("**/kazashi/**", async (route) => {
    const path = new URL(route.request().url()).pathname.replace("/kazashi/", "");
    await route.fulfill({ path: inPackage(path) });
  });
  const kazashi = await importInto(page, "index.js");
  const enrolment = await page.evaluateHandle(openEnrolment, kazashi);
  for (const { card, birthDate } of people) {
    bridge.type(`swap ${card}\n`);
    await enrolment.evaluate((enrolment, birthDate) => enrolment.next(birthDate), birthDate);
  }
  bridge.type("remove\n");
  await page.close();
  const subjects = await reception.staff.subjects();
  const tickets = subjects.map((subject, index) => `A-${index + 1},${subject}`);
  return await reception.staff.newEvent("春の催し", ["ticket,subject", ...tickets].join("\n"));
}

/** A page that enrols one card after another. It lives in the page. */
interface Enrolment {
  next(birthDate: string): Promise<void>;
}

/** Runs in the page. */
async function openEnrolment({ connect }: Modules["index.js"]): Promise<Enrolment> {
  const kazashi = await connect();
  const cards = kazashi.cards();
  const { csrf } = await (await fetch("/api/session")).json();
  const post = async (path: string, body: unknown) => {
    const headers = { "content-type": "application/json", "x-csrf-token": csrf };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    let response = await fetch(path, request);
    // Cards without a holder come faster than the server lets a desk ask.
    while (response.status === 429) {
      const seconds = Number(response.headers.get("retry-after"));
      await new Promise((done) => setTimeout(done, 1_000 * seconds));
      response = await fetch(path, request);
    }
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${answer.code}`);
    return answer;
  };
  return {
    async next(birthDate) {
      const { value: card } = await cards.next();
      if (!card) throw new Error("no card");
      const { nonces } = await post("/api/nonces", { methods: ["pin", "presence"] });
      const signed = await card.enrol({ nonces, birthDate, pin: "1234" });
      const consent = { items: [], remember: true };
      const visit = { id: crypto.randomUUID(), road: "pin", nonces, ...signed, consent };
      await post("/api/desk/visits", visit);
    },
  };
}

/** What the gate made of a visitor. */
export interface Turn {
  tone: string;
  /** What the screen says of the ticket. */
  ticket: string;
  /** The milliseconds of each part, by its name; `turn` is all of it. */
  times: Record<string, number>;
}

/** A gate that writes down its turns. */
export class CountingGate {
  readonly page: Page;
  readonly #turns: JSHandle<Turn[]>;
  #passed = 0;

  private constructor(page: Page, turns: JSHandle<Turn[]>) {
    this.page = page;
    this.#turns = turns;
  }

  /** Opens the gate of the one event. */
  static async open(reception: Reception): Promise<CountingGate> {
    const page = await reception.open("gate");
    const turns = await page.evaluateHandle(writeDownTurns);
    await new Gate(page).begin();
    return new CountingGate(page, turns);
  }

  /** What the gate makes of whoever now comes: `put` puts their card there. */
  async pass(put: () => void): Promise<Turn> {
    this.#passed += 1;
    put();
    const turn = await this.#turns.evaluate(async (turns, count) => {
      while (turns.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      return turns[count - 1];
    }, this.#passed);
    if (!turn) throw new Error("no turn");
    return turn;
  }
}

/** Runs in the page. */
function writeDownTurns(): Turn[] {
  const turns: Turn[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { name } of list.getEntries()) {
      if (name !== "gate:turn") continue;
      const result = document.querySelector<HTMLElement>(".gate-result");
      const parts = performance.getEntriesByType("measure");
      turns.push({
        tone: result?.dataset.tone ?? "none",
        ticket: result?.querySelector(".gate-ticket")?.textContent ?? "",
        times: Object.fromEntries(
          parts.map(({ name, duration }) => [name.replace("gate:", ""), duration]),
        ),
      });
    }
  });
  observer.observe({ type: "measure" });
  return turns;
}
