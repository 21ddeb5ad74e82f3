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
}

/** The person went a step back: the way to be received is chosen anew. */
export class SteppedBack extends Error {}
