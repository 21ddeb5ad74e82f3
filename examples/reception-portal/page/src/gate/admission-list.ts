import type { GateList } from "../api.ts";

/** What the list says of a card. */
export type Listing =
  | { readonly is: "admissible"; readonly ticket: string }
  | { readonly is: "already-admitted"; readonly ticket: string }
  | { readonly is: "certificate-expired"; readonly ticket: string }
  | { readonly is: "no-ticket"; readonly ticket: undefined };

/**
 * The tickets of an event, by which visitors are let in while the server is out of reach. It lives in
 * the memory of the page only: it holds no certificates, but with its key tells whose ticket is whose.
 */
export class AdmissionList {
  #key: CryptoKey | undefined;
  #tickets = new Map<string, GateList["tickets"][number]>();
  /** Who was let in at this gate, which the server's list may not know yet. */
  #admittedHere = new Set<string>();

  /** Whether there is a list at all. */
  get isThere(): boolean {
    return this.#key !== undefined;
  }

  /** Takes a newer list in the place of this one. Who was let in here stays so. */
  async replace({ key, tickets }: GateList): Promise<void> {
    const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    this.#key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
    this.#tickets = new Map(tickets.map((ticket) => [ticket.tag, ticket]));
    // Tickets that are no more need not be remembered.
    const known = new Set(tickets.map(({ ticket }) => ticket));
    this.#admittedHere = new Set([...this.#admittedHere].filter((ticket) => known.has(ticket)));
  }

  /** Looks up the holder of a certificate (DER). Only to be asked when the list is there. */
  async find(certificate: Uint8Array<ArrayBuffer>, now: Date): Promise<Listing> {
    if (!this.#key) throw new Error("there is no list");
    const tag = base64url(await crypto.subtle.sign("HMAC", this.#key, certificate));
    const listed = this.#tickets.get(tag);
    if (!listed) return { is: "no-ticket", ticket: undefined };
    const { ticket } = listed;
    if (listed.admitted || this.#admittedHere.has(ticket)) {
      return { is: "already-admitted", ticket };
    }
    // Written so that what is no date counts as expired.
    const isValid = now.getTime() <= Date.parse(listed.expires);
    return isValid ? { is: "admissible", ticket } : { is: "certificate-expired", ticket };
  }

  /** Remembers that a ticket was used at this gate. */
  admit(ticket: string): void {
    this.#admittedHere.add(ticket);
  }
}

function base64url(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
