import { type Kazashi, KazashiError } from "kazashi";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Gate, GateCard, Verdict } from "../src/gate/gate.ts";
import { runLane, type Sight } from "../src/gate/lane.ts";
import { Served } from "../src/gate/served.ts";
import { MemoryStorage } from "./memory-storage.ts";

/** A reader whose cards are decided on when the test says so. */
class Lane {
  readonly sights: Sight[] = [];
  readonly #closed = new AbortController();
  readonly #events = new EventTarget();
  #next: (card: GateCard | undefined) => void = () => {};
  #stays = 0;
  readonly #readers: { cardPresent: boolean; insertion?: string }[] = [{ cardPresent: false }];
  decide: (verdict: Verdict) => void = () => {};
  fail: (error: Error) => void = () => {};

  constructor(storage: Storage = new MemoryStorage(), insertion?: string) {
    const lane = this;
    const kazashi = Object.assign(this.#events, {
      readers: this.#readers,
      async *cards() {
        for (;;) {
          const card = await new Promise<GateCard | undefined>((resolve) => {
            lane.#next = resolve;
          });
          if (!card) return;
          yield card;
        }
      },
    }) as unknown as Kazashi;
    const check = () =>
      new Promise<Verdict>((resolve, reject) => {
        this.decide = resolve;
        this.fail = reject;
      });
    const show = (sight: Sight) => this.sights.push(sight);
    const gate = { check } as unknown as Gate;
    void runLane(kazashi, gate, new Served(storage, "E"), show, this.#closed.signal);
    if (insertion) this.#readers[0] = { cardPresent: true, insertion };
  }

  /** The card that was there before the gate was opened has its turn. */
  async begin(): Promise<void> {
    this.#next({} as GateCard);
    await vi.advanceTimersByTimeAsync(0);
  }

  async insert(): Promise<void> {
    this.#stays += 1;
    this.#readers[0] = { cardPresent: true, insertion: `stay ${this.#stays}` };
    this.#events.dispatchEvent(new Event("card-inserted"));
    this.#next({} as GateCard);
    await vi.advanceTimersByTimeAsync(0);
  }

  async remove(): Promise<void> {
    this.#readers[0] = { cardPresent: false };
    this.#events.dispatchEvent(new Event("card-removed"));
    await vi.advanceTimersByTimeAsync(0);
  }

  get seen(): string[] {
    return this.sights.map(({ is }) => is);
  }

  close(): void {
    this.#closed.abort();
    this.#next(undefined);
  }
}

const admitted: Verdict = { outcome: "admitted", ticket: "A-1", by: "server", isAgain: false };
const other: Verdict = { ...admitted, ticket: "A-2" };
let lane: Lane;

beforeEach(() => {
  vi.useFakeTimers();
  lane = new Lane();
});
afterEach(() => {
  lane.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function decide(verdict: Verdict): Promise<void> {
  lane.decide(verdict);
  await vi.advanceTimersByTimeAsync(0);
}

it("takes away what one visitor was shown before the next one sees theirs, but not within its second", async () => {
  await lane.insert();
  await decide(admitted);
  await lane.remove();
  await lane.insert();
  await vi.advanceTimersByTimeAsync(990);
  expect(lane.seen).toEqual(["checking", "verdict"]);
  await vi.advanceTimersByTimeAsync(10);
  expect(lane.seen).toEqual(["checking", "verdict", "checking"]);
});

it("leaves each verdict its second, with its ticket, though the next card was there before it came", async () => {
  await lane.insert();
  await lane.remove();
  await lane.insert();
  await decide(admitted);
  await lane.begin();
  await decide(other);
  await vi.advanceTimersByTimeAsync(990);
  expect(lane.sights.at(-1)).toEqual({ is: "verdict", verdict: admitted });
  await vi.advanceTimersByTimeAsync(10);
  expect(lane.sights.at(-1)).toEqual({ is: "verdict", verdict: other });
  expect(lane.seen).toEqual(["checking", "verdict", "verdict"]);
});

it("judges a card that stays on the reader once, also after a reload and in another tab", async () => {
  lane.close();
  const storage = new MemoryStorage();
  lane = new Lane(storage, "a stay");
  await lane.begin();
  await decide(admitted);
  lane.close();
  await vi.advanceTimersByTimeAsync(1_000);

  lane = new Lane(storage, "a stay");
  await lane.begin();
  expect(lane.seen).toEqual(["served"]);
  await lane.remove();
  await vi.advanceTimersByTimeAsync(0);
  expect(lane.seen).toEqual(["served", "waiting"]);
  await lane.insert();
  expect(lane.seen.at(-1)).toBe("checking");
  await decide(other);
});

it("does not take the card of the next visitor for the one that was judged", async () => {
  lane.close();
  const storage = new MemoryStorage();
  lane = new Lane(storage);
  await lane.insert();
  await lane.remove();
  await lane.insert();
  await decide(admitted);
  expect(storage.getItem("kazashi-gate-served:1:E")).toBe(JSON.stringify(["stay 1"]));
});

it("judges a card again on which nothing was decided", async () => {
  lane.close();
  const storage = new MemoryStorage();
  for (const verdict of [{ outcome: "undecided" }, admitted] as const) {
    lane.close();
    lane = new Lane(storage, "a stay");
    await lane.begin();
    await decide(verdict);
    expect(lane.sights.at(-1)).toEqual({ is: "verdict", verdict });
  }
});

it("leaves a result while the card is there, and for a moment after", async () => {
  await lane.insert();
  await decide(admitted);
  await vi.advanceTimersByTimeAsync(60_000);
  await lane.remove();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(lane.seen.at(-1)).toBe("verdict");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lane.seen.at(-1)).toBe("waiting");
});

it("shows the verdict on a card that was gone before it came", async () => {
  await lane.insert();
  await lane.remove();
  await vi.advanceTimersByTimeAsync(1_000);
  await decide(admitted);
  expect(lane.seen).toEqual(["checking", "verdict"]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(lane.seen.at(-1)).toBe("waiting");
});

it("asks for the card again where that helps, and for the staff where not", async () => {
  for (const [code, isWorthAnotherTry] of [
    ["removed-card", true],
    ["card-malformed", false],
  ] as const) {
    await lane.insert();
    lane.fail(new KazashiError(code));
    await vi.advanceTimersByTimeAsync(0);
    expect(lane.sights.at(-1)).toMatchObject({ is: "trouble", isWorthAnotherTry });
    await lane.remove();
    await vi.advanceTimersByTimeAsync(1_000);
  }
});

it("tells the staff that no entry can be kept", async () => {
  await lane.insert();
  lane.fail(new DOMException("full", "QuotaExceededError"));
  await vi.advanceTimersByTimeAsync(0);
  expect(lane.sights.at(-1)).toMatchObject({ is: "trouble", isWorthAnotherTry: false });
});
