import type { PresenceProof, Token } from "kazashi";
import type { CardFaceProof } from "kazashi/card-face";

// What the page tells the portal's server, and is told.

export type Role = "board" | "desk" | "gate" | "staff" | "administrator";
export type Method = "pin" | "presence" | "terminal";
export type Item = "name" | "address" | "birthDate" | "sex";
export type Sex = "male" | "female" | "unknown" | "not-applicable";

/** By which road a visitor was received: with the PIN, as a card that is known, or by eye (目視確認). */
export type Road = "pin" | "presence" | "visual";

/** Who is before a workstation's screen. */
export type Facing = "staff" | "visitors";

export interface Session {
  readonly account: {
    readonly name: string;
    readonly role: Role;
    /** Whether the server knows them by a password, and not their organization's provider. */
    readonly hasPassword: boolean;
  } | null;
  readonly facing: Facing;
  readonly csrf: string;
  readonly institution: { readonly ja: string; readonly en: string };
  /** Whether staff may sign in by OpenID Connect too. */
  readonly openId: boolean;
  /** For how many hours the server takes what a desk could not send in time. */
  readonly lateHours: number;
  /** Where the institution is: `Asia/Tokyo`. */
  readonly timeZone: string;
  /** The server's time. */
  readonly now: string;
  /** Of the institution's terminal, in base64; none if this server has no key for it. */
  readonly terminalCertificates: readonly string[];
  /** Card surface authorities beyond those that the package pins. The key is SPKI DER in base64. */
  readonly cardAuthorities: readonly { readonly identifier: string; readonly publicKey: string }[];
  readonly acceptTestHierarchy: boolean;
}

/** What the server knows of whoever has this card. */
export interface Arrival {
  readonly known: boolean;
  readonly enrolled: boolean;
  /** `YYYY-MM-DD`, only of those who are enrolled. */
  readonly birthDate?: string;
  /** Not on a visitors' screen. */
  readonly visits?: number;
  readonly lastVisit?: string;
}

/** The basic attributes that the visitor agreed to give, and whether they are genuine. */
export type ConsentedAttributes = Partial<Record<"name" | "address" | "birthDate", string>> & {
  readonly sex?: Sex;
  readonly integrity: string;
};

/** When the card had signed, in milliseconds after the nonces came: so it may be sent hours late. */
export interface Signed {
  readonly signedAfter: number;
}

/**
 * A visit to be recorded. The `id` is the page's: sent twice, it is recorded once. The `stay` is the
 * card's on the reader, in which nobody is received twice.
 */
export type NewVisit = Signed & { readonly stay?: string } & (
    | {
        readonly id: string;
        readonly road: "pin";
        readonly nonces: { readonly pin: string; readonly presence?: string };
        readonly token: Token;
        readonly proof?: PresenceProof;
        /** The bridge's, that one card gave token and proof. */
        readonly word?: string;
        readonly consent: { readonly items: readonly Item[]; readonly remember: boolean };
        readonly attributes?: ConsentedAttributes;
      }
    | {
        readonly id: string;
        readonly road: "presence";
        readonly nonce: string;
        readonly proof: PresenceProof;
      }
    | {
        readonly id: string;
        readonly road: "visual";
        readonly nonce: string;
        readonly token: Token;
        /** The `id` of the check by eye. */
        readonly check: string;
      }
  );

/** A check by eye: whose face it was, by a proof without any image, and what the staff decided. */
export interface Check extends Signed {
  readonly id: string;
  readonly faceNonce: string;
  readonly face: CardFaceProof;
  /** For which the institution may prove itself to the card, if it is the holder. */
  readonly terminalNonce: string;
  readonly decision: "match" | "no-match";
  /** With a match: the staff's code, or their password if they have none. */
  readonly code?: string | undefined;
}

export interface RecordedVisit {
  readonly visit: {
    readonly id: string;
    /** Of the day. */
    readonly number: number;
    readonly day: string;
    /** When the card signed, if the visit came late. */
    readonly at: string;
    /** When the server heard of it, if the visit came late. */
    readonly recordedAt?: string;
    readonly road: Road;
    readonly returning: boolean;
  };
  readonly receipt: Receipt;
}

/** What was read from the card, and what of it is kept, by names that the page words. */
export interface Receipt {
  readonly read: readonly string[];
  readonly kept: readonly string[];
  readonly revocation: { readonly status: "good" | "not-checked"; readonly because?: string };
}

