import { base64, type GateList, type Outcome, type ProvisionalOutcome } from "../src/api.ts";
import type { GateServer } from "../src/gate/server.ts";
import { PortalError } from "../src/portal-error.ts";

/** A visitor: a certificate, and what the server knows of its holder. */
export interface Visitor {
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly birthDate: string | undefined;
  readonly ticket: string | undefined;
  readonly expires: string;
}

export function visitor(number: number, known: Partial<Visitor> = {}): Visitor {
  return {
    certificate: Uint8Array.of(0x30, number >> 8, number & 0xff),
    birthDate: "1980-02-17",
    ticket: `A-${number}`,
    expires: "2030-01-01T00:00:00Z",
    ...known,
  };
}

/**
 * A server that keeps to the gate's contract, admits a ticket once and an id once, and whose network
 * can be cut: before it hears, or after it has acted.
 */
export class FakeServer implements GateServer {
  network: "up" | "down" | "answers-are-lost" = "up";
  /** What it was asked, in order, heard or not. */
  readonly asked: string[] = [];
  /** Who was admitted, by id, in the order in which the server heard of them. */
  readonly admitted = new Map<string, string>();
  readonly #visitors: readonly Visitor[];
  /** Whose certificates were revoked: that is known when they are judged, and they are on no list then. */
  readonly revoked = new Set<Visitor>();
  readonly #key = new Uint8Array(32).fill(7);
  readonly #outcomes = new Map<string, Outcome>();
  #nonces = 0;

  constructor(visitors: readonly Visitor[]) {
    this.#visitors = visitors;
  }

  async isHealthy(): Promise<boolean> {
    this.asked.push("health");
    return this.network === "up";
  }

  async nonce(): Promise<string> {
    return this.#answer("nonce", () => {
      this.#nonces += 1;
      return `nonce-${this.#nonces}`;
    });
  }

  async birthDate(certificate: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    return this.#answer("birth-date", () => this.#holder(base64(certificate))?.birthDate);
  }

  async enter(id: string, _nonce: string, proof: { readonly unverifiedCertificate?: string }) {
    return this.#answer("enter", () => {
      const certificate = proof.unverifiedCertificate;
      const ticket = this.#holder(certificate)?.ticket;
      const outcome = this.#admit(id, ticket);
      return ticket === undefined ? { outcome } : { outcome, ticket };
    });
  }

  async list(): Promise<GateList> {
    const used = new Set(this.admitted.values());
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", this.#key, algorithm, false, ["sign"]);
    const tickets: GateList["tickets"][number][] = [];
    for (const visitor of this.#visitors) {
      const { certificate, ticket, expires } = visitor;
      if (ticket === undefined || this.revoked.has(visitor)) continue;
      const digest = await crypto.subtle.digest("SHA-256", certificate);
      const tag = base64(new Uint8Array(await crypto.subtle.sign("HMAC", key, digest)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replace("=", "");
      tickets.push({ tag, ticket, expires, admitted: used.has(ticket) });
    }
    const at = new Date().toISOString();
    return this.#answer("list", () => ({ at, key: base64(this.#key), reEntry: false, tickets }));
  }

  async settle(
    _event: string,
    entries: readonly {
      readonly id: string;
      readonly ticket: string;
      readonly certificate?: string;
    }[],
  ) {
    return this.#answer(`settle ${entries.map(({ ticket }) => ticket).join(" ")}`, () =>
      entries.map(({ id, ticket, certificate }): { id: string; outcome: ProvisionalOutcome } => {
        const holder = this.#holder(certificate);
        const isRevoked = holder !== undefined && this.revoked.has(holder);
        return { id, outcome: isRevoked ? "certificate-revoked" : this.#admit(id, ticket) };
      }),
    );
  }

  async giveBack(_event: string, entry: string): Promise<void> {
    this.#answer(`give back ${entry}`, () => this.admitted.delete(entry));
  }

  /** Somebody used a ticket at another gate. */
  admitElsewhere(ticket: string): void {
    this.#admit(`elsewhere-${ticket}`, ticket);
  }

  #admit(id: string, ticket: string | undefined): Outcome {
    const before = this.#outcomes.get(id);
    if (before) return before;
    let outcome: Outcome = "no-ticket";
    if (ticket !== undefined) {
      outcome = [...this.admitted.values()].includes(ticket) ? "already-admitted" : "admitted";
    }
    this.#outcomes.set(id, outcome);
    if (outcome === "admitted" && ticket !== undefined) this.admitted.set(id, ticket);
    return outcome;
  }

  #holder(certificate: string | undefined): Visitor | undefined {
    return this.#visitors.find((known) => base64(known.certificate) === certificate);
  }

  #answer<T>(question: string, act: () => T): T {
    this.asked.push(question);
    if (this.network === "down") throw new PortalError("unreachable");
    const answer = act();
    if (this.network === "answers-are-lost") throw new PortalError("unreachable");
    return answer;
  }
}
