import type { PresenceProof, TerminalRequest, Token } from "kazashi";
import type { CardFaceProof } from "kazashi/card-face";

/** How long the server may take, in milliseconds, where the caller has no less patience. */
const PATIENCE = 15_000;

/** How long to wait before something is sent again, in milliseconds: first, and at most. */
const PAUSE = { first: 500, most: 8_000 };

/** The server said no, or nothing. */
export class PortalError extends Error {
  override readonly name = "PortalError";
  /**
   * A Kazashi error code, one of the portal's own, or `unreachable`: no answer came, and whether the
   * server did what was asked is unknown.
   */
  readonly code: string;
  /** After how many seconds to try again, where the server said so. */
  readonly retryAfter: number | undefined;

  constructor(code: string, options: ErrorOptions & { retryAfter?: number | undefined } = {}) {
    super(code, options);
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}

export type Role = "staff" | "administrator";
export type Method = "pin" | "presence" | "terminal";
export type Item = "name" | "address" | "birthDate" | "sex";
export type Sex = "male" | "female" | "unknown" | "not-applicable";

/** By which road a visitor was received: with the PIN, as a card that is known, or by eye (目視確認). */
export type Road = "pin" | "presence" | "visual";

export interface Session {
  readonly account: { readonly name: string; readonly role: Role } | null;
  readonly csrf: string;
  readonly institution: { readonly ja: string; readonly en: string };
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
  readonly visits: number;
  readonly lastVisit?: string;
}

/** The basic attributes that the visitor agreed to give, and whether they are genuine. */
export type ConsentedAttributes = Partial<Record<"name" | "address" | "birthDate", string>> & {
  readonly sex?: Sex;
  readonly integrity: string;
};

/** A visit to be recorded. The `id` is the page's: sent twice, it is recorded once. */
export type NewVisit =
  | {
      readonly id: string;
      readonly road: "pin";
      readonly nonces: { readonly pin: string; readonly presence?: string };
      readonly token: Token;
      readonly proof?: PresenceProof;
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
    };

/** A check by eye: whose face it was, by a proof without any image, and what the staff decided. */
export interface Check {
  readonly id: string;
  readonly faceNonce: string;
  readonly face: CardFaceProof;
  /** For which the institution may prove itself to the card, if it is the holder. */
  readonly terminalNonce: string;
  readonly decision: "match" | "no-match";
}

export interface RecordedVisit {
  readonly visit: {
    readonly id: string;
    /** Of the day. */
    readonly number: number;
    readonly day: string;
    readonly at: string;
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

/** The holder's wish that the server forgets them, proven by their card. */
export type Deletion =
  | {
      readonly id: string;
      readonly road: "presence";
      readonly nonce: string;
      readonly proof: PresenceProof;
    }
  | { readonly id: string; readonly road: "pin"; readonly nonce: string; readonly token: Token };

export interface Deleted {
  readonly visits: number;
  readonly enrolment: boolean;
}

export interface GateEvent {
  readonly id: string;
  readonly name: string;
  readonly day: string;
  readonly tickets: number;
  readonly admitted: number;
}

export interface ImportedTickets {
  readonly imported: number;
  readonly unchanged: number;
  readonly refused: readonly { readonly line: number; readonly why: string }[];
}

/** Who may come in, for a gate that cannot reach the server: kept in memory only. */
export interface GateList {
  /** For HMAC-SHA-256, 32 bytes in base64. */
  readonly key: string;
  readonly tickets: readonly {
    /** The HMAC of the certificate (DER), in base64url. */
    readonly tag: string;
    readonly ticket: string;
    readonly expires: string;
    readonly admitted: boolean;
  }[];
}

export type Outcome = "admitted" | "already-admitted" | "no-ticket";

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
}

export interface BoardVisit {
  readonly id: string;
  readonly number: number;
  readonly at: string;
  readonly road: Road;
  readonly returning: boolean;
  readonly checkedBy?: string;
  readonly decision?: "match" | "no-match";
  readonly account: string;
  readonly revocation: "good" | "not-checked";
  readonly attributes?: Partial<Record<Item, string>>;
}

export interface AuditEntry {
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

/** How to call. */
export interface CallOptions {
  /** Ends the call; one that is over by `AbortSignal.timeout()` counts as `unreachable`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The portal's server. Nothing is sent a second time by itself: see {@link untilAnswered}. Throws a
 * {@link PortalError}, or the reason of the signal by which a call was ended.
 *
 * Dispatches `signed-out` when the server no longer knows the session, and `forbidden` when it refuses
 * something: another page of this browser may have signed out or somebody else in.
 */
export class Api extends EventTarget {
  #csrf = "";

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

  async signIn(name: string, password: string): Promise<Session> {
    return this.#remember(await this.#call("POST", "/session", { name, password }));
  }

