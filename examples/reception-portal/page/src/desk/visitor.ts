import type { Card, Kazashi } from "kazashi";
import type { Api } from "../api.ts";
import type { SignedInSession } from "../screen.ts";
import type { Outbox } from "./outbox.ts";
import type { Stage } from "./stage.ts";

/** A visitor whose card is on the reader, and what the desk has to receive them. */
export interface Visitor {
  readonly kazashi: Kazashi;
  readonly card: Card;
  readonly stage: Stage;
  readonly api: Api;
  readonly session: SignedInSession;
  readonly outbox: Outbox;
  /** Aborts when the card is gone, or the desk left. */
  readonly signal: AbortSignal;
  /** Is told the certificate (DER) on the card, once it is read. */
  readonly seen: (certificate: Uint8Array) => void;
}

/** Tells how many milliseconds have passed, whatever this workstation's clock shows. */
export function stopwatch(): () => number {
  const begin = performance.now();
  return () => Math.round(performance.now() - begin);
}

/** The person went a step back: the way to be received is chosen anew. */
export class SteppedBack extends Error {}
