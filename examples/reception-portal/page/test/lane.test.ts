import { type Kazashi, KazashiError } from "kazashi";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Gate, GateCard, Verdict } from "../src/gate/gate.ts";
import { runLane, type Sight } from "../src/gate/lane.ts";

/** A reader whose cards are decided on when the test says so. */
class Lane {
  readonly sights: Sight[] = [];
  readonly #closed = new AbortController();
  readonly #events = new EventTarget();
  #next: (card: GateCard | undefined) => void = () => {};
  decide: (verdict: Verdict) => void = () => {};
  fail: (error: Error) => void = () => {};

  constructor() {
    const lane = this;
    const kazashi = Object.assign(this.#events, {
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
    void runLane(kazashi, { check } as unknown as Gate, show, this.#closed.signal);
  }

  async insert(): Promise<void> {
    this.#events.dispatchEvent(new Event("card-inserted"));
    this.#next({} as GateCard);
    await vi.advanceTimersByTimeAsync(0);
  }

  async remove(): Promise<void> {
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

const admitted: Verdict = { outcome: "admitted", ticket: "A-1", by: "server" };
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

it("takes away what one visitor was shown before the next one's card is looked at", async () => {
  await lane.insert();
  await decide(admitted);
  await lane.remove();
  await lane.insert();
  expect(lane.seen).toEqual(["checking", "verdict", "checking"]);
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
  }
});

it("tells the staff that no entry can be kept", async () => {
  await lane.insert();
  lane.fail(new DOMException("full", "QuotaExceededError"));
  await vi.advanceTimersByTimeAsync(0);
  expect(lane.sights.at(-1)).toMatchObject({ is: "trouble", isWorthAnotherTry: false });
});
