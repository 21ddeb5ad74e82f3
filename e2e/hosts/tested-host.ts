import type { CardKind, Scope } from "../package.ts";
import type { Startable } from "../set-up.ts";
import type { Client } from "../sign-in/site/client.ts";

/** What a page may find itself before, with the hands that put cards there and the person who types PINs. */
export interface TestedHost extends Startable {
  /** Begins anew: with a card of this kind that nobody has used, and one page. */
  begin(kind?: CardKind): Promise<Client>;
  /** One more client of the same host. */
  openClient(): Promise<Client>;
  /** Loads a client's page anew. */
  reload(client: Client): Promise<Client>;

  remove(): Promise<void>;
  /** Puts the card back that was on the reader last. */
  insert(): Promise<void>;
  /** Takes the card off and puts another on: the one of this kind. */
  swap(kind: CardKind): Promise<void>;

  /** Types these, one in each dialog that is open or will open. */
  type(...answers: string[]): Promise<void>;
  cancel(): Promise<void>;
  /** How many tries were said to be left, by each dialog since the beginning. */
  dialogs(): Promise<number[]>;
}

/** What the pages may do. */
export const SCOPES: Scope[] = [
  "events",
  "reader",
  "authenticate",
  "authenticate-pinless",
  "card-presence",
  "card-face",
  "attributes",
  "sign",
  "page-pin",
];