/** The holder's wish that the server forgets them, proven with the PIN or after a check by eye. */
export type Deletion = Signed &
  (
    | { readonly id: string; readonly road: "pin"; readonly nonce: string; readonly token: Token }
    | {
        readonly id: string;
        readonly road: "visual";
        readonly nonce: string;
        readonly token: Token;
        /** The `id` of the check by eye. */
        readonly check: string;
      }
  );

export interface Deleted {
  readonly visits: number;
  readonly enrolment: boolean;
  readonly erasure: Erasure;
}

/** Whether what was deleted is gone from the database's files, too. */
export type Erasure =
  | { readonly state: "pending"; readonly by: string }
  | { readonly state: "overdue" | "gone" | "left-to-server" };

/** Somebody of whom something is kept. */
export interface Person {
  readonly subject: string;
  readonly name?: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate?: string;
  readonly visits: number;
  readonly lastVisit?: { readonly day: string; readonly number: number };
  /** Whether their card is known again. */
  readonly remembered: boolean;
  /** Since when their card is received nowhere, and by whom. */
  readonly suspended?: { readonly at: string; readonly account: string };
}

/** By what people are looked for. */
export type PersonSearch =
  | { readonly name: string }
  | { readonly day: string; readonly number: number };

/** A workstation's bridge. */
export interface Workstation {
  readonly key: string;
  readonly name: string;
  readonly enrolledAt: string;
  readonly withdrawnAt?: string;
}

/** What is kept, and for how long; and the deletions that are not gone from the files yet. */
export interface WhatIsKept {
  readonly kept: readonly { readonly what: string; readonly limit: Limit }[];
  readonly erasures: { readonly pending: number; readonly overdue: number };
}

export type Limit = "until-ended" | { readonly days: number } | { readonly seconds: number };

export interface GateEvent {
  readonly id: string;
  readonly name: string;
  readonly day: string;
  readonly tickets: number;
  readonly admitted: number;
  /** Whether whoever left may come in again with the same ticket. */
  readonly reEntry: boolean;
  /** Its gates let nobody in any more. */
  readonly closed: boolean;
}

/** A ticket, for whoever looks after them. */
export interface FoundTicket {
  readonly ticket: string;
  /** The holder's identifier; nobody's, where the holder had their data deleted. */
  readonly subject?: string;
  readonly name?: string;
  /** The entry with which it let its holder in, if it did, and when. */
  readonly entry?: string;
  readonly admittedAt?: string;
}

/** Where a ticket is to go: to another event, to somebody with this identifier or number of today. */
export interface TicketMove {
  readonly event?: string;
  readonly holder?: { readonly subject: string } | { readonly number: number };
}

export interface ImportedTickets {
  readonly imported: number;
  readonly unchanged: number;
  readonly refused: readonly { readonly line: number; readonly why: string }[];
}

/** Who may come in, for a gate that cannot reach the server: kept in memory only. */
export interface GateList {
  /** The server's time. */
  readonly at: string;
  readonly reEntry: boolean;
  /** For HMAC-SHA-256, 32 bytes in base64. */
  readonly key: string;
  readonly tickets: readonly {
    /** The HMAC of the certificate's SHA-256 (of its DER), in base64url. */
    readonly tag: string;
    readonly ticket: string;
    readonly expires: string;
    readonly admitted: boolean;
  }[];
}

export type Outcome = "admitted" | "re-admitted" | "already-admitted" | "no-ticket";

/** What the server makes of somebody whom a gate let in: also given back since, or an error code. */
export type ProvisionalOutcome = Outcome | "given-back" | (string & {});

export interface Entry {
  readonly id: string;
  readonly ticket?: string;
  readonly outcome: Outcome;
  readonly at: string;
}

export interface ProvisionalEntry {
  readonly id: string;
  readonly ticket: string;
  readonly at: string;
  /** Of the card that was there, DER in base64, by which the server judges; if the page still has it. */
  readonly certificate?: string;
}

export interface BoardVisit {
  readonly id: string;
  readonly number: number;
  readonly at: string;
  /** When the server heard of a visit that came late. */
  readonly recordedAt?: string;
  readonly road: Road;
  readonly returning: boolean;
  readonly checkedBy?: string;
  readonly decision?: "match" | "no-match";
  readonly account: string;
  readonly revocation: "good" | "not-checked";
  readonly attributes?: Partial<Record<Item, string>>;
}

/** Which lines of the record: of a day, and of all accounts and actions that are not named. */
export interface AuditQuery {
  readonly day: string;
  readonly account?: string;
  readonly action?: string;
}

export interface AuditEntry {
  /** Its number in the whole record. */
  readonly line: number;
  readonly at: string;
  readonly account: string;
  readonly action: string;
  readonly subject?: string;
}

export interface Account {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
}
