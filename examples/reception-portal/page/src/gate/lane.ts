import { type Kazashi, KazashiError } from "kazashi";
import type { Text } from "../language.ts";
import { PortalError } from "../portal-error.ts";
import { wordsFor } from "../words/errors.ts";
import { gateWords } from "../words/gate.ts";
import type { Gate, GateCard, Verdict } from "./gate.ts";
import { type Served, staysIn } from "./served.ts";
import { measure } from "./times.ts";

/** What visitors see. */
export type Sight =
  | { readonly is: "waiting" }
  | { readonly is: "checking" }
  | { readonly is: "verdict"; readonly verdict: Verdict }
  /** The card was judged before, by a page that was loaded anew since or by another. */
  | { readonly is: "served" }
  /** Nothing was decided: because of this. */
  | { readonly is: "trouble"; readonly because: Text; readonly isWorthAnotherTry: boolean };

/** How long a result stays when the card is gone, in milliseconds, if no other card comes. */
const STAYS = { verdict: 2_500, trouble: 6_000 };
/** How long a result stays at least, though another card is there already: it has to be seen. */
const LEAST = 1_000;

/** Codes of what the visitor puts right by holding the card there again. */
const PASSING: readonly string[] = [
  "communication-error",
  "disconnected",
  "lease-lost",
  "no-smartcard",
  "reader-busy",
  "removed-card",
  "sharing-violation",
  "timeout",
  "unresponsive-card",
];

/**
 * Checks one card after another until the signal aborts, and shows what comes of it. Each result is shown for
 * its second; the next visitor's card is looked at meanwhile.
 */
export async function runLane(
  kazashi: Kazashi,
  gate: Gate,
  served: Served,
  show: (sight: Sight) => void,
  signal: AbortSignal,
): Promise<void> {
  const lane = new Lane(gate, show);
  kazashi.addEventListener("card-inserted", () => lane.arrive(), { signal });
  kazashi.addEventListener("card-removed", () => lane.leave(), { signal });
  signal.addEventListener("abort", () => lane.stop(), { once: true });
  for await (const card of kazashi.cards({ signal })) {
    // By the end, the next visitor's card may be there.
    const stays = staysIn(kazashi.readers);
    if (served.has(stays)) {
      lane.recognise();
      continue;
    }
    const isDecided = await lane.check(card);
    if (isDecided) served.add(stays);
  }
}

class Lane {
  readonly #gate: Gate;
  readonly #show: (sight: Sight) => void;
  #sight: Sight = { is: "waiting" };
  /** What is to be seen once the result before has had its second. */
  #next: Sight | undefined;
  #hasCard = false;
  /** Whether a card is being checked; what it comes to is shown even if the card is gone by then. */
  #isChecking = false;
  #arrivedAt = 0;
  #clearing: ReturnType<typeof setTimeout> | undefined;
  /** Until when the result that is shown has its second. */
  #second: { readonly over: Promise<void>; end: () => void } | undefined;

  constructor(gate: Gate, show: (sight: Sight) => void) {
    this.#gate = gate;
    this.#show = show;
  }

  arrive(): void {
    this.#hasCard = true;
    // What the card before comes to is shown first.
    if (this.#isChecking) return;
    this.#arrivedAt = performance.now();
    this.#see({ is: "checking" });
  }

  leave(): void {
    this.#hasCard = false;
    if (!this.#isChecking) this.#clearSoon();
  }

  stop(): void {
    clearTimeout(this.#clearing);
    this.#next = undefined;
    this.#second?.end();
  }

  /** Shows that nothing is done about a card. */
  recognise(): void {
    this.#hasCard = true;
    this.#see({ is: "served" });
  }

  /** Checks a card, and shows what comes of it. Whether anything was decided. */
  async check(card: GateCard): Promise<boolean> {
    // A card that was there before the gate was opened, or before the last one was through, came with no event.
    if ((this.#next ?? this.#sight).is !== "checking") this.arrive();
    this.#isChecking = true;
    const sight = await this.#judge(card);
    this.#next = undefined;
    await this.#second?.over;
    this.#isChecking = false;
    this.#see(sight);
    measure("turn", this.#arrivedAt);
    if (!this.#hasCard) this.#clearSoon();
    return sight.is === "verdict" && sight.verdict.outcome !== "undecided";
  }

  async #judge(card: GateCard): Promise<Sight> {
    try {
      return { is: "verdict", verdict: await this.#gate.check(card) };
    } catch (error) {
      return trouble(error);
    }
  }

  /** Shows something, now or after the second of the result that is shown. */
  #see(sight: Sight): void {
    clearTimeout(this.#clearing);
    if (this.#second) {
      this.#next = sight;
      return;
    }
    this.#sight = sight;
    this.#show(sight);
    if (sight.is === "verdict" || sight.is === "trouble") this.#second = this.#giveSecond();
  }

  #giveSecond(): { over: Promise<void>; end: () => void } {
    let resolve!: () => void;
    const over = new Promise<void>((it) => {
      resolve = it;
    });
    const end = () => {
      clearTimeout(timer);
      this.#second = undefined;
      resolve();
      const next = this.#next;
      this.#next = undefined;
      if (next) this.#see(next);
    };
    const timer = setTimeout(end, LEAST);
    return { over, end };
  }

  #clearSoon(): void {
    clearTimeout(this.#clearing);
    const { is } = this.#sight;
    const stay = is === "verdict" || is === "trouble" ? STAYS[is] : 0;
    this.#clearing = setTimeout(() => this.#see({ is: "waiting" }), stay);
  }
}

function trouble(error: unknown): Sight {
  if (error instanceof KazashiError || error instanceof PortalError) {
    const isWorthAnotherTry = PASSING.includes(error.code);
    return { is: "trouble", because: wordsFor(error), isWorthAnotherTry };
  }
  const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
  if (!isFull) reportError(error);
  const because = isFull ? gateWords.notKept : gateWords.fault;
  return { is: "trouble", because, isWorthAnotherTry: false };
}