  async signOut(): Promise<void> {
    await this.#call("DELETE", "/session");
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

  /** Given only where a check of this session found a match and names this nonce. */
  async terminalSignature(
    nonce: string,
    request: TerminalRequest,
    options?: CallOptions,
  ): Promise<string> {
    const body = { nonce, request };
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

  async events(options?: CallOptions): Promise<readonly GateEvent[]> {
    const answer = await this.#call<{ events: GateEvent[] }>(
      "GET",
      "/gate/events",
      undefined,
      options,
    );
    return answer.events;
  }

  async addEvent(name: string, day: string): Promise<void> {
    await this.#call("POST", "/gate/events", { name, day });
  }

  async importTickets(event: string, csv: Blob): Promise<ImportedTickets> {
    return await this.#call("POST", `/gate/events/${encodeURIComponent(event)}/tickets`, csv);
  }

  async gateList(event: string, options?: CallOptions): Promise<GateList> {
    const path = `/gate/events/${encodeURIComponent(event)}/list`;
    return await this.#call("GET", path, undefined, options);
  }

  /** Idempotent. */
  async enter(
    event: string,
    entry: { id: string; nonce: string; proof: PresenceProof },
    options?: CallOptions,
  ): Promise<Entry> {
    const path = `/gate/events/${encodeURIComponent(event)}/entries`;
    return (await this.#call<{ entry: Entry }>("POST", path, entry, options)).entry;
  }

  /** Idempotent. */
  async enterProvisionally(
    event: string,
    entries: readonly ProvisionalEntry[],
    options?: CallOptions,
  ): Promise<readonly { id: string; outcome: Outcome }[]> {
    const path = `/gate/events/${encodeURIComponent(event)}/provisional`;
    const answer = await this.#call<{ entries: { id: string; outcome: Outcome }[] }>(
      "POST",
      path,
      { entries },
      options,
    );
    return answer.entries;
  }

  async visits(
    query: { day?: string; search?: string; after?: string },
    options?: CallOptions,
  ): Promise<{ visits: readonly BoardVisit[]; total: number }> {
    const path = `/board/visits?${new URLSearchParams(query)}`;
    return await this.#call("GET", path, undefined, options);
  }

  async audit(day: string, options?: CallOptions): Promise<readonly AuditEntry[]> {
    const path = `/board/audit?${new URLSearchParams({ day })}`;
    return (await this.#call<{ entries: AuditEntry[] }>("GET", path, undefined, options)).entries;
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
    return session;
  }

  async #call<T>(
    method: string,
    path: string,
    body?: object,
    { signal }: CallOptions = {},
  ): Promise<T> {
    const longest = AbortSignal.timeout(PATIENCE);
    const patience = signal ? AbortSignal.any([signal, longest]) : longest;
    const headers = new Headers({ accept: "application/json" });
    if (method !== "GET") headers.set("x-csrf-token", this.#csrf);
    if (body) headers.set("content-type", body instanceof Blob ? "text/csv" : "application/json");
    const init: RequestInit = { method, headers, signal: patience };
    if (body) init.body = body instanceof Blob ? body : JSON.stringify(body);
    try {
      const response = await fetch(`/api${path}`, init);
      if (response.status === 204) return undefined as T;
      const answer = await response.json();
      if (response.ok) return answer;
      throw this.#refusal(response, answer);
    } catch (cause) {
      if (cause instanceof PortalError) throw cause;
      if (signal?.aborted && signal.reason?.name !== "TimeoutError") throw signal.reason;
      throw new PortalError("unreachable", { cause });
    }
  }

  #refusal(response: Response, answer: { code?: unknown }): PortalError {
    const code = typeof answer.code === "string" ? answer.code : "unavailable";
    if (code === "signed-out" || code === "forbidden") this.dispatchEvent(new Event(code));
    const seconds = Number(response.headers.get("retry-after"));
    return new PortalError(code, { retryAfter: seconds > 0 ? seconds : undefined });
  }
}

/**
 * Sends something idempotent until the server answers, whatever it answers. `onSilence` is told each
 * time that no answer came. Ends with the signal, of which it throws the reason.
 */
export async function untilAnswered<T>(
  send: () => Promise<T>,
  signal: AbortSignal,
  onSilence: () => void,
): Promise<T> {
  for (let pause = PAUSE.first; ; pause = Math.min(2 * pause, PAUSE.most)) {
    try {
      return await send();
    } catch (error) {
      signal.throwIfAborted();
      if (!isSilence(error)) throw error;
      onSilence();
      await sleep((error.retryAfter ?? 0) * 1000 || pause, signal);
    }
  }
}

/** Whether the server did not get to answer, so that asking again may help. */
export function isSilence(error: unknown): error is PortalError {
  const codes = ["unreachable", "unavailable", "too-many-requests"];
  return error instanceof PortalError && codes.includes(error.code);
}

/** Waits; rejects with the signal's reason if it aborts before. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", aborted);
    function done(): void {
      signal.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      reject(signal.reason);
    }
  });
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
