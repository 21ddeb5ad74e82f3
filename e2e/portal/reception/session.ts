import { type Answer, Session } from "../../session.ts";
import { ACCOUNT } from "./server.ts";

/** Something that happened, as a board is told. */
export interface BoardEvent {
  kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has other data
  data: any;
}

/** A visit as the board tells of it. */
export interface Visit {
  readonly id: string;
  readonly number: number;
  readonly road: string;
  /** What the visitor agreed to have kept, if anything. */
  readonly attributes?: { readonly name?: string };
  readonly [field: string]: unknown;
}

/** Whoever asks a portal's server without its page: a session of its own. */
export class PortalSession extends Session {
  #csrf = "";
  #timeZone = "";

  /** Begins a session that nobody has signed in with. */
  static async open(origin: string): Promise<PortalSession> {
    const session = new PortalSession(origin);
    const begun = succeeded("beginning a session", await session.get("/api/session"));
    session.#csrf = begun.csrf;
    session.#timeZone = begun.timeZone;
    return session;
  }

  /** Begins a session, and signs the administrator in. */
  static async signedIn(origin: string): Promise<PortalSession> {
    const session = await PortalSession.open(origin);
    succeeded("signing in", await session.signIn());
    return session;
  }

  async signIn(account: { name: string; password: string } = ACCOUNT): Promise<Answer> {
    const answer = await this.post("/api/session", account);
    if (answer.status === 200) this.#csrf = answer.body.csrf;
    return answer;
  }

  protected override get headers(): Record<string, string> {
    return { ...super.headers, "x-csrf-token": this.#csrf };
  }

  /** An event of today, with this list of tickets. Returns its `id`. */
  async newEvent(
    name: string,
    tickets: string,
    options: { reEntry?: boolean } = {},
  ): Promise<string> {
    const day = this.dayOf();
    const { event } = (await this.post("/api/gate/events", { name, day, ...options })).body;
    const { body } = await this.post(`/api/gate/events/${event.id}/tickets`, tickets, "text/csv");
    if (body.refused.length > 0) throw new Error(`tickets refused: ${JSON.stringify(body)}`);
    return event.id;
  }

  /** The day of a moment, or today, where the portal is. */
  dayOf(moment = Date.now()): string {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: this.#timeZone }).format(moment);
  }

  /** The events, with how many tickets there are to each and how many were admitted. */
  async events(): Promise<{ id: string; name: string; tickets: number; admitted: number }[]> {
    return (await this.get("/api/gate/events")).body.events;
  }

  /** The visits of a day, newest first. */
  async visits(day = this.dayOf()): Promise<Visit[]> {
    return (await this.get(`/api/board/visits?day=${day}`)).body.visits;
  }

  /** How often the staff did something today, by the record of who did what. */
  async timesRecorded(action: string): Promise<number> {
    const { entries } = (await this.get("/api/board/audit")).body;
    return entries.filter((entry: { action: string }) => entry.action === action).length;
  }

  /** The identifiers of those who came today, in the order of their numbers. */
  async subjects(): Promise<string[]> {
    const text: string = (await this.get("/api/board/export")).body;
    const [header = "", ...visits] = text.trim().split(/\r?\n/);
    const column = header.split(",").indexOf("subject");
    return visits.map((visit) => visit.split(",")[column] ?? "");
  }

  /**
   * Watches the board at one of the portal's servers, until the signal aborts. What happens comes into
   * the list that this returns.
   */
  async watch(port: number, signal: AbortSignal): Promise<BoardEvent[]> {
    const url = `http://127.0.0.1:${port}/api/board/stream`;
    const response = await fetch(url, { headers: this.headers, signal });
    if (!response.ok) throw new Error(`the stream: ${response.status}`);
    const events: BoardEvent[] = [];
    void gather(response, events).catch((error) => {
      if (!signal.aborted) throw error;
    });
    return events;
  }
}

/** The body of an answer that is not an error. */
function succeeded(what: string, { status, body }: Answer): Answer["body"] {
  if (status !== 200) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function gather(response: Response, events: BoardEvent[]): Promise<void> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (text + chunk).split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages) {
      const [, kind] = /^event: ?(.*)$/m.exec(message) ?? [];
      const [, data] = /^data: ?(.*)$/m.exec(message) ?? [];
      if (kind && data) events.push({ kind, data: JSON.parse(data) });
    }
  }
}
