import type { PresenceProof } from "kazashi";
import { setClock } from "./day.ts";
import type {
  Account,
  Arrival,
  AuditEntry,
  AuditQuery,
  BoardVisit,
  Check,
  Deleted,
  Deletion,
  Entry,
  Facing,
  FoundTicket,
  GateEvent,
  GateList,
  ImportedTickets,
  Method,
  NewVisit,
  Person,
  PersonSearch,
  ProvisionalEntry,
  ProvisionalOutcome,
  RecordedVisit,
  Role,
  Session,
  TicketMove,
  WhatIsKept,
  Workstation,
} from "./messages.ts";
import { PortalError } from "./portal-error.ts";
import { isSomebodyThere } from "./presence.ts";

export type * from "./messages.ts";

/** The largest file that the server takes, in bytes. */
const LARGEST_FILE = 4 * 1024 * 1024;

/** What the page asks by itself though it is no GET: what it needs in advance, or again when something happened. */
const ASKED_BY_ITSELF = ["/nonces", "/board/search"];

/** How long the server may take, in milliseconds, where the caller does not say. */
const PATIENCE = 15_000;

/** How to call. */
export interface CallOptions {
  /** Ends the call; one that is over by `AbortSignal.timeout()` counts as `unreachable`. */
  readonly signal?: AbortSignal | undefined;
  /** How long the server may take, in milliseconds. */
  readonly patience?: number | undefined;
}

/**
 * The portal's server. Nothing is sent a second time by itself: see `untilAnswered`. Throws a
 * {@link PortalError}, or the reason of the signal by which a call was ended.
 *
 * Dispatches `signed-out` when the server no longer knows the session, and `forbidden` when it refuses
 * something: another page of this browser may have signed out or somebody else in.
 */
export class Api extends EventTarget {
  #csrf = "";
  /** Who is signed in, as far as this page knows. */
  account: string | undefined;

  /** What tells the session from another. */
  get mark(): string {
    return this.#csrf;
  }

  /** Whether the server answers, and says that it can work. Never rejects. */
  async isHealthy({ signal }: CallOptions = {}): Promise<boolean> {
    try {
      const patience = signal ?? AbortSignal.timeout(PATIENCE);
      return (await fetch("/health", { signal: patience, cache: "no-store" })).ok;
    } catch {
      return false;
    }
  }

  async session(options?: CallOptions): Promise<Session> {
    return this.#remember(await this.#call("GET", "/session", undefined, options));
  }

  /** Asks whether somebody is still signed in; if not, `signed-out` is dispatched. */
  async checkSession(options?: CallOptions): Promise<void> {
    const { account } = await this.session(options);
    if (!account) this.dispatchEvent(new Event("signed-out"));
  }

  async signIn(name: string, password: string, facing: Facing): Promise<Session> {
    return this.#remember(await this.#call("POST", "/session", { name, password, facing }));
  }

  /** Turns the screen of this workstation to visitors. */
  async turnToVisitors(): Promise<void> {
    await this.#call("PUT", "/session/facing", { facing: "visitors" });
  }

  /** Turns it back, which takes the staff's code. */
  async turnToStaff(code: string): Promise<void> {
    await this.#call("PUT", "/session/facing", { facing: "staff", code });
  }

  /** Gives whoever is signed in a code of their own. */
  async changeCode(password: string | undefined, code: string): Promise<void> {
    await this.#call("PUT", "/session/code", { password, code });
  }

  /** Where the provider of OpenID Connect asks who somebody is. */
  async openIdAddress(): Promise<string> {
    return (await this.#call<{ address: string }>("POST", "/session/openid", {})).address;
  }

  /** Signs in whom the provider named, by what it gave the browser to bring. */
  async signInByOpenId(state: string, code: string, facing: Facing): Promise<Session> {
    const answer = { state, code, facing };
    return this.#remember(await this.#call("POST", "/session/openid/answer", answer));
  }

  async signOut(): Promise<void> {
    await this.#call("DELETE", "/session");
  }

  /** Changes the password of who is signed in, and ends their other sessions. */
  async changeOwnPassword(current: string, next: string): Promise<void> {
    await this.#call("PUT", "/session/password", { current, new: next });
  }

  async nonces<M extends Method>(
    methods: readonly M[],
    options?: CallOptions,
  ): Promise<Record<M, string>> {
    const answer = await this.#call<{ nonces: Record<M, string> }>(
      "POST",
      "/nonces",
      { methods },
      options,
    );
    return answer.nonces;
  }

  /** Asks who the server knows by this certificate (DER). It stores nothing. */
  async arrival(certificate: Uint8Array, options?: CallOptions): Promise<Arrival> {
    const body = { certificate: base64(certificate) };
    return await this.#call("POST", "/desk/arrivals", body, options);
  }

  /** Idempotent. */
  async recordVisit(visit: NewVisit, options?: CallOptions): Promise<RecordedVisit> {
    return await this.#call("POST", "/desk/visits", visit, options);
  }

  /** Records what the staff decided who compared the visitor with the card's face. Idempotent. */
  async check(check: Check, options?: CallOptions): Promise<void> {
    await this.#call("POST", "/desk/checks", check, options);
  }

