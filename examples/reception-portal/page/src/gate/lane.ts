import { type Kazashi, KazashiError } from "kazashi";
import { PortalError } from "../api.ts";
import type { Text } from "../language.ts";
import { wordsFor } from "../words/errors.ts";
import { gateWords } from "../words/gate.ts";
import type { Gate, GateCard, Verdict } from "./gate.ts";
import { measure } from "./times.ts";

/** What visitors see. */
export type Sight =
  | { readonly is: "waiting" }
  | { readonly is: "checking" }
  | { readonly is: "verdict"; readonly verdict: Verdict }
  /** Nothing was decided: because of this. */
  | { readonly is: "trouble"; readonly because: Text; readonly isWorthAnotherTry: boolean };

/** How long a result stays when the card is gone, in milliseconds, if no other card comes. */
const STAYS = { verdict: 2_500, trouble: 6_000 };

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
 * Checks one card after another until the signal aborts, and shows what comes of it. What was shown to
 * one visitor is gone before the next one's card is looked at.
 */
export async function runLane(
  kazashi: Kazashi,
  gate: Gate,
  show: (sight: Sight) => void,
  signal: AbortSignal,
): Promise<void> {
  const lane = new Lane(gate, show);
  kazashi.addEventListener("card-inserted", () => lane.arrive(), { signal });
  kazashi.addEventListener("card-removed", () => lane.leave(), { signal });
  signal.addEventListener("abort", () => lane.stop(), { once: true });
  for await (const card of kazashi.cards({ signal })) await lane.check(card);
}

class Lane {
  readonly #gate: Gate;
  readonly #show: (sight: Sight) => void;
  #sight: Sight = { is: "waiting" };
  #hasCard = false;
  /** Whether a card is being checked; what it comes to is shown even if the card is gone by then. */
  #isChecking = false;
  #arrivedAt = 0;
  #clearing: ReturnType<typeof setTimeout> | undefined;

  constructor(gate: Gate, show: (sight: Sight) => void) {
    this.#gate = gate;
    this.#show = show;
  }

  arrive(): void {
    this.#arrivedAt = performance.now();
    this.#hasCard = true;
    this.#see({ is: "checking" });
  }

  leave(): void {
    this.#hasCard = false;
    if (!this.#isChecking) this.#clearSoon();
  }

  stop(): void {
    clearTimeout(this.#clearing);
  }

  async check(card: GateCard): Promise<void> {
    // A card that was there before the gate was opened came with no event.
    if (this.#sight.is !== "checking") this.arrive();
    this.#isChecking = true;
    const sight = await this.#judge(card);
    this.#isChecking = false;
    this.#see(sight);
    measure("turn", this.#arrivedAt);
    if (!this.#hasCard) this.#clearSoon();
  }

  async #judge(card: GateCard): Promise<Sight> {
    try {
      return { is: "verdict", verdict: await this.#gate.check(card) };
    } catch (error) {
      return trouble(error);
    }
  }

  #see(sight: Sight): void {
    clearTimeout(this.#clearing);
    this.#sight = sight;
    this.#show(sight);
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
