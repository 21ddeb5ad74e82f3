import type { GateList } from "../api.ts";
import { ServerClock } from "./server-clock.ts";

/** What the list says of a card. */
export type Listing =
  | { readonly is: "admissible"; readonly ticket: string; readonly isAgain: boolean }
  /** Not to be let in, and why: a reason of the gate's, or the code by which the server refused this card. */
  | { readonly is: "refused"; readonly because: string; readonly ticket: string | undefined };

/**
 * The tickets of an event, by which visitors are let in while the server is out of reach. It lives in
 * the memory of the page only: it holds no certificates, but with its key tells whose ticket is whose.
 */
export class AdmissionList {
  readonly clock = new ServerClock();
  #key: CryptoKey | undefined;
  #mayComeAgain = false;
  #tickets = new Map<string, GateList["tickets"][number]>();
  /** Who was let in at this gate, which the server's list may not know yet. */
  #admittedHere = new Set<string>();
  /** Digests of the cards that the server refused, and why: what it said holds without it too. */
  readonly #refusedHere = new Map<string, string>();

  /** Whether there is a list at all. */
  get isThere(): boolean {
    return this.#key !== undefined;
  }

  /** Takes a newer list in the place of this one. Who was let in here stays so. */
  async replace({ at, key, reEntry, tickets }: GateList): Promise<void> {
    this.clock.set(at);
    const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    this.#key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
    this.#mayComeAgain = reEntry;
    this.#tickets = new Map(tickets.map((ticket) => [ticket.tag, ticket]));
    // Tickets that are no more need not be remembered.
    const known = new Set(tickets.map(({ ticket }) => ticket));
    this.#admittedHere = new Set([...this.#admittedHere].filter((ticket) => known.has(ticket)));
  }

  /** Lets go of the list: the event is over. */
  forget(): void {
    this.#key = undefined;
    this.#tickets.clear();
  }

  /** Looks up the holder of a certificate (DER). Only to be asked when the list is there. */
  async find(certificate: Uint8Array<ArrayBuffer>): Promise<Listing> {
    if (!this.#key) throw new Error("there is no list");
    const digest = await crypto.subtle.digest("SHA-256", certificate);
    const listed = this.#tickets.get(
      base64url(await crypto.subtle.sign("HMAC", this.#key, digest)),
    );
    const refusal = this.#refusedHere.get(base64url(digest));
    if (refusal) return { is: "refused", because: refusal, ticket: undefined };
    if (!listed) return { is: "refused", because: "no-ticket", ticket: undefined };
    const { ticket } = listed;
    const isAgain = listed.admitted || this.#admittedHere.has(ticket);
    if (isAgain && !this.#mayComeAgain)
      return { is: "refused", because: "already-admitted", ticket };
    // Written so that what is no date counts as expired.
    const isValid = this.clock.now.getTime() <= Date.parse(listed.expires);
    if (!isValid) return { is: "refused", because: "certificate-expired", ticket };
    return { is: "admissible", ticket, isAgain };
  }

  /** Remembers that a ticket was used at this gate. */
  admit(ticket: string): void {
    this.#admittedHere.add(ticket);
  }

  /** The entry with a ticket was given back. */
  giveBack(ticket: string): void {
    this.#admittedHere.delete(ticket);
    for (const [tag, listed] of this.#tickets) {
      if (listed.ticket === ticket) this.#tickets.set(tag, { ...listed, admitted: false });
    }
  }

  /** Remembers what the server said of a card, if it refused it. */
  async judged(certificate: Uint8Array<ArrayBuffer>, refusal: string | undefined): Promise<void> {
    const digest = base64url(await crypto.subtle.digest("SHA-256", certificate));
    if (refusal) this.#refusedHere.set(digest, refusal);
    else this.#refusedHere.delete(digest);
  }
}

function base64url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