  /**
   * Given only where a check of this session found a match and names this nonce, for the challenge of
   * the card whose face it was, by the bridge's word.
   */
  async terminalSignature(
    { faceNonce, face, terminalNonce }: Check,
    word: string,
    options?: CallOptions,
  ): Promise<string> {
    const body = { nonce: terminalNonce, word, faceNonce, face };
    const answer = await this.#call<{ signature: string }>(
      "POST",
      "/desk/terminal-signature",
      body,
      options,
    );
    return answer.signature;
  }

  /** Idempotent. */
  async deleteOwnData(deletion: Deletion, options?: CallOptions): Promise<Deleted> {
    const answer = await this.#call<{ deleted: Deleted }>(
      "POST",
      "/desk/deletions",
      deletion,
      options,
    );
    return answer.deleted;
  }

  /** How far a deletion is. */
  async deletion(id: string, options?: CallOptions): Promise<Deleted> {
    const path = `/desk/deletions/${encodeURIComponent(id)}`;
    return (await this.#call<{ deleted: Deleted }>("GET", path, undefined, options)).deleted;
  }

  /** Finds people. Not all, where there are many. */
  async people(
    search: PersonSearch,
    options?: CallOptions,
  ): Promise<{ people: readonly Person[]; isAll: boolean }> {
    return await this.#call("POST", "/people/search", search, options);
  }

  async suspendedPeople(options?: CallOptions): Promise<readonly Person[]> {
    const path = "/people/suspended";
    return (await this.#call<{ people: Person[] }>("GET", path, undefined, options)).people;
  }

  async suspend(subject: string): Promise<void> {
    await this.#call("POST", "/people/suspend", { subject });
  }

  async liftSuspension(subject: string): Promise<void> {
    await this.#call("POST", "/people/lift", { subject });
  }

  /** Idempotent. */
  async erasePerson(id: string, subject: string): Promise<Deleted> {
    const body = { id, subject };
    return (await this.#call<{ deleted: Deleted }>("POST", "/people/erase", body)).deleted;
  }

  async whatIsKept(options?: CallOptions): Promise<WhatIsKept> {
    return await this.#call("GET", "/kept", undefined, options);
  }

  async workstations(options?: CallOptions): Promise<readonly Workstation[]> {
    const path = "/workstations";
    const answer = await this.#call<{ workstations: Workstation[] }>(
      "GET",
      path,
      undefined,
      options,
    );
    return answer.workstations;
  }

  async withdrawWorkstation(key: string): Promise<void> {
    await this.#call("POST", "/workstations/withdraw", { key });
  }

  async events(options?: CallOptions): Promise<readonly GateEvent[]> {
    return (await this.eventsAndDay(options)).events;
  }

  /** All events, and which day it is where the institution is. */
  async eventsAndDay(
    options?: CallOptions,
  ): Promise<{ readonly today: string; readonly events: readonly GateEvent[] }> {
    return await this.#call("GET", "/gate/events", undefined, options);
  }

  async addEvent(event: Pick<GateEvent, "name" | "day" | "reEntry">): Promise<void> {
    await this.#call("POST", "/gate/events", event);
  }

  async closeEvent(event: string, closed: boolean): Promise<void> {
    await this.#call("PUT", ofEvent(event, "closed"), { closed });
  }

  /** Has the gates of an event know certificates by another key, from their next list on. */
  async rotateGateKey(event: string): Promise<void> {
    await this.#call("POST", ofEvent(event, "key"));
  }

  async importTickets(event: string, csv: Blob): Promise<ImportedTickets> {
    // A server that stops reading may be heard of as one that is out of reach.
    if (csv.size > LARGEST_FILE) throw new PortalError("too-large");
    return await this.#call("POST", ofEvent(event, "tickets"), csv);
  }

  /** The tickets whose name begins so, or whose holder's name has all these words. */
  async tickets(
    event: string,
    search: string,
    options?: CallOptions,
  ): Promise<readonly FoundTicket[]> {
    const path = ofEvent(event, "ticket-search");
    return (await this.#call<{ tickets: FoundTicket[] }>("POST", path, { search }, options))
      .tickets;
  }

  async moveTicket(event: string, ticket: string, to: TicketMove): Promise<void> {
    await this.#call("PUT", ofEvent(event, "tickets", ticket), to);
  }

  async deleteTicket(event: string, ticket: string): Promise<void> {
    await this.#call("DELETE", ofEvent(event, "tickets", ticket));
  }

  /** Gives back the entry of somebody who was let in by mistake. Idempotent. */
  async giveBack(event: string, entry: string, options?: CallOptions): Promise<void> {
    await this.#call("DELETE", ofEvent(event, "entries", entry), undefined, options);
  }

  async gateList(event: string, options?: CallOptions): Promise<GateList> {
    return await this.#call("GET", ofEvent(event, "list"), undefined, options);
  }

  /** Idempotent. */
  async enter(
    event: string,
    entry: { id: string; nonce: string; proof: PresenceProof },
    options?: CallOptions,
  ): Promise<Entry> {
    const path = ofEvent(event, "entries");
    return (await this.#call<{ entry: Entry }>("POST", path, entry, options)).entry;
  }

  /** Idempotent. */
  async enterProvisionally(
    event: string,
    entries: readonly ProvisionalEntry[],
    options?: CallOptions,
  ): Promise<readonly { id: string; outcome: ProvisionalOutcome }[]> {
    const answer = await this.#call<{ entries: { id: string; outcome: ProvisionalOutcome }[] }>(
      "POST",
      ofEvent(event, "provisional"),
      { entries },
      options,
    );
    return answer.entries;
  }

  async visits(
    query: { day?: string; after?: string },
    options?: CallOptions,
  ): Promise<{ visits: readonly BoardVisit[]; total: number }> {
    const path = `/board/visits?${new URLSearchParams(query)}`;
    return await this.#call("GET", path, undefined, options);
  }

  /** The visits by those of this name. */
  async findVisits(
    query: { name: string; day?: string; after?: string },
    options?: CallOptions,
  ): Promise<{ visits: readonly BoardVisit[]; total: number }> {
    return await this.#call("POST", "/board/search", query, options);
  }

  /** The visits of a day, for a spreadsheet. */
  async visitsFile(day: string, options?: CallOptions): Promise<Blob> {
    const path = `/board/export?${new URLSearchParams({ day })}`;
    return await this.#call("GET", path, undefined, options);
  }

  /** Lines of the record in their order, after one that is known, and whether there are more. */
  async audit(
    { after = 0, ...query }: AuditQuery & { after?: number },
    options?: CallOptions,
  ): Promise<{ entries: readonly AuditEntry[]; more: boolean }> {
    const path = `/board/audit?${new URLSearchParams({ ...query, after: String(after) })}`;
    return await this.#call("GET", path, undefined, options);
  }

  /** All of those lines, for a spreadsheet. */
  async auditFile(query: AuditQuery, options?: CallOptions): Promise<Blob> {
    const path = `/board/audit/export?${new URLSearchParams({ ...query })}`;
    return await this.#call("GET", path, undefined, options);
  }

  async accounts(options?: CallOptions): Promise<readonly Account[]> {
    const answer = await this.#call<{ accounts: Account[] }>(
      "GET",
      "/accounts",
      undefined,
      options,
    );
    return answer.accounts;
  }

  async addAccount(name: string, password: string, role: Role): Promise<void> {
    await this.#call("POST", "/accounts", { name, password, role });
  }

  async changePassword(name: string, password: string): Promise<void> {
    await this.#call("PUT", `/accounts/${encodeURIComponent(name)}/password`, { password });
  }

  async removeAccount(name: string): Promise<void> {
    await this.#call("DELETE", `/accounts/${encodeURIComponent(name)}`);
  }

  #remember(session: Session): Session {
    this.#csrf = session.csrf;
    this.account = session.account?.name;
    setClock(session);
    return session;
  }

  async #call<T>(
    method: string,
    path: string,
    body?: object,
    { signal, patience = PATIENCE }: CallOptions = {},
  ): Promise<T> {
    const longest = AbortSignal.timeout(patience);
    const until = signal ? AbortSignal.any([signal, longest]) : longest;
    const headers = new Headers({ accept: "application/json" });
    if (method !== "GET") headers.set("x-csrf-token", this.#csrf);
    // An hour after somebody last did something the session ends, whatever the page goes on to ask. What
    // changes something is of a person or a card.
    const isReading = method === "GET" || ASKED_BY_ITSELF.includes(path);
    if (isReading && !isSomebodyThere()) headers.set("x-unattended", "1");
    if (body) headers.set("content-type", body instanceof Blob ? "text/csv" : "application/json");
    const init: RequestInit = { method, headers, signal: until };
    if (body) init.body = body instanceof Blob ? body : JSON.stringify(body);
    try {
      const response = await fetch(`/api${path}`, init);
      if (response.status === 204) return undefined as T;
      const isFile = response.headers.get("content-type")?.startsWith("text/csv");
      if (response.ok) return (await (isFile ? response.blob() : response.json())) as T;
      throw this.#refusal(response, await response.json().catch(() => ({})));
    } catch (cause) {
      if (cause instanceof PortalError) throw cause;
      if (signal?.aborted && signal.reason?.name !== "TimeoutError") throw signal.reason;
      throw new PortalError("unreachable", { cause });
    }
  }

  #refusal(response: Response, answer: { code?: unknown }): PortalError {
    // A proxy on the way has no codes.
    const unsaid = response.status === 413 ? "too-large" : "unavailable";
    const code = typeof answer.code === "string" ? answer.code : unsaid;
    if (code === "signed-out") this.dispatchEvent(new Event(code));
    if (code === "forbidden" || code === "facing-visitors")
      this.dispatchEvent(new Event("forbidden"));
    const seconds = Number(response.headers.get("retry-after"));
    return new PortalError(code, { retryAfter: seconds > 0 ? seconds : undefined });
  }
}

/** Where the parts of an event are. */
function ofEvent(event: string, ...parts: readonly string[]): string {
  return ["/gate/events", ...[event, ...parts].map(encodeURIComponent)].join("/");
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
