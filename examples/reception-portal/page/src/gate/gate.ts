import { type Card, KazashiError } from "kazashi";
import { AdmissionList } from "./admission-list.ts";
import { Connection } from "./connection.ts";
import { NonceInHand } from "./nonce-in-hand.ts";
import { ProvisionalEntries } from "./provisional-entries.ts";
import { type GateServer, isJudgement, isOutOfReach } from "./server.ts";
import { beginTurn, timed } from "./times.ts";

/** What the gate says to a visitor. */
export type Verdict =
  | {
      readonly outcome: "admitted";
      readonly ticket: string | undefined;
      readonly by: Judge;
      /** Whether the visitor had been in before, at an event that allows it. */
      readonly isAgain: boolean;
    }
  | {
      readonly outcome: "refused";
      /** One of the gate's own reasons, or the error code by which the server refused card or proof, or
       * by which the card shows that it proves nobody's presence. */
      readonly because: Reason | (string & {});
      readonly ticket: string | undefined;
      readonly by: Judge;
    }
  /** The server is out of reach, and there is no list either. */
  | { readonly outcome: "undecided" };

/** What the gate itself refuses visitors for. */
export type Reason = "already-admitted" | "no-ticket" | "not-enrolled" | "certificate-expired";

/** Who decided. Whom the list lets in, provisionally, did not prove the card's presence to the server. */
export type Judge = "server" | "list" | "card";

/** Somebody who was let in here, for as long as the staff may see that it was a mistake. */
export interface Admission {
  readonly id: string;
  readonly ticket: string;
  readonly at: string;
}

/** How many of those are remembered. */
const MOST_RECENT = 5;

/** What the gate needs of a card. */
export type GateCard = Pick<Card, "provePresence" | "readCertificate">;

/** The gate of one event. It holds the tickets of the event and nothing of those who passed. */
export class Gate {
  readonly entries: ProvisionalEntries;
  readonly connection: Connection;
  readonly #event: string;
  readonly #server: GateServer;
  readonly #list = new AdmissionList();
  readonly #nonces: NonceInHand;
  readonly #changed: () => void;
  #admitted = 0;
  #refused = 0;
  #recent: readonly Admission[] = [];

  /** `changed` is called when anything that the gate shows has changed, besides the verdict. */
  constructor(event: string, server: GateServer, storage: Storage, changed: () => void) {
    this.#event = event;
    this.#server = server;
    this.#changed = changed;
    this.#nonces = new NonceInHand(() => server.nonce());
    this.entries = new ProvisionalEntries(storage);
    // Those from before a reload are let in as well, though no list of the server says so yet.
    for (const { ticket, isGivenBack } of this.entries.waiting) {
      if (!isGivenBack) this.#list.admit(ticket);
    }
    this.connection = new Connection(
      server,
      this.entries,
      async (list) => {
        if (!list) return this.#list.forget();
        await this.#list.replace(list);
        this.#nonces.renew();
      },
      changed,
    );
  }

  /** How many visitors this gate let in since it was opened, and how many it did not. */
  get counts(): { readonly admitted: number; readonly refused: number } {
    return { admitted: this.#admitted, refused: this.#refused };
  }

  /** Who was let in last, the latest first. */
  get recent(): readonly Admission[] {
    return this.#recent;
  }

  /** Whether the clock of this machine is wrong, by the server's, by which the gate goes. */
  get isClockWrong(): boolean {
    return this.#list.isThere && this.#list.clock.isOwnWrong;
  }

  /**
   * Takes back that somebody was let in: their ticket admits again. Throws a `PortalError` if the server
   * has to be told and cannot be.
   */
  async giveBack({ id, ticket }: Admission): Promise<void> {
    const waiting = this.entries.waiting.find((entry) => entry.id === id);
    const refused = this.entries.refused.find((entry) => entry.id === id);
    if (waiting) this.entries.keep({ ...waiting, isGivenBack: true });
    // Whoever came first with the ticket, elsewhere, stays in.
    else if (refused && refused.refusal !== "revocation-not-checked") this.entries.drop(id);
    else await this.#server.giveBack(this.#event, id);
    this.#list.giveBack(ticket);
    this.#admitted -= 1;
    this.#recent = this.#recent.filter((admission) => admission.id !== id);
    this.connection.hasEntry();
    this.#changed();
  }

  /**
   * Decides on the visitor who holds up this card: with the server, or without it by the list.
   * Throws what the card throws, unless it is none that could be let in, and a `PortalError` that is
   * not about the visitor: the staff are signed out, for instance.
   */
  async check(card: GateCard): Promise<Verdict> {
    beginTurn();
    const verdict = await timed("check", () => this.#decide(card)).catch(unfit);
    if (verdict.outcome === "admitted") this.#admitted += 1;
    if (verdict.outcome === "refused") this.#refused += 1;
    this.#changed();
    return verdict;
  }

  async #decide(card: GateCard): Promise<Verdict> {
    // One and the same for the server and, should its answer be lost, for the entry by the list.
    const id = crypto.randomUUID();
    const seen: Seen = {};
    if (this.connection.isUp) {
      try {
        return await this.#byServer(card, id, seen);
      } catch (error) {
        const because = judgement(error);
        if (because) {
          if (seen.certificate && isOfTheCard(because)) {
            await this.#list.judged(seen.certificate, because);
          }
          return { outcome: "refused", because, ticket: undefined, by: "server" };
        }
        if (!isOutOfReach(error)) throw error;
        this.connection.lose();
      } finally {
        if (this.connection.isUp) this.#nonces.renew();
      }
    }
    if (!this.#list.isThere) return { outcome: "undecided" };
    seen.certificate ??= (await card.readCertificate("user-authentication")).der;
    return await this.#byList(seen.certificate, id);
  }

  async #byServer(card: GateCard, id: string, seen: Seen): Promise<Verdict> {
    try {
      return await this.#enter(card, id, await this.#nonces.take(), seen);
    } catch (error) {
      if (judgement(error) !== "nonce-expired") throw error;
      // The one in hand was of a server that has forgotten it. A new one it will know.
      return await this.#enter(card, id, await this.#server.nonce(), seen);
    }
  }

  async #enter(card: GateCard, id: string, nonce: string, seen: Seen): Promise<Verdict> {
    const birthDate = async (certificate: Uint8Array<ArrayBuffer>): Promise<string> => {
      seen.certificate = certificate;
      const known = await timed("arrival", () => this.#server.birthDate(certificate));
      if (known === undefined) throw new NotEnrolled();
      return known;
    };
    const proof = await timed("presence", () => card.provePresence({ nonce, birthDate }));
    const { outcome, ticket } = await timed("entry", () => this.#server.enter(id, nonce, proof));
    if (ticket !== undefined) this.#list.admit(ticket);
    if (seen.certificate) await this.#list.judged(seen.certificate, undefined);
    if (outcome !== "admitted" && outcome !== "re-admitted") {
      return { outcome: "refused", because: outcome, ticket, by: "server" };
    }
    const isAgain = outcome === "re-admitted";
    if (ticket !== undefined && !isAgain) this.#remember(id, ticket);
    return { outcome: "admitted", ticket, by: "server", isAgain };
  }

  async #byList(certificate: Uint8Array<ArrayBuffer>, id: string): Promise<Verdict> {
    const listing = await this.#list.find(certificate);
    if (listing.is === "refused") {
      const { because, ticket } = listing;
      return { outcome: "refused", because, ticket, by: "list" };
    }
    const { ticket, isAgain } = listing;
    const at = this.#list.clock.stamp();
    this.entries.keep({ id, event: this.#event, ticket, at }, certificate);
    this.#list.admit(ticket);
    if (!isAgain) this.#remember(id, ticket);
    this.connection.hasEntry();
    return { outcome: "admitted", ticket, by: "list", isAgain };
  }

  #remember(id: string, ticket: string): void {
    const admission = { id, ticket, at: this.#list.clock.now.toISOString() };
    this.#recent = [admission, ...this.#recent].slice(0, MOST_RECENT);
  }
}

/** What was read from a card while the server was asked, and need not be read again. */
interface Seen {
  certificate?: Uint8Array<ArrayBuffer>;
}

/** Ends a presence proof of a holder whose birth date the server does not know. */
class NotEnrolled extends Error {}

/** Of a card that proves nobody's presence, here or elsewhere. */
const UNFIT: readonly string[] = ["application-absent", "unsupported-card"];

/** Refuses whoever holds up such a card. */
function unfit(error: unknown): Verdict {
  if (!(error instanceof KazashiError && UNFIT.includes(error.code))) throw error;
  return { outcome: "refused", because: error.code, ticket: undefined, by: "card" };
}

/** Why the visitor is refused, if that is what an error means. */
function judgement(error: unknown): string | undefined {
  if (error instanceof NotEnrolled) return "not-enrolled" satisfies Reason;
  return isJudgement(error) ? error.code : undefined;
}

/** Whether a judgement holds for the card, also later: not that a nonce was too old, or that the desk has yet to register it. */
function isOfTheCard(because: string): boolean {
  return !because.startsWith("nonce-") && !["not-enrolled", "enrolment-mismatch"].includes(because);
}
